"""Handing out work: leases on slots, their renewal, their end, and skipping.

How it stays fast at any size: candidates are found outside the transaction and claimed inside it by one guarded
UPDATE each; unique constraints stand behind that. Nothing sorts or scans what is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from annotation import slots
from annotation.content import SampleSides, SampleView, views
from annotation.db import write_transaction
from annotation.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import Assignment, Exposure, Member, Sample, Skip, Study, User
from annotation.rubrics import definition
from annotation.sql import queue
from annotation.sql.desk import Desk, HeldRow, OwnAssignment
from annotation.sql.desk import desk as read_desk
from annotation.sql.desk import held as held_rows
from annotation.sql.desk import own_assignment as read_own_assignment
from annotation.sql.scores import insert_history
from annotation.workflow import Event, after

from .score_views import ScoreView, score_views

MAX_HELD = 10
WINDOW = 48
# Several rounds, as other annotators may take a candidate between finding and claiming it.
ATTEMPTS = 8
HIGHEST_PRIORITY = 9
# A cursor moves only past rows before which no other can still be uncommitted, and not for every single row.
CURSOR_LAG = timedelta(seconds=5)
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


def renew(*, by: User, assignment_id: str) -> datetime:
    """Prolong a lease and return its new end.

    Raises:
        NotFound: it is not the user's.
        WrongState: it has ended (`lease_lost`).
    """
    own = own_assignment(by, assignment_id)
    now = timezone.now()
    expires_at = now + timedelta(minutes=own.lease_minutes)
    with write_transaction():
        renewed = Assignment.objects.filter(
            pk=own.id, state=Assignment.State.LEASED, expires_at__gt=now, member__state=Member.State.ACTIVE
        ).update(expires_at=expires_at)
    if not renewed:
        raise WrongState("This sample is no longer reserved for you.", code="lease_lost")
    return expires_at


def skip(*, by: User, assignment_id: str, client_key: UUID, reason: str, note: str = "") -> None:
    """Hand a sample back with a reason; it does not come to this annotator again. k skips block it.

    The same key again changes nothing.

    Raises:
        BadInput: an unknown reason, or none in words where the reason is `other`.
        WrongState: it is no longer the user's to skip.
    """
    if reason not in Skip.Reason.values:
        raise BadInput("No such reason.", fields={"reason": "One of " + ", ".join(Skip.Reason.values) + "."})
    if reason == Skip.Reason.OTHER and not note.strip():
        raise BadInput("Say in a few words why.", fields={"note": "Needed with the reason “other”."})
    own = own_assignment(by, assignment_id)
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().get(pk=own.sample_id)
        known = Skip.objects.filter(client_key=client_key).first()
        if known is not None:
            if known.assignment_id == own.id:
                return
            raise WrongState("This client key was used for something else.", code="client_key_reused")
        left = Assignment.objects.filter(pk=own.id, state=Assignment.State.LEASED).update(
            state=Assignment.State.SKIPPED, finished_at=now
        )
        if not left:
            raise _not_held(own)
        Skip.objects.create(assignment_id=own.id, reason=reason, note=note, client_key=client_key, at=now)
        skips = Skip.objects.filter(assignment__sample=sample).count()
        if skips >= own.annotators_per_sample and sample.state == Sample.State.SCORING:
            sample.state = after(sample.state, Event.SKIPPED_BY_ALL)
            sample.state_reason = "skipped"
            sample.stage, sample.free_slots = Sample.Stage.CLOSED, 0
            sample.save(update_fields=["state", "state_reason", "stage", "free_slots"])
        else:
            after(sample.state, Event.SKIPPED)
            queue.give_slot_back(sample.pk, slot_bit=slots.bit(own.slot), queued_at=_microseconds(now))
        insert_history(
            [(sample.pk, Event.SKIPPED, {"reason": reason, "skips": skips})],
            study_id=own.study_id,
            member_id=own.member_id,
            user_id=by.pk,
            at=now,
        )


def expire_leases(*, limit: int = 500) -> int:
    """Put the slots of leases that have run out back into play; return how many."""
    now = timezone.now()
    expired = (
        Assignment.objects.filter(state=Assignment.State.LEASED, expires_at__lte=now)
        .order_by("expires_at")
        .values_list("pk", flat=True)[:limit]
    )
    return _release(list(expired), event="lease_expired", expired_at=now)


def release_held(*, member: Member) -> int:
    """Put everything that a member holds back into play; return how much that was."""
    return _release(
        list(Assignment.objects.filter(member=member, state=Assignment.State.LEASED).values_list("pk", flat=True)),
        event="released",
    )


def record_exposure(*, member: Member, samples: Sequence[Sample]) -> None:
    """Remember that an admin or researcher has looked into samples, so that they never score them as independent."""
    known = set(Exposure.objects.filter(member=member, sample__in=samples).values_list("sample_id", flat=True))
    new = [sample for sample in samples if sample.pk not in known and sample.pk > member.exposed_through]
    if not new:
        return
    with write_transaction():
        Exposure.objects.bulk_create([Exposure(member=member, sample=sample) for sample in new], ignore_conflicts=True)
        if not member.has_exposures:
            Member.objects.filter(pk=member.pk).update(has_exposures=True)
            member.has_exposures = True
        leased = Assignment.objects.filter(member=member, sample__in=new, state=Assignment.State.LEASED)
        _release(list(leased.values_list("pk", flat=True)), event="released")


def record_exposure_to_all(*, member: Member) -> None:
    """Remember that a member has seen every sample that the study holds now, as by an export."""
    newest = Sample.objects.filter(study=member.study_id).order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest <= member.exposed_through:
        return
    with write_transaction():
        Member.objects.filter(pk=member.pk).update(exposed_through=newest, has_exposures=True)
        member.exposed_through, member.has_exposures = newest, True
        release_held(member=member)


def own_assignment(by: User, assignment_id: str) -> OwnAssignment:
    """Return the user's own assignment with what there is to know of its sample and study, or raise `NotFound`."""
    own = read_own_assignment(assignment_id, by.pk)
    if own is None:
        raise NotFound("There is no such assignment, or it is not yours.")
    return own


