"""Stores predictions, adding new ones and replacing or keeping others."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from annotation.core import bulk_insert
from annotation.core.sample_states import Event
from annotation.core.transactions import write_transaction
from annotation.jobs.rejected_lines import LineError
from annotation.models import HistoryEntry, JudgeRun, Prediction, Sample
from judge.formats.prediction_line import SamplePrediction, prediction_data

COLUMNS = (
    *("run_id", "sample_id", "status", "readout", "prompt_sha", "cluster", "dimensions", "p_dispute", "ensemble_sd"),
    *("message", "out_of_fold"),
)


@dataclass(frozen=True, slots=True)
class IncomingPrediction:
    """A prediction and the line that it was read from."""

    line: int
    prediction: SamplePrediction


@dataclass(slots=True)
class PredictionImportPlan:
    """Predictions sorted by what is to be done with them."""

    new: list[tuple[int, SamplePrediction]] = field(default_factory=list)
    """With the sample's key."""
    changed: list[tuple[int, SamplePrediction]] = field(default_factory=list)
    """With the row's key."""
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)


class PredictionWriter:
    """Writes the predictions of one run, a chunk per transaction.

    What a run said of a sample before is replaced only where ``replace`` is true: a judge that was trained here says
    the same again, and where it does not, somebody has to look. ``out_of_fold`` says that models spoke which had not
    seen the samples' questions. ``read_at`` is when it began to read the samples that it speaks of, see
    `get_reading_start`: of a sample that got other content since, nothing is stored.
    """

    def __init__(
        self,
        run: JudgeRun,
        *,
        replace: bool,
        dry_run: bool = False,
        out_of_fold: bool = False,
        read_at: datetime | None = None,
    ) -> None:
        self._run, self._replace, self._dry_run = run, replace, dry_run
        self._out_of_fold, self._read_at = out_of_fold, read_at

    def write(
        self,
        incoming: Sequence[IncomingPrediction],
        *,
        on_write: Callable[[PredictionImportPlan], object] = lambda plan: None,
    ) -> PredictionImportPlan:
        """Store predictions, no two of one sample.

        ``on_write`` is called with the plan in the transaction that stores them.
        """
        if self._dry_run:
            plan = self._plan(incoming)
            on_write(plan)
            return plan
        with write_transaction():
            # Two writers of one run follow one another.
            JudgeRun.objects.select_for_update(no_key=True).get(pk=self._run.pk)
            plan = self._plan(incoming)
            bulk_insert.insert_rows(
                Prediction, COLUMNS, (self._row(sample, prediction) for sample, prediction in plan.new)
            )
            self._replace_rows(plan.changed)
            on_write(plan)
        return plan

    def _plan(self, incoming: Sequence[IncomingPrediction]) -> PredictionImportPlan:
        names = [line.prediction.id for line in incoming]
        samples = dict(
            Sample.objects.filter(study_id=self._run.study_id, external_id__in=names).values_list("external_id", "pk")
        )
        stored = {row.sample_id: row for row in self._stored_predictions(samples.values())}
        outdated = self._find_outdated(samples.values())
        plan = PredictionImportPlan()
        for line in incoming:
            sample = samples.get(line.prediction.id)
            if sample is None:
                message = f"The study has no sample {line.prediction.id!r}; import it first, or correct the id."
                plan.refused.append(LineError(line.line, "id", message))
            elif sample in outdated:
                message = "The sample got other content after the judge had read it. Have the judge predict again."
                plan.refused.append(LineError(line.line, "id", message))
            elif sample not in stored:
                plan.new.append((sample, line.prediction))
            elif self._is_same(stored[sample], line.prediction):
                plan.unchanged += 1
            elif self._replace:
                plan.changed.append((stored[sample].pk, line.prediction))
            else:
                message = f"Judge run {self._run.number} has said something else of this sample; that is kept."
                plan.refused.append(LineError(line.line, "dimensions", f"{message} Give the judge another name."))
        return plan

    def _stored_predictions(self, samples: Iterable[int]) -> QuerySet[Prediction]:
        # By its key: the run of a dry run is not there.
        return Prediction.objects.filter(run_id=self._run.pk, sample_id__in=samples)

    def _find_outdated(self, samples: Iterable[int]) -> set[int]:
        """Return the samples that got other content since they were read."""
        if self._read_at is None:
            return set()
        since = HistoryEntry.objects.filter(sample__in=samples, at__gte=self._read_at)
        replaced = since.filter(event=Event.CONTENT_REPLACED, detail__other_content=True)
        return set(replaced.values_list("sample_id", flat=True))

    def _row(self, sample: int, prediction: SamplePrediction) -> tuple[Any, ...]:
        return (self._run.pk, sample, *_column_values(prediction), self._out_of_fold)

    def _replace_rows(self, changed: Iterable[tuple[int, SamplePrediction]]) -> None:
        rows = [
            Prediction(
                pk=pk,
                **dict(zip(COLUMNS[2:-1], _column_values(prediction), strict=True))
                | {"dimensions": prediction_data(prediction)},
                out_of_fold=self._out_of_fold,
            )
            for pk, prediction in changed
        ]
        Prediction.objects.bulk_update(rows, COLUMNS[2:], batch_size=500)

    def _is_same(self, row: Prediction, prediction: SamplePrediction) -> bool:
        old = (row.status, row.readout, row.prompt_sha, row.cluster, row.message, row.out_of_fold)
        new = (
            prediction.status,
            prediction.readout,
            prediction.prompt_sha,
            prediction.cluster,
            prediction.message,
            self._out_of_fold,
        )
        return old == new and row.dimensions == prediction_data(prediction)


def get_reading_start(run: JudgeRun) -> datetime:
    """Return a time from which on samples can be read for a run.

    An import that replaces contents holds the runs: what it did before can be read, and what it does later is later.
    """
    with write_transaction():
        JudgeRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        return timezone.now()


def _column_values(prediction: SamplePrediction) -> tuple[Any, ...]:
    predicted = [dimension for dimension in prediction.dimensions.values() if dimension.rule is None]
    return (
        prediction.status,
        prediction.readout,
        prediction.prompt_sha,
        prediction.cluster,
        json.dumps(prediction_data(prediction)),
        max((dimension.p_dispute for dimension in predicted), default=None),
        max((dimension.ensemble_sd for dimension in predicted if dimension.ensemble_sd is not None), default=None),
        prediction.message,
    )
