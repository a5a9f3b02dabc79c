"""Trains a model, in one process or in several side by side.

A checkpoint counts once its last file is there. A run that was cut short takes its weights from the last one that
counts, and from there on sees the same samples by the same chance: it comes to the same result.
"""

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from judge.atomic_files import write_json
from judge.backends.interface import BackendError
from judge.formats.picture_folder import PictureFolder
from judge.formats.release_line import LabelledSample
from judge.progress import ProgressReporter
from judge.runs import Run

from . import checkpoints
from .answer_tokens import AnswerLine, rubric_with_digit_levels
from .inputs import ConversationBuilder
from .losses import soft_loss, text_loss
from .model_adapters import load_adapter
from .model_lookup import FoundModel
from .options import VlmOptions
from .training_targets import TrainingExamples, build_exercises, collate

CURVE_POINTS = 100
CHECKPOINTS = "checkpoints"
# The file that the library writes last.
LAST_FILE = "trainer_state.json"
MODEL = "model.json"
LOSS = "loss"


def train_model(
    run: Run,
    base: FoundModel,
    samples: Sequence[LabelledSample],
    pictures: PictureFolder,
    options: VlmOptions,
    progress: ProgressReporter,
) -> None:
    """Train the model into the run's folder.

    Of several processes the first writes.

    Raises:
        BackendError: there is nothing to learn from, the model cannot learn it, or it diverges.
    """
    checkpoints.hide_library_progress_bars()
    tokenizer = checkpoints.load_tokenizer(base.folder)
    adapter = load_adapter(base.family, base.folder, tokenizer, options.picture_tokens)
    digit_rubric = rubric_with_digit_levels(run.rubric)
    builder = ConversationBuilder(tokenizer, adapter, digit_rubric)
    line = AnswerLine(digit_rubric, builder.encode, builder.end)
    exercises = build_exercises(samples, run.rubric, options.readout)
    if not exercises:
        raise BackendError("No sample of the training part has a score that does not follow from rules.")
    set_seed(run.config.seed)
    checkpoint = last_checkpoint(run.stages / CHECKPOINTS, options.devices)
    model = checkpoints.load_for_training(base.folder, checkpoint, options)
    arguments = _build_arguments(run, options, len(exercises))
    trainer = JudgeTrainer(
        options,
        model=model,
        args=arguments,
        train_dataset=TrainingExamples(exercises, run.rubric, builder, line, pictures),
        data_collator=partial(collate, builder=builder, line=line, blank=options.devices > 1),
        callbacks=[_ProgressCallback(run, progress)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    trainer.write_weights(run.model)
    if trainer.is_world_process_zero():
        checkpoints.save_preprocessors(base.folder, run.model)
        write_json(
            run.model / MODEL,
            {
                "family": base.family,
                "tuning": options.tuning,
                "base": options.model,
                "base_fingerprint": base.fingerprint(),
                "readout": options.readout,
                "exercises": len(exercises),
                "steps": trainer.state.global_step,
            },
        )


def last_checkpoint(folder: Path, devices: int) -> Path | None:
    """Return the newest complete checkpoint."""
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    return next((path for path in checkpoints if _is_whole(path, devices)), None)


def _is_whole(checkpoint: Path, devices: int) -> bool:
    try:
        json.loads((checkpoint / LAST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    rng_files = ["rng_state.pth"] if devices == 1 else [f"rng_state_{number}.pth" for number in range(devices)]
    return all((checkpoint / name).is_file() for name in rng_files)


class JudgeTrainer(Trainer):
    """The library's trainer with our losses and resumable checkpoints."""

    # Ours is the mean over a batch, whatever the model's own would be.
    loss_is_scaled_for_ga = False

    def __init__(self, options: VlmOptions, **how: Any) -> None:
        super().__init__(**how)
        self._options = options
        self.model_accepts_loss_kwargs = False

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the loss of a batch of `training_targets.collate`."""
        labels, levels, spreads = (inputs.pop(name) for name in ("labels", "levels", "spreads"))
        # The logits at a token are for the next one.
        output = model(**inputs, logits_to_keep=labels.shape[1] + 1, use_cache=False)
        logits = output.logits[:, :-1].float()
        if self._options.loss == "text":
            loss = text_loss(logits, labels)
        else:
            loss = soft_loss(logits, labels, levels, spreads, self._options.text_weight)
        return (loss, output) if return_outputs else loss

    def write_weights(self, folder: Path) -> None:
        """Write the trained weights; called by all processes, done by the first."""
        self.save_model(str(folder), _internal_call=True)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        """Write the weights alone, where the library would add a pickle."""
        if self.args.should_save:
            assert output_dir is not None
            checkpoints.save_weights(self.accelerator.unwrap_model(self.model), Path(output_dir), state=state_dict)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Do nothing: the weights are loaded already.

        They came from the checkpoint by names of which the library loses some.
        """


class _ProgressCallback(TrainerCallback):
    """A callback that reports the progress of a training."""

    def __init__(self, run: Run, progress: ProgressReporter) -> None:
        self._run = run
        self._progress = progress

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        if state.is_world_process_zero:
            self._progress.step("Training", state.max_steps)
            if state.global_step:
                self._progress.done(state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        if state.is_world_process_zero:
            self._progress.done(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **more: Any,
    ) -> None:
        if state.is_world_process_zero and logs and LOSS in logs:
            _refuse_divergence(logs[LOSS], state.global_step)
            self._run.add_to_curve(LOSS, state.global_step, logs[LOSS])
            self._progress.curve(LOSS, state.global_step, logs[LOSS])


def _refuse_divergence(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise BackendError(
            f"The loss is not finite at step {step}: the training has diverged, and what it learned is lost. "
            "Train anew with a lower learning rate, by --set learning_rate=NUMBER."
        )


def _sharding_arguments(options: VlmOptions) -> dict[str, Any]:
    if not options.sharded:
        return {}
    return {"fsdp": True, "fsdp_config": {"activation_checkpointing": options.checkpointing}}


def _build_arguments(run: Run, options: VlmOptions, exercises: int) -> TrainingArguments:
    turns = math.ceil(exercises / (options.devices * options.device_batch))
    steps = math.ceil(options.epochs * math.ceil(turns / options.accumulation))
    arguments = TrainingArguments(
        output_dir=str(run.stages / CHECKPOINTS),
        per_device_train_batch_size=options.device_batch,
        gradient_accumulation_steps=options.accumulation,
        num_train_epochs=options.epochs,
        optim="adamw_torch",
        adam_beta1=options.beta1,
        adam_beta2=options.beta2,
        adam_epsilon=options.epsilon,
        learning_rate=options.learning_rate,
        lr_scheduler_type=options.schedule,
        warmup_steps=options.warmup,
        weight_decay=options.weight_decay,
        max_grad_norm=options.clip,
        seed=run.config.seed,
        data_seed=run.config.seed,
        bf16=options.precision == "bf16",
        use_cpu=not torch.cuda.is_available(),
        activation_checkpointing=options.checkpointing and not options.sharded,
        activation_checkpointing_kwargs={"use_reentrant": False},
        ddp_find_unused_parameters=False,
        **_sharding_arguments(options),
        dataloader_num_workers=options.loaders,
        dataloader_pin_memory=torch.cuda.is_available(),
        remove_unused_columns=False,
        save_strategy="steps",
        save_steps=options.save_every,
        save_total_limit=1,
        logging_strategy="steps",
        logging_steps=max(1, steps // CURVE_POINTS),
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
    )
    if arguments.world_size != options.devices:
        raise BackendError(f"{options.devices} processes were to be started, and {arguments.world_size} are there.")
    # The library would spread one process over all cards that it sees.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments
