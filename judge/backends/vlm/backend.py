"""The backend ``vlm``: fine-tunes a vision-language model and reads level probabilities."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from judge import missing_side_rules
from judge.atomic_files import read_json
from judge.backends.interface import BackendError, Judge
from judge.context import JudgeContext
from judge.formats.picture_folder import MissingPicture, PictureFolder
from judge.formats.prediction_line import (
    DimensionPrediction,
    NoDistribution,
    SamplePrediction,
    prediction_from_distribution,
)
from judge.formats.release_line import LabelledSample
from judge.formats.sample_line import SampleRecord
from judge.options import parse_options
from judge.prompt import prompt_sha
from judge.runs import Run

from . import checkpoints
from .answer_tokens import AnswerLine, rubric_with_digit_levels
from .inputs import Conversation, ConversationBuilder
from .launcher import launch_training
from .level_probabilities import Distributions, LevelProbabilityReader, RuleLevels
from .model_adapters import load_adapter
from .model_lookup import FAMILIES, find_model
from .options import VlmOptions
from .trainer import MODEL

# Where a run that has moved looks for the model that its LoRA weights belong to.
BASE_FOLDER = "base"
READER_THREADS = 2


class VlmBackend:
    """The backend ``vlm``; see `judge.backends.interface.Backend`."""

    name = "vlm"
    predicts_out_of_fold = False
    path_options = frozenset({"model"})
    batch_size = 8

    def options(self, data: dict[str, Any]) -> VlmOptions:
        options = parse_options(VlmOptions, data)
        options.check()
        return options

    def check(self, options: VlmOptions) -> None:
        find_model(options.model)
        cards = torch.cuda.device_count()
        if 0 < cards < options.devices:
            raise BackendError(
                f"devices is {options.devices} and this machine has {cards}; give --set devices={cards}, the steps "
                "stay as large."
            )

    def train(self, run: Run, samples: Sequence[LabelledSample], context: JudgeContext) -> None:
        if not (run.model / MODEL).exists():
            options = self.options(dict(run.config.options))
            launch_training(run, samples, options, context)

    def read_out_of_fold(self, run: Run) -> None:
        """Return None: there are no out-of-fold models.

        A second training would cost as much as the first.
        """

    @contextmanager
    def open_judge(self, run: Run, context: JudgeContext) -> Iterator[Judge]:
        options = self.options(dict(run.config.options) | dict(context.path_overrides))
        yield VlmJudge(run, options, context.pictures)


BACKEND = VlmBackend()


@dataclass(slots=True)
class _PreparedSample:
    """A sample with its conversation, or the problem that prevented one."""

    sample: SampleRecord
    rule_levels: RuleLevels
    conversation: Conversation | None
    problem: str = ""


class VlmJudge:
    """A judge of one model on one device."""

    def __init__(self, run: Run, options: VlmOptions, pictures: PictureFolder) -> None:
        """Load the model of a run.

        Raises:
            BackendError: the run holds LoRA weights, and the model that they belong to is not here.
        """
        checkpoints.hide_library_progress_bars()
        about = read_json(run.model / MODEL)
        base = _find_base_model(run, about) if about["tuning"] == "lora" else None
        digit_rubric = rubric_with_digit_levels(run.rubric)
        tokenizer = checkpoints.load_tokenizer(run.model)
        adapter = load_adapter(about["family"], base or run.model, tokenizer, options.picture_tokens)
        self._builder = ConversationBuilder(tokenizer, adapter, digit_rubric)
        line = AnswerLine(digit_rubric, self._builder.encode, self._builder.end)
        self._reader = LevelProbabilityReader(
            checkpoints.load_for_inference(run.model, base, options), self._builder, line, options.readout
        )
        self._readout = f"expected:{options.readout}"
        self._prompt_sha = prompt_sha(digit_rubric)
        self._run = run
        self._pictures = pictures
        self._batch = options.eval_batch

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        """Yield predictions in the samples' order; pictures are read ahead."""
        remaining = iter(samples)
        # One processor each: threads that share every small piece of work wait for each other more than they gain.
        use_one_thread = partial(torch.set_num_threads, 1)
        with ThreadPoolExecutor(READER_THREADS, thread_name_prefix="vlm", initializer=use_one_thread) as pool:
            next_batch = self._submit_batch(pool, remaining)
            while batch := next_batch:
                next_batch = self._submit_batch(pool, remaining)
                yield from self._predict_batch([future.result() for future in batch])

    def _submit_batch(
        self, pool: ThreadPoolExecutor, remaining: Iterator[SampleRecord]
    ) -> list[Future[_PreparedSample]]:
        return [pool.submit(self._prepare_sample, sample) for sample in islice(remaining, self._batch)]

    def _prepare_sample(self, sample: SampleRecord) -> _PreparedSample:
        locked = missing_side_rules.locked_keys(sample, self._run.rubric)
        rule_levels: RuleLevels = {}
        for number, dimension in enumerate(self._run.rubric.dimensions):
            if (rule := locked.get(dimension.key)) is not None:
                rule_levels[number] = None if rule.value is None else dimension.values.index(rule.value)
        try:
            return _PreparedSample(sample, rule_levels, self._builder.build(sample, self._pictures))
        except MissingPicture as problem:
            return _PreparedSample(sample, rule_levels, None, str(problem))

    def _predict_batch(self, batch: list[_PreparedSample]) -> Iterator[SamplePrediction]:
        readable = [
            (prepared.conversation, prepared.rule_levels) for prepared in batch if prepared.conversation is not None
        ]
        distributions = (
            self._reader.read(
                [conversation for conversation, _ in readable], [rule_levels for _, rule_levels in readable]
            )
            if readable
            else None
        )
        row = 0
        for prepared in batch:
            config = self._run.config
            prediction = SamplePrediction(prepared.sample.id, config.name, self._prompt_sha, "ok", self._readout)
            if prepared.conversation is None or distributions is None:
                yield replace(prediction, status="backend_error", readout="", message=prepared.problem)
                continue
            try:
                prediction.dimensions = self._dimensions(distributions, row, prepared.rule_levels)
            except NoDistribution as problem:
                prediction = replace(prediction, status="backend_error", readout="", message=str(problem))
            row += 1
            yield prediction

    def _dimensions(
        self, distributions: Distributions, row: int, rule_levels: RuleLevels
    ) -> dict[str, DimensionPrediction]:
        return {
            dimension.key: prediction_from_distribution(
                distributions.chances[number][row].tolist(), dimension, mass=float(distributions.masses[number][row])
            )
            for number, dimension in enumerate(self._run.rubric.dimensions)
            if number not in rule_levels
        }


def _find_base_model(run: Run, about: dict[str, Any]) -> Path:
    """Return the folder of the base model of a run's LoRA weights.

    Raises:
        BackendError: it is not here, or another one.
    """
    linked = run.model / BASE_FOLDER
    name = str(linked) if linked.exists() else str(about["base"])
    wanted_for = (
        f"{run.folder} holds LoRA weights, which belong to the {FAMILIES[about['family']]} model {about['base']}: "
        f"fetch it, or put its folder, or a link to it, at {linked}. "
    )
    model = find_model(name, wanted_for=wanted_for)
    if model.fingerprint() != about["base_fingerprint"]:
        raise BackendError(f"{wanted_for}What is at {model.folder} is another model.")
    return model.folder
