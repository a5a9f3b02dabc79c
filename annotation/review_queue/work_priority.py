"""The priorities of samples for annotators, from the order of a queue.

Tenths of the order become the priorities 9 to 0.

Places drawn at random lie between those in order, so each priority has its share of them.
"""

from collections.abc import Callable, Mapping, Sequence

from django.utils import timezone

from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.models import Protocol, Sample, Study
from annotation.scoring.claiming_sql import set_priorities

from . import ranking
from .sample_facts import FREE, SampleFact

Progress = Callable[[int, int | None, str], None]

HIGHEST = 9
CHUNK_SAMPLES = 500
EVEN = Protocol.WorkOrder.EVEN
QUEUE_OF: Mapping[str, ranking.QueueKind] = {
    Protocol.WorkOrder.DISPUTED: ranking.QueueKind.DISPUTED,
    Protocol.WorkOrder.LABEL_NEXT: ranking.QueueKind.LABEL_NEXT,
}


def work_order(study: Study) -> str:
    """Return the work order of the study's current rules."""
    return Protocol.objects.values_list("work_order", flat=True).get(study=study, current=True)


def compute_priorities(entries: Sequence[ranking.RankedEntry]) -> dict[int, int]:
    """Return the priority of each ranked sample, by its primary key."""
    return {entry.sample: HIGHEST - 10 * place // len(entries) for place, entry in enumerate(entries)}


def compute_priority_cuts(entries: Sequence[ranking.RankedEntry]) -> list[list[float]]:
    """Return the lowest rank of each priority, from 9 to 1."""
    lowest: dict[int, ranking.Rank] = {}
    priority_of = compute_priorities(entries)
    for entry in entries:
        if not entry.random:
            lowest[priority_of[entry.sample]] = entry.rank
    cuts: list[list[float]] = []
    for step in range(HIGHEST, 0, -1):
        cuts.append(list(lowest.get(step, tuple(cuts[-1]) if cuts else (float(10**9),) * 3)))
    return cuts


def find_priority(rank: ranking.Rank, cuts: Sequence[Sequence[float]]) -> int:
    """Return the priority of a rank by earlier cuts."""
    for number, cut in enumerate(cuts):
        if rank >= tuple(cut):
            return HIGHEST - number
    return 0


def random_priority(draw: float) -> int:
    """Return the priority of a sample that was drawn at random."""
    return max(0, HIGHEST - int(10 * draw / ranking.LEAST_SHARE))


def apply_priorities(
    new_priorities: Mapping[int, int], facts: Sequence[SampleFact], progress: Progress | None = None
) -> int:
    """Store new priorities of samples in chunks; return how many changed.

    ``wanted`` is by primary key; who is not in it stays as it is, and so does who has nothing to give any more.
    """
    changed_samples = [fact.sample for fact in facts if new_priorities.get(fact.sample, fact.priority) != fact.priority]
    changed_samples.sort()
    changed = 0
    for start in range(0, len(changed_samples), CHUNK_SAMPLES):
        chunk = changed_samples[start : start + CHUNK_SAMPLES]
        with write_transaction():
            changed += _store_changed(chunk, new_priorities)
        if progress:
            progress(start + len(chunk), len(changed_samples), "Setting priorities")
    return changed


def _store_changed(samples: Sequence[int], new_priorities: Mapping[int, int]) -> int:
    # Locked in the order of their ids, as everywhere; how they stand may have changed since the facts were read.
    rows = Sample.objects.select_for_update().filter(pk__in=samples, stage__in=FREE).order_by("pk")
    changes = [
        (pk, stage, new_priorities[pk])
        for pk, stage, old in rows.values_list("pk", "stage", "priority")
        if new_priorities[pk] != old
    ]
    set_priorities(
        [(pk, new) for pk, stage, new in changes if stage == Sample.Stage.UNTOUCHED],
        [(pk, new) for pk, stage, new in changes if stage == Sample.Stage.BEGUN],
        queued_at=to_microseconds(timezone.now()),
    )
    return len(changes)


def reset_priorities(study: Study, progress: Progress | None = None) -> int:
    """Reset all samples of a study to one priority; return how many changed."""
    rows = Sample.objects.filter(study=study).exclude(priority=0).order_by("pk")
    total = changed = 0
    while chunk := list(rows.values_list("pk", flat=True)[:CHUNK_SAMPLES]):
        with write_transaction():
            free = dict.fromkeys(chunk, 0)
            changed += _store_changed(chunk, free)
            # Of the others a slot may become free again, which puts them at the end of the queue anyway.
            Sample.objects.filter(pk__in=chunk, stage=Sample.Stage.CLOSED).update(priority=0)
        total += len(chunk)
        if progress:
            progress(total, None, "Setting priorities")
    return changed
