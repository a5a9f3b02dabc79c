"""Writes out-of-fold predictions of the training samples.

A finished judge remembers its training samples; a backend that compares models out of fold has better words for them.
They become predictions as all others: with the rules of missing sides, the temperatures and the intervals. ``cluster``
is the finished judge's, ``ensemble_sd`` is left empty, as one model spoke and no ensemble.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import missing_side_rules
from .atomic_files import replace_file
from .backends.interface import Backend
from .formats.prediction_line import SamplePrediction, format_prediction
from .formats.release_line import LabelledSample
from .formats.sample_line import SampleRecord
from .inference import RuledJudge
from .progress import ProgressReporter, count_progress
from .runs import OUT_OF_FOLD_FILE, Run


class _StoredPredictions:
    """A judge that returns predictions made before."""

    def __init__(self, predictions: Mapping[str, SamplePrediction]) -> None:
        self._predictions = predictions

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        return (self._predictions[sample.id] for sample in samples)


def write_out_of_fold(
    run: Run, learned: Sequence[LabelledSample], backend: Backend, progress: ProgressReporter
) -> None:
    """Write a run's out-of-fold predictions, in the order of the samples.

    Nothing is written where a backend has none.

    Left out is a sample of which they would be incomplete: models learned a dimension that it has, and none had a word
    on it. So it is where a sample could not be measured, has no label on the dimension, or there is one question alone.
    """
    path = run.folder / OUT_OF_FOLD_FILE
    if path.exists() or not backend.predicts_out_of_fold:
        return
    predictions = {prediction.id: prediction for prediction in backend.read_out_of_fold(run) or []}
    learned_keys = {key for labelled in learned for key in labelled.final} | {
        key for labelled in learned for key, counts in labelled.histogram.items() if any(counts)
    }
    complete = [
        labelled.sample
        for labelled in learned
        if (asked := learned_keys.intersection(missing_side_rules.asked_keys(labelled.sample, run.rubric)))
        <= _dimensions(predictions.get(labelled.sample.id))
        and (asked or not missing_side_rules.asked_keys(labelled.sample, run.rubric))
    ]
    progress.step("Foretelling training samples", len(complete))
    judge = RuledJudge(run, _StoredPredictions(predictions), run.calibrations(), backend.batch_size)
    with replace_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for prediction in count_progress(judge.predict(complete), progress):
            file.write(format_prediction(prediction) + "\n")
    if len(complete) < len(learned):
        progress.note(
            f"{len(learned) - len(complete):,} of {len(learned):,} training samples have no word out of fold."
        )


def _dimensions(prediction: SamplePrediction | None) -> frozenset[str]:
    return frozenset(prediction.dimensions) if prediction else frozenset()
