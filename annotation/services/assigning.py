"""Handing out work: which samples an annotator gets next, and claiming their slots.

How it stays fast at any size: candidates are found outside the transaction and claimed inside it by one guarded
UPDATE each; unique constraints stand behind that. Nothing sorts or scans what is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from annotation import slots
from annotation.content import SampleSides, SampleView, views
from annotation.db import write_transaction
from annotation.errors import BadInput, NotAllowed, NotFound
from annotation.models import Assignment, Member, Sample, Study, User
from annotation.rubrics import definition
from annotation.sql import queue
from annotation.sql.desk import Desk, HeldRow
from annotation.sql.desk import desk as read_desk
from annotation.sql.desk import held as held_rows
from annotation.sql.scores import insert_history
from annotation.workflow import Event

from .leases import expire_leases, own_assignment
from .score_views import ScoreView, score_views

MAX_HELD = 10
WINDOW = 48
# Several rounds, as other annotators may take a candidate between finding and claiming it. Where all of them reach for
# the same few begun samples, the next rounds look at new ones, of which everybody has others in front of them.
ATTEMPTS, ATTEMPTS_AT_BEGUN = 12, 3
HIGHEST_PRIORITY = 9
# A cursor moves only past rows before which no other can still be uncommitted, and not for every single row.
CURSOR_LAG = timedelta(seconds=2)
CURSOR_STEP = 16


@dataclass(frozen=True, slots=True)
class LeasedWork:
    """An assignment as its annotator may see it."""

    public_id: str
    state: str
    leased_at: datetime
    expires_at: datetime
    sample: SampleView
    score: ScoreView | None


@dataclass(frozen=True, slots=True)
class Lease:
    """Work to do now, and why there is no more of it: `nothing_left`, `study_not_running`, `member_paused`."""

    assignments: list[LeasedWork]
    reason: str | None


def lease(*, by: User, slug: str, count: int = 1) -> Lease:
    """Return up to ``count`` samples to score: first what the annotator holds, then begun ones, then new ones.

    Raises:
        NotFound: the user is a stranger to the study.
        NotAllowed: the user's role does not score.
        BadInput: ``count`` is out of range.
    """
    if not 1 <= count <= MAX_HELD:
        raise BadInput(f"Ask for 1 to {MAX_HELD} samples.", fields={"count": f"From 1 to {MAX_HELD}."})
    now = timezone.now()
    desk = _desk(by, slug, now)
    if desk.a_lease_ran_out:
        expire_leases(limit=100)
    rows = held_rows(desk.member_id, now, MAX_HELD)
    reason = None
    missing = count - len(rows)
    if missing > 0:
        if desk.study_state != Study.State.RUNNING:
            reason = "study_not_running"
        elif desk.member_state != Member.State.ACTIVE:
            reason = "member_paused"
        else:
            rows += _claim(desk, missing, now)
            if len(rows) < count:
                reason = "nothing_left"
    return Lease(_work(rows[:count], desk.rubric_id), reason)


def held(*, by: User, slug: str) -> list[LeasedWork]:
    """Return what the annotator holds, oldest lease first."""
    now = timezone.now()
    desk = _desk(by, slug, now)
    return _work(held_rows(desk.member_id, now, MAX_HELD), desk.rubric_id)


def work(assignments: Sequence[Assignment], study: Study) -> list[LeasedWork]:
    """Return the given assignments of one study, in their order, as their annotator may see them."""
    keys = [assignment.pk for assignment in assignments]
    rows = {row[0]: HeldRow(*row) for row in Assignment.objects.filter(pk__in=keys).values_list(*_ROW)}
    return _work([rows[key] for key in keys], study.rubric_id)


def one(*, by: User, assignment_id: str) -> LeasedWork:
    """Return one assignment of the user's own, held or past."""
    own = own_assignment(by, assignment_id)
    rows = Assignment.objects.filter(pk=own.id).values_list(*_ROW)
    return _work([HeldRow(*row) for row in rows], own.rubric_id)[0]


def _desk(by: User, slug: str, now: datetime) -> Desk:
    desk = read_desk(by.pk, slug, now)
    if desk is None:
        if by.is_site_admin and Study.objects.filter(slug=slug).exists():
            raise NotAllowed("Join this study as an annotator to score in it.")
        raise NotFound("There is no such study, or you are not a member of it.")
    if desk.role == Member.Role.RESEARCHER:
        raise NotAllowed("Researchers read results and do not score.")
    return desk


_ROW = (
    "pk",
    "public_id",
    "state",
    "leased_at",
    "expires_at",
    "sample_id",
    "sample__public_id",
    "sample__has_text",
    "sample__has_image",
)


def _work(rows: Sequence[HeldRow], rubric_id: int) -> list[LeasedWork]:
    if not rows:
        return []
    rubric = definition(rubric_id)
    sides = (SampleSides(row.sample_id, row.sample_public_id, row.has_text, row.has_image) for row in rows)
    shown = views(sides, rubric)
    finished = [row.assignment_id for row in rows if row.state == Assignment.State.SCORED]
    scores = score_views(finished, rubric) if finished else {}
    return [
        LeasedWork(
            public_id=row.public_id,
            state=Assignment.State(row.state).name.lower(),
            leased_at=row.leased_at,
            expires_at=row.expires_at,
            sample=shown[row.sample_id],
            score=scores.get(row.assignment_id),
        )
        for row in rows
    ]


