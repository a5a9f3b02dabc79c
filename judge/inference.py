"""Predicts with a finished run: model, rules and calibration."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from . import missing_side_rules
from .backends.interface import Backend, Judge
from .backends.registry import load_backend
from .calibration import DimensionCalibration, calibrate_predictions
from .context import JudgeContext
from .formats.prediction_line import SamplePrediction
from .formats.rubric import RubricSpec
from .formats.sample_line import SampleRecord
from .options import OptionError
from .runs import Run


@contextmanager
def open_judge(run: Run, context: JudgeContext) -> Iterator["RuledJudge"]:
    """Yield the judge of a run with its rules and calibration.

    The calibration is what the run has so far.

    Raises:
        BackendError: a library or a file that the run needs is not here.
        OptionError: a place is given for what is no place.
    """
    backend = load_backend(run.config.backend)
    for name in context.path_overrides:
        if name not in backend.path_options:
            raise OptionError(
                f"{name} cannot be set: a judge judges as it was trained. {_describe_path_options(backend)}"
            )
    with backend.open_judge(run, context) as unruled:
        yield RuledJudge(run, unruled, run.calibrations(), backend.batch_size)


def _describe_path_options(backend: Backend) -> str:
    names = ", ".join(sorted(backend.path_options))
    return f"What may lie elsewhere is {names}." if names else f"The backend {backend.name} needs nothing else."


class RuledJudge:
    """A judge that applies rules and calibration around a model.

    Samples that follow from rules alone are kept from the model.
    """

    def __init__(
        self, run: Run, unruled: Judge, calibrations: Mapping[str, DimensionCalibration], batch_size: int
    ) -> None:
        self._run = run
        self._unruled = unruled
        self._calibrations = calibrations
        self.batch_size = batch_size

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        rubric = self._run.rubric
        pending: deque[tuple[SampleRecord, bool]] = deque()

        def samples_to_ask() -> Iterator[SampleRecord]:
            for sample in samples:
                is_asked = bool(missing_side_rules.asked_keys(sample, rubric))
                pending.append((sample, is_asked))
                if is_asked:
                    yield sample

        predictions = self._unruled.predict(samples_to_ask())
        while batch := self._calibrate(list(islice(predictions, self.batch_size)), rubric):
            for prediction in batch:
                yield from self._predict_by_rule(pending)
                sample, _ = pending.popleft()
                yield missing_side_rules.apply_rules(prediction, sample, rubric)
        yield from self._predict_by_rule(pending)

    def _predict_by_rule(self, pending: deque[tuple[SampleRecord, bool]]) -> Iterator[SamplePrediction]:
        """Yield the predictions of the first samples that need no model."""
        config = self._run.config
        while pending and not pending[0][1]:
            sample, _ = pending.popleft()
            unruled = SamplePrediction(sample.id, config.name, config.prompt_sha, "rule", "rule")
            yield missing_side_rules.apply_rules(unruled, sample, self._run.rubric)

    def _calibrate(self, predictions: list[SamplePrediction], rubric: RubricSpec) -> list[SamplePrediction]:
        for dimension in rubric.dimensions:
            calibration = self._calibrations.get(dimension.key)
            if calibration is not None:
                affected = [prediction for prediction in predictions if dimension.key in prediction.dimensions]
                calibrated = calibrate_predictions(
                    [prediction.dimensions[dimension.key] for prediction in affected], dimension, calibration
                )
                for prediction, dimension_prediction in zip(affected, calibrated, strict=True):
                    prediction.dimensions[dimension.key] = dimension_prediction
        return predictions
