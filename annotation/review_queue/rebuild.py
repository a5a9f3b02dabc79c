"""Rebuilds the queues of a study, as a job.

Every sample is weighed, placed and given its priority.

Run twice it stores the same. It writes some thousands of rows per transaction, so that other writers need not wait. An
attempt that was interrupted is started again, as what is stored already costs no write. Of two attempts at the same
time the later one goes on.
"""

import gc
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from django.utils import timezone

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.core.transactions import write_transaction
from annotation.jobs import queueing
from annotation.models import HistoryEntry, Job, JudgeRun, QueueEntry, ReviewQueue, Study, User
from annotation.models.fields import opaque_id

from . import ranking
from .list import REFRESH

if TYPE_CHECKING:
    from .sample_facts import SampleFact

T = TypeVar("T")
Progress = Callable[[int, int | None, str], None]
CHUNK_ROWS = 2_000
# Whoever writes a step commits it within so long; until then later steps may be seen before it.
LONGEST_WRITE = timedelta(seconds=60)


class SupersededRebuild(Exception):
    """Another attempt has begun to rebuild the same queues."""


def request_rebuild(*, by: User | None, study: Study) -> Job:
    """Queue a rebuild, or return the one that is queued.

    ``by=None`` is the platform itself.

    One that runs already may have read what has changed since, so it does not stand for another.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
    """
    if by is not None:
        permissions.require_lead(by, study)
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        rebuilds = Job.objects.filter(study=study, kind=REFRESH)
        waiting = rebuilds.filter(state=Job.State.QUEUED, cancel_requested=False).order_by("pk").first()
        if waiting is not None:
            return waiting
        # Of those that the platform requested, the latest is enough.
        rebuilds.filter(created_by=None, state=Job.State.DONE).delete()
        return queueing.enqueue(by=by, kind=REFRESH, study=study, arguments={})


def request_rebuild_for_judges(*, study: Study, judges: Collection[str]) -> Job | None:
    """Queue a rebuild if the active judge is among those with new predictions."""
    if not JudgeRun.objects.filter(study=study, active=True, name__in=judges).exists():
        return None
    return request_rebuild(by=None, study=study)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Switch off Python's garbage collection.

    The search among millions of facts that are all in use takes a third of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_without_garbage_collection()
def rebuild_queue(*, study: Study, progress: Progress | None = None) -> dict[str, int]:
    """Rebuild the queues of a study; return entries per queue and changed priorities.

    ``progress`` is called at every step and may raise to stop the work; what was stored before stays.

    Raises:
        SupersededRebuild: another attempt has begun meanwhile, and does the rest.
    """
    # Imported here: a web process asks for refreshes and does none.
    from . import predicting_disputes, storage, work_priority
    from .reading_facts import read_facts

    report_progress = progress or _ignore_progress
    begun = timezone.now()
    history_through = find_settled_history(begun)
    queue = _begin_attempt(study)
    run = find_active_run(study)
    report_progress(0, None, "Reading what is known")
    facts, models = read_facts(study, run)
    attempt = _RebuildAttempt(study, queue, begun, report_progress)
    result = attempt.store_queues(facts)
    order = work_priority.work_order(study)
    cuts: list[list[float]] = []
    changed_priorities = 0
    if order in work_priority.QUEUE_OF:
        open_facts = [fact for fact in facts if fact.wants_scores]
        ranked = ranking.rank_entries(
            (fact.evidence for fact in open_facts),
            work_priority.QUEUE_OF[order],
            seed=queue.seed,
            purpose=ranking.OrderPurpose.ASK,
        )
        cuts = work_priority.compute_priority_cuts(ranked)
        with attempt.transaction() as locked_queue:
            # Before the first of them, so that a later reset knows that they were not even.
            locked_queue.work_order = order
            locked_queue.save(update_fields=["work_order"])
        changed_priorities = work_priority.apply_priorities(
            work_priority.compute_priorities(ranked), open_facts, report_progress
        )
    elif queue.work_order != work_priority.EVEN:
        changed_priorities = work_priority.reset_priorities(study, report_progress)
    with attempt.transaction() as locked_queue:
        locked_queue.run, locked_queue.refreshed_at, locked_queue.history_through = run, begun, history_through
        locked_queue.work_order, locked_queue.cuts, locked_queue.refreshing = order, cuts, ""
        locked_queue.foresight = predicting_disputes.models_as_data(models)
        locked_queue.save()
        storage.summarize_queues(study)
    return {**result, "priorities": changed_priorities}


