"""Places in the queues become rows, and what became of a sample is noted in them. Call within a transaction."""

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

PLACED = (
    *("random", "draw", "first", "second", "third", "dimension_id", "spread", "scores", "chance", "gap", "reason"),
    "left_at",
)
NOTED = (*PLACED, "foreseen", "entered_at")
# Of one person nobody knows how far they are from others.
COMPARABLE = 2


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
    def of(cls, fact: SampleFact, entry: ranking.RankedEntry) -> Self:
        """Return the place that the order gives to a sample."""
        return cls(fact, entry.queue.value, entry.random, entry.draw, entry.rank, entry.dimension, entry.reason)

    @property
    def predicted(self) -> float | None:
        """Return what the queue foresees of the sample; None where there is nothing left to foresee."""
        if self.kind == Kind.AUDIT:
            return self.rank[0]
        if not self.fact.open_ended:
            return None
        seen = self.fact.known.dimensions
        figures = [one.ensemble_sd if self.kind == Kind.LABEL_NEXT else one.chance for one in seen]
        return max((figure for figure in figures if figure is not None), default=None)


def store_entries(study_id: int, places: Sequence[QueuePosition], rubric: RubricDefinition, *, at: datetime) -> int:
    """Store places of one queue; returns how many rows that changed. Places that are as they were cost no write.

    An entry that had left comes back as it was, pinned or dismissed. What was foreseen of it stays from its first
    score on; until then a judge that speaks later is heard.
    """
    if not places:
        return 0
    kind = places[0].kind
    dimension_of = {dimension.key: dimension.id for dimension in rubric.dimensions}
    rows = QueueEntry.objects.filter(kind=kind, sample__in=[place.fact.sample for place in places])
    there = {row["sample_id"]: row for row in rows.order_by().values("pk", "sample_id", *NOTED, "decided_at")}
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for place in places:
        columns = _columns(place, dimension_of)
        known = there.get(place.fact.sample)
        if known is None:
            new.append((study_id, place.fact.sample, kind, *_stored(columns), place.predicted, database_time(at)))
            continue
        foreseen = place.predicted if _replaces_prediction(place, known) else known["foreseen"]
        if foreseen != known["foreseen"] or any(known[name] != value for name, value in columns.items()):
            entered = at if known["left_at"] is not None else known["entered_at"]
            changed.append((*_stored(columns), foreseen, database_time(entered), known["pk"]))
    if new:
        bulk_insert.insert_rows(QueueEntry, ("study_id", "sample_id", "kind", *NOTED), new)
    if changed:
        update_entries(NOTED, changed)
    return len(new) + len(changed)


def _replaces_prediction(place: QueuePosition, known: Mapping[str, Any]) -> bool:
    """Tell whether what is foreseen now replaces what was: only where nothing has come of the sample so far."""
    undecided = place.kind != Kind.AUDIT and known["decided_at"] is None
    return undecided and place.fact.scores == 0 and place.predicted is not None


def _columns(place: QueuePosition, dimension_of: Mapping[str, int]) -> dict[str, Any]:
    values = (
        *(place.random, place.draw, *place.rank),
        None if place.dimension is None else dimension_of[place.dimension],
        *(place.fact.spread, place.fact.scores, place.reason.chance, place.reason.gap),
        reason_as_data(place.reason),
        None,
    )
    return dict(zip(PLACED, values, strict=True))


def _stored(columns: Mapping[str, Any]) -> Iterable[Any]:
    return (json.dumps(value) if name == "reason" else value for name, value in columns.items())


def reason_as_data(reason: ranking.RankingReason) -> dict[str, Any]:
    """Return a reason without what it does not tell."""
    told = {name: getattr(reason, name) for name in reason.__dataclass_fields__}
    told["values"] = list(reason.values)
    told["kind"] = reason.kind.value
    return {name: value for name, value in told.items() if value is not None and value != []}


def remove_entries(kind: str, samples: Collection[int], *, at: datetime) -> int:
    """Let the entries of samples go; returns how many did.

    An audit of what is still agreed was none, where the judge of now has nothing to say to it: its entry is deleted.
    """
    deleted = 0
    if kind == Kind.AUDIT:
        # As they are now: facts that were read before a sample was agreed would make an audit of what was none.
        agreed = Sample.objects.filter(pk__in=samples, state=SampleState.AGREED).values_list("pk", flat=True)
        deleted, _ = QueueEntry.objects.filter(kind=kind, sample__in=list(agreed), decided_at=None).delete()
    return deleted + QueueEntry.objects.filter(kind=kind, sample__in=samples, left_at=None).update(left_at=at)


def recount_entries(study: Study) -> None:
    """Count the entries of a study's queues, as a page would take longer to count them than for all else.

    Call it at the end of each transaction that adds, takes out or brings back entries, with the queues locked.
    """
    counts = {kind: asdict(one) for kind, one in count_entries(study).items()}
    ReviewQueue.objects.filter(study=study).update(counts=counts)


def summarize_queues(study: Study) -> None:
    """Count the entries, and note which domains there are; for jobs, whose samples may be new."""
    recount_entries(study)
    ReviewQueue.objects.filter(study=study).update(domains=sample_list.domains_of(study))


def note_outcomes(facts: Iterable[SampleFact], rubric: RubricDefinition, *, at: datetime) -> int:
    """Write down what became of samples whose entries have no outcome yet; returns of how many entries.

    In the other queues that is how far annotators were apart once all had scored, where at least two did so without
    the judge; in an audit whether the agreed value was changed. It is noted once: what happens to a sample afterwards
    is not what was foreseen.
    """
    settled = {fact.sample: fact for fact in facts if fact.state in SETTLED}
    if not settled:
        return 0
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    compared = [sample for sample, fact in settled.items() if fact.scores >= COMPARABLE]
    noted = []
    told = Q(kind=Kind.AUDIT, sample__in=settled) | Q(sample__in=compared)
    for entry in QueueEntry.objects.filter(told, decided_at=None):
        fact = settled[entry.sample_id]
        if entry.kind == Kind.AUDIT:
            key = None if entry.dimension_id is None else key_of[entry.dimension_id]
            # It stands there as it was agreed on then, until it is opened again and decided anew.
            if entry.left_at is None or fact.state != SampleState.AGREED:
                continue
            entry.disputed = any(
                seen.key == key and seen.final != entry.reason.get("final") for seen in fact.known.dimensions
            )
        else:
            entry.outcome = _outcome(fact)
            entry.disputed = fact.spread >= ranking.DISPUTE
            gaps = [one["gap"] for one in entry.outcome.values() if "gap" in one]
            entry.off = max(gaps, default=None)
        entry.decided_at = at
        noted.append(entry)
    QueueEntry.objects.bulk_update(noted, ("disputed", "outcome", "off", "decided_at"), batch_size=500)
    return len(noted)


def _outcome(fact: SampleFact) -> dict[str, dict[str, float]]:
    """Return the range of the values of each dimension, and how far the judge was from their mean."""
    found: dict[str, dict[str, float]] = {}
    for seen in fact.known.dimensions:
        if seen.values:
            found[seen.key] = {"range": ranking.observed_range(seen.values)}
            if seen.expected is not None:
                found[seen.key]["gap"] = abs(seen.expected - sum(seen.values) / len(seen.values))
    return found