def is_exposed(own: OwnAssignment) -> bool:
    """Whether the annotator has seen the sample's scores or generator."""
    if not own.has_exposures:
        return False
    if own.sample_id <= own.exposed_through:
        return True
    return Exposure.objects.filter(member=own.member_id, sample=own.sample_id).exists()


def regain(own: OwnAssignment, now: datetime) -> bool:
    """Take a slot again under an assignment whose lease was lost, if one is still free; call it in a transaction."""
    if own.member_state != Member.State.ACTIVE or own.study_state != Study.State.RUNNING:
        return False
    sample = Sample.objects.select_for_update().only("stage", "free_slots").get(pk=own.sample_id)
    if sample.stage != Sample.Stage.BEGUN:
        return False
    slot = slots.lowest(sample.free_slots)
    left = slots.take(sample.free_slots, slot)
    if not queue.claim_begun(sample.pk, expected=sample.free_slots, free_slots=left):
        return False
    return bool(
        Assignment.objects.filter(pk=own.id, state=Assignment.State.RELEASED).update(
            state=Assignment.State.LEASED, slot=slot, expires_at=now + timedelta(minutes=own.lease_minutes)
        )
    )


def _desk(by: User, slug: str, now: datetime) -> Desk:
    desk = read_desk(by.pk, slug, now)
    if desk is None:
        if by.is_site_admin and Study.objects.filter(slug=slug).exists():
            raise NotAllowed("Join this study as an annotator to score in it.")
        raise NotFound("There is no such study, or you are not a member of it.")
    if desk.role == Member.Role.RESEARCHER:
        raise NotAllowed("Researchers read results and do not score.")
    return desk


def _not_held(own: OwnAssignment) -> WrongState:
    state = Assignment.objects.values_list("state", flat=True).get(pk=own.id)
    if state == Assignment.State.SCORED:
        return WrongState("You have scored this sample already.", code="already_scored")
    if state == Assignment.State.SKIPPED:
        return WrongState("You have skipped this sample already.", code="already_skipped")
    return WrongState("This sample is no longer reserved for you.", code="lease_lost")


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
    for _ in range(ATTEMPTS):
        missing = count - len(claimed)
        candidates = _candidates(desk, missing)
        if not candidates:
            break
        claimed += _claim_candidates(candidates[:missing], desk, now)
        if len(claimed) == count:
            break
    return claimed


def _candidates(desk: Desk, count: int) -> list[queue.Candidate]:
    seen = desk.exposed_through if desk.has_exposures else None
    found: list[queue.Candidate] = []
    priority = queue.top_begun_priority(desk.study_id, below=HIGHEST_PRIORITY + 1)
    while priority is not None and len(found) < count:
        found += _begun(desk, priority, seen)
        if len(found) < count:
            priority = queue.top_begun_priority(desk.study_id, below=priority)
    if len(found) < count:
        found += queue.untouched(desk.study_id, desk.member_id, desk.shuffle_start, count - len(found), seen)
    return found or queue.begun_anywhere(desk.study_id, desk.member_id, WINDOW, seen)


def _begun(desk: Desk, priority: int, seen: int | None) -> list[queue.Candidate]:
    """Return candidates of one priority from the first window that holds any, and move the cursor past one's own."""
    position = -1
    while True:
        window = queue.begun(desk.study_id, desk.member_id, priority, position, WINDOW, seen)
        free = [c for c in window if c.own_state in (None, Assignment.State.RELEASED)]
        own = window.index(free[0]) if free else len(window)
        if own >= CURSOR_STEP:
            # Samples queued in the same microsecond may lie on both sides of the boundary.
            last = min(window[own - 1].queued_at, free[0].queued_at - 1) if free else window[-1].queued_at
            settled = _microseconds(timezone.now() - CURSOR_LAG)
            if last <= settled:
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
                        queued_at=_microseconds(now),
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


def _release(assignments: Sequence[int], *, event: str, expired_at: datetime | None = None) -> int:
    if not assignments:
        return 0
    released = 0
    now = timezone.now()
    with write_transaction():
        rows = list(Assignment.objects.select_related("member__study").filter(pk__in=assignments).order_by("sample_id"))
        # Samples are locked before assignments, and in the order of their ids, everywhere.
        list(
            Sample.objects.select_for_update()
            .filter(pk__in=[row.sample_id for row in rows])
            .order_by("pk")
            .values_list("pk")
        )
        for row in rows:
            still = Assignment.objects.filter(pk=row.pk, state=Assignment.State.LEASED)
            if expired_at is not None:
                still = still.filter(expires_at__lte=expired_at)
            if not still.update(state=Assignment.State.RELEASED):
                continue
            # No two in the same microsecond: a cursor between them would hide one.
            queue.give_slot_back(row.sample_id, slot_bit=slots.bit(row.slot), queued_at=_microseconds(now) + released)
            insert_history(
                [(row.sample_id, event, {"slot": row.slot})],
                study_id=row.member.study_id,
                member_id=row.member_id,
                user_id=row.member.user_id,
                at=now,
            )
            released += 1
    return released


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