def find_active_run(study: Study) -> JudgeRun | None:
    """Return the judge that the queues of a study rest on."""
    return JudgeRun.objects.filter(study=study, active=True).first()


def find_settled_history(now: datetime) -> int:
    """Return up to which step the history of all studies is complete.

    No open transaction can still add a step before that.
    """
    newest = HistoryEntry.objects.order_by("-pk").filter(at__lt=now - LONGEST_WRITE).values_list("pk", flat=True)
    return newest.first() or 0


def get_or_create_queue(study: Study) -> ReviewQueue:
    """Return the queues of a study, creating them where there are none."""
    return ReviewQueue.objects.get_or_create(study=study, defaults={"seed": secrets.randbits(31)})[0]


def _begin_attempt(study: Study) -> ReviewQueue:
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        queue = get_or_create_queue(study)
        queue.refreshing = opaque_id()
        queue.save(update_fields=["refreshing"])
    return queue


def _ignore_progress(done: int, total: int | None, activity: str) -> None:
    """Ignore the progress."""


class _RebuildAttempt:
    """One attempt at rebuilding the queues of a study.

    Each of its transactions locks them.
    """

    def __init__(self, study: Study, queue: ReviewQueue, at: datetime, report_progress: Progress) -> None:
        self._study, self._queue, self._at, self._report_progress = study, queue, at, report_progress
        self._rubric = load_rubric(study.rubric_id)

    @contextmanager
    def transaction(self) -> Iterator[ReviewQueue]:
        """Open a transaction that locks the queues.

        Raises:
            SupersededRebuild: a later attempt has begun.
        """
        with write_transaction():
            locked_queue = ReviewQueue.objects.select_for_update().get(pk=self._study.pk)
            if locked_queue.refreshing != self._queue.refreshing:
                raise SupersededRebuild
            yield locked_queue

    def store_queues(self, facts: Sequence["SampleFact"]) -> dict[str, int]:
        """Store the outcomes and positions of samples, and remove the other entries.

        Returns how many entries each queue has.
        """
        from . import storage

        def note(chunk: Sequence["SampleFact"]) -> None:
            storage.store_outcomes(chunk, self._rubric, at=self._at)

        def store(chunk: Sequence[storage.QueuePosition]) -> None:
            storage.store_entries(self._study.pk, chunk, self._rubric, at=self._at)

        self._in_chunks(facts, "Noting outcomes", note)
        counts = {}
        for kind in ranking.QueueKind:
            fact_by_sample = {fact.sample: fact for fact in facts if fact.belongs_in(kind)}
            order = ranking.rank_entries(
                (fact.evidence for fact in fact_by_sample.values()), kind, seed=self._queue.seed
            )
            places = [storage.QueuePosition.from_entry(fact_by_sample[entry.sample], entry) for entry in order]
            self._in_chunks(places, f"Storing the queue “{QueueEntry.Kind(kind).label}”", store)
            self._remove_leaving(kind, fact_by_sample)
            counts[kind.value] = len(places)
        return counts

    def _remove_leaving(self, kind: str, remaining: Collection[int]) -> None:
        from . import storage

        entries = QueueEntry.objects.filter(study=self._study, kind=kind, left_at=None).order_by("sample_id")
        leaving = [sample for sample in entries.values_list("sample_id", flat=True) if sample not in remaining]

        def leave(chunk: Sequence[int]) -> None:
            storage.remove_entries(kind, chunk, at=self._at)

        self._in_chunks(leaving, "Letting go what is decided", leave)

    def _in_chunks(self, rows: Sequence[T], activity: str, work: Callable[[Sequence[T]], None]) -> None:
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            with self.transaction():
                work(chunk)
            self._report_progress(start + len(chunk), len(rows), activity)
