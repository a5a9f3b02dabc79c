"""The queues of a study are made anew, as a job: every sample is weighed, placed and given its priority.

Run twice it stores the same. It writes some thousands of rows per transaction, so that nobody waits for it; an attempt
that was cut short is taken up by starting anew, as what is stored already costs no write. Of two attempts at the same
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
PIECE = 2_000
# Whoever writes a step commits it within so long; until then later steps may be seen before it.
LONGEST_WRITE = timedelta(seconds=60)


class SupersededRebuild(Exception):
    """Another attempt has begun to make the same queues anew."""


def request_rebuild(*, by: User | None, study: Study) -> Job:
    """Queue a refresh, or return the one that is queued; ``by=None`` is the platform itself.

    One that runs already may have read what has changed since, so it does not stand for another.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
    """
    if by is not None:
        permissions.require_lead(by, study)
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        mine = Job.objects.filter(study=study, kind=REFRESH)
        waiting = mine.filter(state=Job.State.QUEUED, cancel_requested=False).order_by("pk").first()
        if waiting is not None:
            return waiting
        # Of those that nobody asked for, the latest is enough.
        mine.filter(created_by=None, state=Job.State.DONE).delete()
        return queueing.enqueue(by=by, kind=REFRESH, study=study, arguments={})


def request_where_active(*, study: Study, judges: Collection[str]) -> Job | None:
    """Queue a refresh where the study's active judge is among those named, who have said something new."""
    if not JudgeRun.objects.filter(study=study, active=True, name__in=judges).exists():
        return None
    return request_rebuild(by=None, study=study)


@contextmanager
def _nothing_is_collected() -> Iterator[None]:
    """Spare Python the search for garbage among millions of facts that are all in use: a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_nothing_is_collected()
def rebuild_queue(*, study: Study, progress: Progress | None = None) -> dict[str, int]:
    """Make the queues of a study anew and return how many entries each has, and how many samples got a new priority.

    ``progress`` is told of every step and may raise to stop the work: then what was stored before stays.

    Raises:
        Superseded: another attempt has begun meanwhile, and does the rest.
    """
    # Imported here: a web process asks for refreshes and does none.
    from . import predicting_disputes, storage, work_priority
    from .reading_facts import read_facts

    tell = progress or _ignore_progress
    begun = timezone.now()
    through = settled_history(begun)
    queue = _begin(study)
    run = active_run(study)
    tell(0, None, "Reading what is known")
    facts, learned = read_facts(study, run)
    work = _Attempt(study, queue, begun, tell)
    result = work.place(facts)
    order = work_priority.work_order(study)
    cuts: list[list[float]] = []
    moved = 0
    if order in work_priority.QUEUE_OF:
        wanting = [fact for fact in facts if fact.wants_scores]
        asked = ranking.rank_entries(
            (fact.known for fact in wanting),
            work_priority.QUEUE_OF[order],
            seed=queue.seed,
            purpose=ranking.OrderPurpose.ASK,
        )
        cuts = work_priority.cuts_of(asked)
        with work.writing() as held:
            # Before the first of them: whoever finds them even again must know that they were not.
            held.work_order = order
            held.save(update_fields=["work_order"])
        moved = work_priority.apply_priorities(work_priority.priorities_of(asked), wanting, tell)
    elif queue.work_order != work_priority.EVEN:
        moved = work_priority.reset_priorities(study, tell)
    with work.writing() as held:
        held.run, held.refreshed_at, held.history_through = run, begun, through
        held.work_order, held.cuts, held.refreshing = order, cuts, ""
        held.foresight = predicting_disputes.models_as_data(learned)
        held.save()
        storage.summarize_queues(study)
    return {**result, "priorities": moved}


def active_run(study: Study) -> JudgeRun | None:
    """Return the judge that the queues of a study rest on."""
    return JudgeRun.objects.filter(study=study, active=True).first()


def settled_history(now: datetime) -> int:
    """Return up to where the history of all studies is complete: no open transaction can still add to it."""
    newest = HistoryEntry.objects.order_by("-pk").filter(at__lt=now - LONGEST_WRITE).values_list("pk", flat=True)
    return newest.first() or 0


def queue_of(study: Study) -> ReviewQueue:
    """Return the queues of a study, made now where there were none."""
    return ReviewQueue.objects.get_or_create(study=study, defaults={"seed": secrets.randbits(31)})[0]


def _begin(study: Study) -> ReviewQueue:
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        queue = queue_of(study)
        queue.refreshing = opaque_id()
        queue.save(update_fields=["refreshing"])
    return queue


def _ignore_progress(done: int, total: int | None, activity: str) -> None:
    """Tell nobody."""


class _Attempt:
    """One attempt at making the queues of a study anew. Each of its transactions holds them."""

    def __init__(self, study: Study, queue: ReviewQueue, at: datetime, tell: Progress) -> None:
        self._study, self._queue, self._at, self._tell = study, queue, at, tell
        self._rubric = load_rubric(study.rubric_id)

    @contextmanager
    def writing(self) -> Iterator[ReviewQueue]:
        """Open a transaction that holds the queues.

        Raises:
            Superseded: a later attempt has begun.
        """
        with write_transaction():
            held = ReviewQueue.objects.select_for_update().get(pk=self._study.pk)
            if held.refreshing != self._queue.refreshing:
                raise SupersededRebuild
            yield held

    def place(self, facts: Sequence["SampleFact"]) -> dict[str, int]:
        """Note what became of samples, store the places of all that belong in a queue, and let the others go.

        Returns how many entries each queue has.
        """
        from . import storage

        def note(piece: Sequence["SampleFact"]) -> None:
            storage.note_outcomes(piece, self._rubric, at=self._at)

        def store(piece: Sequence[storage.QueuePosition]) -> None:
            storage.store_entries(self._study.pk, piece, self._rubric, at=self._at)

        self._in_pieces(facts, "Noting outcomes", note)
        found = {}
        for kind in ranking.QueueKind:
            known = {fact.sample: fact for fact in facts if fact.belongs(kind)}
            order = ranking.rank_entries((fact.known for fact in known.values()), kind, seed=self._queue.seed)
            places = [storage.QueuePosition.of(known[entry.sample], entry) for entry in order]
            self._in_pieces(places, f"Storing the queue “{QueueEntry.Kind(kind).label}”", store)
            self._let_go(kind, known)
            found[kind.value] = len(places)
        return found

    def _let_go(self, kind: str, staying: Collection[int]) -> None:
        from . import storage

        there = QueueEntry.objects.filter(study=self._study, kind=kind, left_at=None).order_by("sample_id")
        gone = [sample for sample in there.values_list("sample_id", flat=True) if sample not in staying]

        def leave(piece: Sequence[int]) -> None:
            storage.remove_entries(kind, piece, at=self._at)

        self._in_pieces(gone, "Letting go what is decided", leave)

    def _in_pieces(self, rows: Sequence[T], activity: str, work: Callable[[Sequence[T]], None]) -> None:
        for start in range(0, len(rows), PIECE):
            piece = rows[start : start + PIECE]
            with self.writing():
                work(piece)
            self._tell(start + len(piece), len(rows), activity)
