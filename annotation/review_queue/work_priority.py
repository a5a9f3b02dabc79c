"""Which samples annotators are given first: tenths of the order of a queue become the priorities 9 to 0.

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
AT_ONCE = 500
EVEN = Protocol.WorkOrder.EVEN
QUEUE_OF: Mapping[str, ranking.QueueKind] = {
    Protocol.WorkOrder.DISPUTED: ranking.QueueKind.DISPUTED,
    Protocol.WorkOrder.LABEL_NEXT: ranking.QueueKind.LABEL_NEXT,
}


def work_order(study: Study) -> str:
    """Return which samples the study's rules put first now."""
    return Protocol.objects.values_list("work_order", flat=True).get(study=study, current=True)


def priorities_of(entries: Sequence[ranking.RankedEntry]) -> dict[int, int]:
    """Return the priority of each sample, by its primary key, from the whole order."""
    return {entry.sample: HIGHEST - 10 * place // len(entries) for place, entry in enumerate(entries)}


def cuts_of(entries: Sequence[ranking.RankedEntry]) -> list[list[float]]:
    """Return the lowest rank in order of each priority, from the highest to that above 0."""
    lowest: dict[int, ranking.Rank] = {}
    priority_of = priorities_of(entries)
    for entry in entries:
        if not entry.random:
            lowest[priority_of[entry.sample]] = entry.rank
    cuts: list[list[float]] = []
    for step in range(HIGHEST, 0, -1):
        cuts.append(list(lowest.get(step, tuple(cuts[-1]) if cuts else (float(10**9),) * 3)))
    return cuts


def priority_between(rank: ranking.Rank, cuts: Sequence[Sequence[float]]) -> int:
    """Return the priority that a rank in order gets among places that were given earlier."""
    for number, cut in enumerate(cuts):
        if rank >= tuple(cut):
            return HIGHEST - number
    return 0


def random_priority(draw: float) -> int:
    """Return the priority of a sample that stands there at random: as even as the draws are."""
    return max(0, HIGHEST - int(10 * draw / ranking.LEAST_SHARE))


def apply_priorities(wanted: Mapping[int, int], facts: Sequence[SampleFact], progress: Progress | None = None) -> int:
    """Give samples their priorities, some hundreds per transaction; returns how many got another one.

    ``wanted`` is by primary key; who is not in it stays as it is, and so does who has nothing to give any more.
    """
    due = [fact.sample for fact in facts if wanted.get(fact.sample, fact.priority) != fact.priority]
    due.sort()
    changed = 0
    for start in range(0, len(due), AT_ONCE):
        piece = due[start : start + AT_ONCE]
        with write_transaction():
            changed += _set(piece, wanted)
        if progress:
            progress(start + len(piece), len(due), "Setting priorities")
    return changed


def _set(samples: Sequence[int], wanted: Mapping[int, int]) -> int:
    # Locked in the order of their ids, as everywhere; how they stand may have changed since the facts were read.
    rows = Sample.objects.select_for_update().filter(pk__in=samples, stage__in=FREE).order_by("pk")
    moved = [
        (pk, stage, wanted[pk]) for pk, stage, old in rows.values_list("pk", "stage", "priority") if wanted[pk] != old
    ]
    set_priorities(
        [(pk, new) for pk, stage, new in moved if stage == Sample.Stage.UNTOUCHED],
        [(pk, new) for pk, stage, new in moved if stage == Sample.Stage.BEGUN],
        queued_at=to_microseconds(timezone.now()),
    )
    return len(moved)


def reset_priorities(study: Study, progress: Progress | None = None) -> int:
    """Let all samples of a study be of one priority again; returns how many were not."""
    rows = Sample.objects.filter(study=study).exclude(priority=0).order_by("pk")
    total = changed = 0
    while piece := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        with write_transaction():
            free = dict.fromkeys(piece, 0)
            changed += _set(piece, free)
            # Of the others a slot may become free again, which puts them at the end of the queue anyway.
            Sample.objects.filter(pk__in=piece, stage=Sample.Stage.CLOSED).update(priority=0)
        total += len(piece)
        if progress:
            progress(total, None, "Setting priorities")
    return changed
