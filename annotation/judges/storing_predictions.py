"""Predictions become rows beside the samples: new ones added, others replaced or kept as they are."""

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
from judge.formats.prediction_line import SamplePrediction as Said
from judge.formats.prediction_line import prediction_data

COLUMNS = (
    *("run_id", "sample_id", "status", "readout", "prompt_sha", "cluster", "dimensions", "p_dispute", "ensemble_sd"),
    *("message", "out_of_fold"),
)


@dataclass(frozen=True, slots=True)
class IncomingPrediction:
    """A prediction and the line that it was read from."""

    line: int
    said: Said


@dataclass(slots=True)
class PredictionImportPlan:
    """What is to be done with some predictions."""

    new: list[tuple[int, Said]] = field(default_factory=list)
    """With the sample's key."""
    changed: list[tuple[int, Said]] = field(default_factory=list)
    """With the row's key."""
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)


class PredictionWriter:
    """Writes what one run says, a piece per transaction.

    What a run said of a sample before is replaced only where ``replace`` is true: a judge that was trained here says
    the same again, and where it does not, somebody has to look. ``out_of_fold`` says that models spoke which had not
    seen the samples' questions. ``read_at`` is when it began to read the samples that it speaks of, see
    `reading_begins`: of a sample that got other content since, nothing is stored.
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
        counted: Callable[[PredictionImportPlan], object] = lambda plan: None,
    ) -> PredictionImportPlan:
        """Store predictions, no two of one sample; ``counted`` is told of them in the transaction that does it."""
        if self._dry_run:
            plan = self._plan(incoming)
            counted(plan)
            return plan
        with write_transaction():
            # Two writers of one run follow one another.
            JudgeRun.objects.select_for_update(no_key=True).get(pk=self._run.pk)
            plan = self._plan(incoming)
            bulk_insert.insert_rows(Prediction, COLUMNS, (self._row(sample, said) for sample, said in plan.new))
            self._replace_rows(plan.changed)
            counted(plan)
        return plan

    def _plan(self, incoming: Sequence[IncomingPrediction]) -> PredictionImportPlan:
        names = [one.said.id for one in incoming]
        samples = dict(
            Sample.objects.filter(study_id=self._run.study_id, external_id__in=names).values_list("external_id", "pk")
        )
        there = {row.sample_id: row for row in self._predictions_of_old_content(samples.values())}
        outdated = self._with_other_content(samples.values())
        plan = PredictionImportPlan()
        for one in incoming:
            sample = samples.get(one.said.id)
            if sample is None:
                message = f"The study has no sample {one.said.id!r}; import it first, or correct the id."
                plan.refused.append(LineError(one.line, "id", message))
            elif sample in outdated:
                message = "The sample got other content after the judge had read it. Have the judge predict again."
                plan.refused.append(LineError(one.line, "id", message))
            elif sample not in there:
                plan.new.append((sample, one.said))
            elif self._same(there[sample], one.said):
                plan.unchanged += 1
            elif self._replace:
                plan.changed.append((there[sample].pk, one.said))
            else:
                message = f"Judge run {self._run.number} has said something else of this sample; that is kept."
                plan.refused.append(LineError(one.line, "dimensions", f"{message} Give the judge another name."))
        return plan

    def _predictions_of_old_content(self, samples: Iterable[int]) -> QuerySet[Prediction]:
        # By its key: the run of a dry run is not there.
        return Prediction.objects.filter(run_id=self._run.pk, sample_id__in=samples)

    def _with_other_content(self, samples: Iterable[int]) -> set[int]:
        """Return those of the samples that got other content since they were read."""
        if self._read_at is None:
            return set()
        since = HistoryEntry.objects.filter(sample__in=samples, at__gte=self._read_at)
        replaced = since.filter(event=Event.CONTENT_REPLACED, detail__other_content=True)
        return set(replaced.values_list("sample_id", flat=True))

    def _row(self, sample: int, said: Said) -> tuple[Any, ...]:
        return (self._run.pk, sample, *_values(said), self._out_of_fold)

    def _replace_rows(self, changed: Iterable[tuple[int, Said]]) -> None:
        rows = [
            Prediction(
                pk=pk,
                **dict(zip(COLUMNS[2:-1], _values(said), strict=True)) | {"dimensions": prediction_data(said)},
                out_of_fold=self._out_of_fold,
            )
            for pk, said in changed
        ]
        Prediction.objects.bulk_update(rows, COLUMNS[2:], batch_size=500)

    def _same(self, row: Prediction, said: Said) -> bool:
        was = (row.status, row.readout, row.prompt_sha, row.cluster, row.message, row.out_of_fold)
        given = (said.status, said.readout, said.prompt_sha, said.cluster, said.message, self._out_of_fold)
        return was == given and row.dimensions == prediction_data(said)


def reading_begins(run: JudgeRun) -> datetime:
    """Return a moment from which on samples can be read for a run.

    An import that replaces contents holds the runs: what it did before can be read, and what it does later is later.
    """
    with write_transaction():
        JudgeRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        return timezone.now()


def _values(said: Said) -> tuple[Any, ...]:
    asked = [one for one in said.dimensions.values() if one.rule is None]
    return (
        said.status,
        said.readout,
        said.prompt_sha,
        said.cluster,
        json.dumps(prediction_data(said)),
        max((one.p_dispute for one in asked), default=None),
        max((one.ensemble_sd for one in asked if one.ensemble_sd is not None), default=None),
        said.message,
    )
