"""Stores queue positions and outcomes as entries. Call within a transaction."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from django.db.models import Q

from annotation.core import bulk_insert
from annotation.core.rubric_cache import RubricDefinition
from annotation.core.sample_states import SampleState
from annotation.core.sql import database_time
from annotation.models import QueueEntry, ReviewQueue, Sample, Study
from annotation.samples import list as sample_list

from . import ranking
from .list import count_entries
from .queue_sql import update_entries
from .sample_facts import SETTLED, Kind, SampleFact

POSITION_COLUMNS = (
    *("random", "draw", "first", "second", "third", "dimension_id", "spread", "scores", "chance", "gap", "reason"),
    "left_at",
)
ENTRY_COLUMNS = (*POSITION_COLUMNS, "foreseen", "entered_at")
# With one annotator there is no difference to measure.
MIN_COMPARABLE = 2


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A sample's place in one queue."""

    fact: SampleFact
    kind: str
    random: bool
    draw: float
    rank: ranking.Rank
    dimension: str | None
    reason: ranking.RankingReason

    @classmethod
    def from_entry(cls, fact: SampleFact, entry: ranking.RankedEntry) -> Self:
        """Return the position of a ranked sample."""
        return cls(fact, entry.queue.value, entry.random, entry.draw, entry.rank, entry.dimension, entry.reason)

    @property
    def predicted(self) -> float | None:
        """The queue's prediction for the sample; None where nothing is open."""
        if self.kind == Kind.AUDIT:
            return self.rank[0]
        if not self.fact.open_ended:
            return None
        dimensions = self.fact.evidence.dimensions
        predictions = [
            dimension.ensemble_sd if self.kind == Kind.LABEL_NEXT else dimension.chance for dimension in dimensions
        ]
        return max((prediction for prediction in predictions if prediction is not None), default=None)


def store_entries(study_id: int, positions: Sequence[QueuePosition], rubric: RubricDefinition, *, at: datetime) -> int:
    """Store positions of one queue; return how many rows changed.

    Positions that are as they were cost no write.

    An entry that had left comes back as it was, pinned or dismissed. Its prediction stays from its first score on;
    until then a later judge replaces it.
    """
    if not positions:
        return 0
    kind = positions[0].kind
    dimension_of = {dimension.key: dimension.id for dimension in rubric.dimensions}
    rows = QueueEntry.objects.filter(kind=kind, sample__in=[position.fact.sample for position in positions])
    entries = {row["sample_id"]: row for row in rows.order_by().values("pk", "sample_id", *ENTRY_COLUMNS, "decided_at")}
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for position in positions:
        columns = _position_columns(position, dimension_of)
        stored = entries.get(position.fact.sample)
        if stored is None:
            new.append(
                (
                    study_id,
                    position.fact.sample,
                    kind,
                    *_to_stored_values(columns),
                    position.predicted,
                    database_time(at),
                )
            )
            continue
        predicted = position.predicted if _replaces_prediction(position, stored) else stored["foreseen"]
        if predicted != stored["foreseen"] or any(stored[name] != value for name, value in columns.items()):
            entered = at if stored["left_at"] is not None else stored["entered_at"]
            changed.append((*_to_stored_values(columns), predicted, database_time(entered), stored["pk"]))
    if new:
        bulk_insert.insert_rows(QueueEntry, ("study_id", "sample_id", "kind", *ENTRY_COLUMNS), new)
    if changed:
        update_entries(ENTRY_COLUMNS, changed)
    return len(new) + len(changed)


def _replaces_prediction(position: QueuePosition, stored: Mapping[str, Any]) -> bool:
    """Return whether a new prediction replaces the stored one.

    It does only where the sample has no scores so far.
    """
    undecided = position.kind != Kind.AUDIT and stored["decided_at"] is None
    return undecided and position.fact.scores == 0 and position.predicted is not None


def _position_columns(position: QueuePosition, dimension_of: Mapping[str, int]) -> dict[str, Any]:
    values = (
        *(position.random, position.draw, *position.rank),
        None if position.dimension is None else dimension_of[position.dimension],
        *(position.fact.spread, position.fact.scores, position.reason.chance, position.reason.gap),
        reason_as_data(position.reason),
        None,
    )
    return dict(zip(POSITION_COLUMNS, values, strict=True))


