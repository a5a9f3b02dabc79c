"""Closes samples whose imported scores are declared complete."""

from collections import defaultdict

from django.db.models import Count, Q
from django.utils import timezone

from annotation.core import score_rules
from annotation.core.history import record_step
from annotation.core.sample_states import Event, SampleState, next_state
from annotation.core.transactions import write_transaction
from annotation.jobs.progress import ProgressCallback
from annotation.jobs.resumable_counts import ResumableCounts
from annotation.models import HistoryEntry, Protocol, Sample, Score, Study, User
from annotation.scoring.deciding import decide_undecided

BATCH = 1000


def complete_scores(
    *, by: User | None, study: Study, progress: ProgressCallback | None = None, ledger: ResumableCounts | None = None
) -> int:
    """Close and decide samples with enough imported scores, and return their number.

    Enough are as many complete scores as the protocol asks annotators for.

    Only samples that nobody has opened here: what has begun goes on. Declaring it again closes what has been added,
    and decides what a run that was cut short has left.
    """
    protocol = Protocol.objects.get(study=study, current=True)
    counted = score_rules.complete_scores("scores__") & Q(scores__origin=Score.Origin.IMPORTED)
    samples = (
        Sample.objects.filter(study=study, state=Sample.State.WAITING, stage=Sample.Stage.UNTOUCHED)
        .annotate(imported=Count("scores", filter=counted))
        .filter(imported__gte=protocol.annotators_per_sample)
        .values_list("pk", "imported")
    )
    imported_counts = list(samples)
    ledger = ledger or ResumableCounts()
    for start in range(0, len(imported_counts), BATCH):
        _close(imported_counts[start : start + BATCH], study, protocol, by, ledger)
    closed = ledger["closed"]
    ledger.run_once("scores_complete", lambda: record_step("scores_complete", study=study, by=by, samples=closed))
    decide_undecided(study=study, by=by, progress=progress)
    return closed


def _close(
    rows: list[tuple[int, int]], study: Study, protocol: Protocol, by: User | None, ledger: ResumableCounts
) -> None:
    samples_by_count: dict[int, list[int]] = defaultdict(list)
    for pk, count in rows:
        samples_by_count[count].append(pk)
    closed: list[int] = []
    now = timezone.now()
    state = next_state(SampleState.WAITING, Event.SCORES_COMPLETED)
    with write_transaction():
        for count, keys in sorted(samples_by_count.items()):
            free = Sample.objects.select_for_update().filter(pk__in=keys, stage=Sample.Stage.UNTOUCHED).order_by("pk")
            locked = list(free.values_list("pk", flat=True))
            Sample.objects.filter(pk__in=locked).update(
                state=state,
                stage=Sample.Stage.CLOSED,
                free_slots=0,
                protocol=protocol,
                scores_in=count,
                scores_needed=count,
                counts_imported=True,
            )
            closed += locked
        HistoryEntry.objects.bulk_create(
            HistoryEntry(study=study, sample_id=pk, user=by, event=Event.SCORES_COMPLETED, at=now) for pk in closed
        )
        ledger.add(closed=len(closed))
