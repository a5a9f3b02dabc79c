"""Writes out-of-fold predictions of the training samples.

A finished judge remembers its training samples; a backend that compares models out of fold has better words for them.
They become predictions as all others: with the rules of missing sides, the temperatures and the intervals. ``cluster``
is the finished judge's, ``ensemble_sd`` is left empty, as one model spoke and no ensemble.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import missing_side_rules
from .atomic_files import replace_file
from .backends.interface import Backend
from .formats.prediction_line import SamplePrediction, prediction_line
from .formats.release_line import LabelledSample
from .formats.sample_line import SampleRecord
from .inference import RuledJudge
from .progress import ProgressReporter, count_progress
from .runs import OUT_OF_FOLD_FILE, Run


class _StoredPredictions:
    """A judge that returns predictions made before."""

    def __init__(self, said: Mapping[str, SamplePrediction]) -> None:
        self._said = said

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        return (self._said[sample.id] for sample in samples)


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
    said = {one.id: one for one in backend.read_out_of_fold(run) or []}
    known = {key for one in learned for key in one.final} | {
        key for one in learned for key, counts in one.histogram.items() if any(counts)
    }
    whole = [
        one.sample
        for one in learned
        if (asked := known.intersection(missing_side_rules.asked_keys(one.sample, run.rubric)))
        <= _dimensions(said.get(one.sample.id))
        and (asked or not missing_side_rules.asked_keys(one.sample, run.rubric))
    ]
    progress.step("Foretelling training samples", len(whole))
    judge = RuledJudge(run, _StoredPredictions(said), run.calibrations(), backend.batch_size)
    with replace_file(path) as beside, beside.open("w", encoding="utf-8") as file:
        for prediction in count_progress(judge.predict(whole), progress):
            file.write(prediction_line(prediction) + "\n")
    if len(whole) < len(learned):
        progress.note(f"{len(learned) - len(whole):,} of {len(learned):,} training samples have no word out of fold.")


def _dimensions(said: SamplePrediction | None) -> frozenset[str]:
    return frozenset(said.dimensions) if said else frozenset()