def _to_stored_values(columns: Mapping[str, Any]) -> Iterable[Any]:
    return (json.dumps(value) if name == "reason" else value for name, value in columns.items())


def reason_as_data(reason: ranking.RankingReason) -> dict[str, Any]:
    """Return a reason as data, without its empty fields."""
    data = {name: getattr(reason, name) for name in reason.__dataclass_fields__}
    data["values"] = list(reason.values)
    data["kind"] = reason.kind.value
    return {name: value for name, value in data.items() if value is not None and value != []}


def remove_entries(kind: str, samples: Collection[int], *, at: datetime) -> int:
    """Mark the entries of samples as left; return how many were.

    An audit of what is still agreed was none, where the judge of now has nothing to say to it: its entry is deleted.
    """
    deleted = 0
    if kind == Kind.AUDIT:
        # As they are now: facts that were read before a sample was agreed would make an audit of what was none.
        agreed = Sample.objects.filter(pk__in=samples, state=SampleState.AGREED).values_list("pk", flat=True)
        deleted, _ = QueueEntry.objects.filter(kind=kind, sample__in=list(agreed), decided_at=None).delete()
    return deleted + QueueEntry.objects.filter(kind=kind, sample__in=samples, left_at=None).update(left_at=at)


def recount_entries(study: Study) -> None:
    """Store the counts of entries of a study's queues.

    A page would take longer to count them than for all else.

    Call it at the end of each transaction that adds, takes out or brings back entries, with the queues locked.
    """
    counts = {kind: asdict(count) for kind, count in count_entries(study).items()}
    ReviewQueue.objects.filter(study=study).update(counts=counts)


def summarize_queues(study: Study) -> None:
    """Store the counts of entries and the domains of samples.

    This is for jobs, whose samples may be new.
    """
    recount_entries(study)
    ReviewQueue.objects.filter(study=study).update(domains=sample_list.domains_of(study))


def store_outcomes(facts: Iterable[SampleFact], rubric: RubricDefinition, *, at: datetime) -> int:
    """Store the outcomes of settled samples; return the number of entries.

    Entries that have an outcome keep it.

    In the other queues that is how far annotators were apart once all had scored, where at least two did so without
    the judge; in an audit whether the agreed value was changed. It is noted once: what happens to a sample afterwards
    is not what was predicted.
    """
    settled = {fact.sample: fact for fact in facts if fact.state in SETTLED}
    if not settled:
        return 0
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    compared = [sample for sample, fact in settled.items() if fact.scores >= MIN_COMPARABLE]
    entries = []
    comparable = Q(kind=Kind.AUDIT, sample__in=settled) | Q(sample__in=compared)
    for entry in QueueEntry.objects.filter(comparable, decided_at=None):
        fact = settled[entry.sample_id]
        if entry.kind == Kind.AUDIT:
            key = None if entry.dimension_id is None else key_of[entry.dimension_id]
            # The sample still has its agreed value, until it is reopened and decided again.
            if entry.left_at is None or fact.state != SampleState.AGREED:
                continue
            entry.disputed = any(
                dimension.key == key and dimension.final != entry.reason.get("final")
                for dimension in fact.evidence.dimensions
            )
        else:
            entry.outcome = _measure_outcome(fact)
            entry.disputed = fact.spread >= ranking.DISPUTE
            gaps = [outcome["gap"] for outcome in entry.outcome.values() if "gap" in outcome]
            entry.off = max(gaps, default=None)
        entry.decided_at = at
        entries.append(entry)
    QueueEntry.objects.bulk_update(entries, ("disputed", "outcome", "off", "decided_at"), batch_size=500)
    return len(entries)


def _measure_outcome(fact: SampleFact) -> dict[str, dict[str, float]]:
    """Return each dimension's range of values, and the judge's gap to their mean."""
    outcome: dict[str, dict[str, float]] = {}
    for dimension in fact.evidence.dimensions:
        if dimension.values:
            outcome[dimension.key] = {"range": ranking.observed_range(dimension.values)}
            if dimension.expected is not None:
                outcome[dimension.key]["gap"] = abs(dimension.expected - sum(dimension.values) / len(dimension.values))
    return outcome