def _claim(desk: Desk, count: int, now: datetime) -> list[HeldRow]:
    claimed: list[HeldRow] = []
    for attempt in range(ATTEMPTS):
        missing = count - len(claimed)
        candidates = _candidates(desk, missing, begun_first=attempt < ATTEMPTS_AT_BEGUN)
        if not candidates:
            break
        claimed += _claim_candidates(candidates[:missing], desk, now)
        if len(claimed) == count:
            break
    return claimed


def _candidates(desk: Desk, count: int, *, begun_first: bool) -> list[queue.Candidate]:
    seen = desk.exposed_through if desk.has_exposures else None
    found: list[queue.Candidate] = []
    priority = queue.top_begun_priority(desk.study_id, below=HIGHEST_PRIORITY + 1) if begun_first else None
    while priority is not None and len(found) < count:
        found += _begun(desk, priority, seen)
        if len(found) < count:
            priority = queue.top_begun_priority(desk.study_id, below=priority)
    if len(found) < count:
        found += queue.untouched(desk.study_id, desk.member_id, desk.shuffle_start, count - len(found), seen)
    if found:
        return found
    left = queue.begun_anywhere(desk.study_id, desk.member_id, WINDOW, seen)
    return _in_personal_order(left, desk.shuffle_start)


def _begun(desk: Desk, priority: int, seen: int | None) -> list[queue.Candidate]:
    """Return candidates of one priority from the first window that holds any, and move the cursor past one's own."""
    position = -1
    while True:
        window = queue.begun(desk.study_id, desk.member_id, priority, position, WINDOW, seen)
        free = [c for c in window if c.own_state in (None, Assignment.State.RELEASED)]
        own = window.index(free[0]) if free else len(window)
        settled = queue.microseconds(timezone.now() - CURSOR_LAG)
        passed = [c.queued_at for c in window[:own] if c.queued_at <= settled]
        if len(passed) >= CURSOR_STEP:
            # Samples queued in the same microsecond may lie on both sides of the boundary.
            last = min(passed[-1], free[0].queued_at - 1) if free else passed[-1]
            with write_transaction():
                queue.move_cursor(desk.member_id, priority, last)
        if free or len(window) < WINDOW:
            return _in_personal_order(free, desk.shuffle_start)
        position = window[-1].queued_at


def _in_personal_order(candidates: list[queue.Candidate], shuffle_start: int) -> list[queue.Candidate]:
    """Put what the member once held first; start the rest at a place of the member's own."""
    mine = [c for c in candidates if c.own_state is not None]
    rest = [c for c in candidates if c.own_state is None]
    start = shuffle_start % len(rest) if rest else 0
    return mine + rest[start:] + rest[:start]


def _claim_candidates(candidates: Sequence[queue.Candidate], desk: Desk, now: datetime) -> list[HeldRow]:
    expires_at = now + timedelta(minutes=desk.lease_minutes)
    everything = slots.all_free(desk.annotators_per_sample)
    slot_of: dict[int, int] = {}
    try:
        with write_transaction():
            # Always in the order of their ids, so that two claims never wait for each other.
            for candidate in sorted(candidates):
                new = candidate.stage == Sample.Stage.UNTOUCHED
                free = everything if new else candidate.free_slots
                slot = slots.lowest(free)
                left = slots.take(free, slot)
                if new:
                    won = queue.claim_untouched(
                        candidate.sample_id,
                        protocol_id=desk.protocol_id,
                        free_slots=left,
                        scores_needed=desk.annotators_per_sample,
                        queued_at=queue.microseconds(now),
                    )
                else:
                    won = queue.claim_begun(candidate.sample_id, expected=free, free_slots=left)
                if won:
                    slot_of[candidate.sample_id] = slot
            won_in_order = [candidate for candidate in candidates if candidate.sample_id in slot_of]
            if not won_in_order:
                return []
            stored = queue.insert_assignments(
                [(candidate.sample_id, slot_of[candidate.sample_id]) for candidate in won_in_order],
                member_id=desk.member_id,
                leased_at=now,
                expires_at=expires_at,
            )
            if len(stored) != len(won_in_order):
                raise _SameSampleTwice
            insert_history(
                [(sample_id, Event.LEASED, {"slot": slot}) for sample_id, slot in slot_of.items()],
                study_id=desk.study_id,
                member_id=desk.member_id,
                user_id=desk.user_id,
                at=now,
            )
    except _SameSampleTwice:
        return []
    return [
        HeldRow(
            *stored[candidate.sample_id],
            Assignment.State.LEASED,
            now,
            expires_at,
            candidate.sample_id,
            candidate.public_id,
            candidate.has_text,
            candidate.has_image,
        )
        for candidate in won_in_order
    ]


class _SameSampleTwice(Exception):
    """Another request of the same person was faster; the claims are rolled back."""
