"""Judging with a finished run: what needs no model, what the model says, then rules and calibration."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from . import missing_side_rules
from .backends.interface import Backend, Judge
from .backends.registry import backend_named
from .calibration import DimensionCalibration, calibrate_predictions
from .context import JudgeContext
from .formats.prediction_line import SamplePrediction
from .formats.rubric import RubricSpec
from .formats.sample_line import SampleRecord
from .options import OptionError
from .runs import Run


@contextmanager
def judge_of(run: Run, surroundings: JudgeContext) -> Iterator["RuledJudge"]:
    """Return the judge of a run as others use it, with rules and with what calibration the run has so far.

    Raises:
        BackendError: a library or a file that the run needs is not here.
        OptionError: a place is given for what is no place.
    """
    backend = backend_named(run.config.backend)
    for name in surroundings.places:
        if name not in backend.local:
            raise OptionError(f"{name} cannot be set: a judge judges as it was trained. {_settable(backend)}")
    with backend.judge(run, surroundings) as bare:
        yield RuledJudge(run, bare, run.calibrations(), backend.at_once)


def _settable(backend: Backend) -> str:
    names = ", ".join(sorted(backend.local))
    return f"What may lie elsewhere is {names}." if names else f"The backend {backend.name} needs nothing else."


class RuledJudge:
    """Keeps what follows from rules away from the judge, and has the last word after it."""

    def __init__(self, run: Run, bare: Judge, calibrations: Mapping[str, DimensionCalibration], at_once: int) -> None:
        self._run = run
        self._bare = bare
        self._calibrations = calibrations
        self.at_once = at_once

    def judge(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        rubric = self._run.rubric
        waiting: deque[tuple[SampleRecord, bool]] = deque()

        def asked() -> Iterator[SampleRecord]:
            for sample in samples:
                ask = bool(missing_side_rules.asked_keys(sample, rubric))
                waiting.append((sample, ask))
                if ask:
                    yield sample

        said = self._bare.judge(asked())
        while some := self._calibrated(list(islice(said, self.at_once)), rubric):
            for prediction in some:
                yield from self._by_rule(waiting)
                sample, _ = waiting.popleft()
                yield missing_side_rules.apply_rules(prediction, sample, rubric)
        yield from self._by_rule(waiting)

    def _by_rule(self, waiting: deque[tuple[SampleRecord, bool]]) -> Iterator[SamplePrediction]:
        """Yield the predictions of those that come first and need no model."""
        config = self._run.config
        while waiting and not waiting[0][1]:
            sample, _ = waiting.popleft()
            bare = SamplePrediction(sample.id, config.name, config.prompt_sha, "rule", "rule")
            yield missing_side_rules.apply_rules(bare, sample, self._run.rubric)

    def _calibrated(self, predictions: list[SamplePrediction], rubric: RubricSpec) -> list[SamplePrediction]:
        for dimension in rubric.dimensions:
            calibration = self._calibrations.get(dimension.key)
            if calibration is not None:
                told = [one for one in predictions if dimension.key in one.dimensions]
                found = calibrate_predictions([one.dimensions[dimension.key] for one in told], dimension, calibration)
                for one, prediction in zip(told, found, strict=True):
                    one.dimensions[dimension.key] = prediction
        return predictions
