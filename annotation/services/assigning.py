"""Handing out work: leases on slots, their renewal, their end, and skipping.

How it stays fast at any size: candidates are found outside the transaction and claimed inside it by one guarded
UPDATE each; unique constraints stand behind that. Nothing sorts or scans what is done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from annotation import permissions, slots, sql
from annotation.content import SampleSides, SampleView, views
from annotation.db import write_transaction
from annotation.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import Assignment, Exposure, Member, Protocol, Sample, Skip, Study, User
from annotation.rubrics import definition
from annotation.workflow import Event, after

from .history import record
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


def lease(*, by: User, study: Study, count: int = 1) -> Lease:
    """Return up to ``count`` samples to score: first what the annotator holds, then begun ones, then new ones.

    Raises:
        NotFound: the user is a stranger to the study.
        NotAllowed: the user's role does not score.
        BadInput: ``count`` is out of range.
    """
    if not 1 <= count <= MAX_HELD:
        raise BadInput(f"Ask for 1 to {MAX_HELD} samples.", fields={"count": f"From 1 to {MAX_HELD}."})
    member = _scoring_member(by, study)
    now = timezone.now()
    if Assignment.objects.filter(state=Assignment.State.LEASED, expires_at__lte=now).exists():
        expire_leases(limit=100)
    rows = _held_rows(member, now)
    reason = None
    missing = count - len(rows)
    if missing > 0:
        if study.state != Study.State.RUNNING:
            reason = "study_not_running"
        elif member.state != Member.State.ACTIVE:
            reason = "member_paused"
        else:
            claimed = _claim(study, member, missing, now)
            if claimed < missing:
                reason = "nothing_left"
            if claimed:
                rows = _held_rows(member, now)
    return Lease(_work(rows[:count], study), reason)


def held(*, by: User, study: Study) -> list[LeasedWork]:
    """Return what the annotator holds, oldest lease first."""
    member = _scoring_member(by, study)
    return _work(_held_rows(member, timezone.now()), study)


def work(assignments: Iterable[Assignment], study: Study) -> list[LeasedWork]:
    """Return the given assignments of one study, in their order, as their annotator may see them."""
    keys = [assignment.pk for assignment in assignments]
    rows = {row[0]: row for row in Assignment.objects.filter(pk__in=keys).values_list(*_ROW)}
    return _work([rows[key] for key in keys], study)


def renew(*, by: User, assignment_id: str) -> datetime:
    """Prolong a lease and return its new end.

    Raises:
        NotFound: it is not the user's.
        WrongState: it has ended (`lease_lost`).
    """
    assignment = own_assignment(by, assignment_id)
    protocol = assignment.sample.protocol
    assert protocol is not None
    now = timezone.now()
    expires_at = now + timedelta(minutes=protocol.lease_minutes)
    with write_transaction():
        renewed = Assignment.objects.filter(
            pk=assignment.pk, state=Assignment.State.LEASED, expires_at__gt=now, member__state=Member.State.ACTIVE
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
    assignment = own_assignment(by, assignment_id)
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().select_related("protocol").get(pk=assignment.sample_id)
        known = Skip.objects.filter(client_key=client_key).first()
        if known is not None:
            if known.assignment_id == assignment.pk:
                return
            raise WrongState("This client key was used for something else.", code="client_key_reused")
        left = Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.LEASED).update(
            state=Assignment.State.SKIPPED, finished_at=now
        )
        if not left:
            raise _not_held(assignment)
        Skip.objects.create(assignment=assignment, reason=reason, note=note, client_key=client_key, at=now)
        protocol = sample.protocol
        assert protocol is not None
        skips = Skip.objects.filter(assignment__sample=sample).count()
        study = assignment.member.study
        if skips >= protocol.annotators_per_sample and sample.state == Sample.State.SCORING:
            sample.state = after(sample.state, Event.SKIPPED_BY_ALL)
            sample.state_reason = "skipped"
            sample.stage, sample.free_slots = Sample.Stage.CLOSED, 0
            sample.save(update_fields=["state", "state_reason", "stage", "free_slots"])
        else:
            after(sample.state, Event.SKIPPED)
            sql.give_slot_back(sample.pk, slot_bit=slots.bit(assignment.slot), queued_at=_microseconds(now))
        record("skipped", study=study, by=by, sample=sample, member=assignment.member, reason=reason, skips=skips)


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


def is_exposed(member: Member, sample_id: int) -> bool:
    """Whether the member has seen the sample's scores or generator."""
    if not member.has_exposures:
        return False
    return sample_id <= member.exposed_through or Exposure.objects.filter(member=member, sample=sample_id).exists()


def own_assignment(by: User, assignment_id: str) -> Assignment:
    """Return the user's own assignment with its sample, protocol and study, or raise `NotFound`."""
    assignment = (
        Assignment.objects.select_related("sample__protocol", "member__study")
        .filter(public_id=assignment_id, member__user=by)
        .exclude(member__state=Member.State.LEFT)
        .first()
    )
    if assignment is None:
        raise NotFound("There is no such assignment, or it is not yours.")
    return assignment


def regain(assignment: Assignment, now: datetime) -> bool:
    """Take a slot again under an assignment whose lease was lost, if one is still free; call it in a transaction."""
    member, study = assignment.member, assignment.member.study
    if member.state != Member.State.ACTIVE or study.state != Study.State.RUNNING:
        return False
    if is_exposed(member, assignment.sample_id):
        return False
    sample = Sample.objects.select_for_update().only("stage", "free_slots").get(pk=assignment.sample_id)
    if sample.stage != Sample.Stage.BEGUN:
        return False
    slot = slots.lowest(sample.free_slots)
    if not sql.claim_begun(sample.pk, expected=sample.free_slots, free_slots=slots.take(sample.free_slots, slot)):
        return False
    protocol = assignment.sample.protocol
    assert protocol is not None
    return bool(
        Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.RELEASED).update(
            state=Assignment.State.LEASED, slot=slot, expires_at=now + timedelta(minutes=protocol.lease_minutes)
        )
    )


def _scoring_member(by: User, study: Study) -> Member:
    member = permissions.require_member(by, study)
    if member.role == Member.Role.RESEARCHER:
        raise NotAllowed("Researchers read results and do not score.")
    return member


def _not_held(assignment: Assignment) -> WrongState:
    assignment.refresh_from_db(fields=["state"])
    if assignment.state == Assignment.State.SCORED:
        return WrongState("You have scored this sample already.", code="already_scored")
    if assignment.state == Assignment.State.SKIPPED:
        return WrongState("You have skipped this sample already.", code="already_skipped")
    return WrongState("This sample is no longer reserved for you.", code="lease_lost")


_Row = tuple[int, str, int, datetime, datetime, int, str, bool, bool]
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


def _held_rows(member: Member, now: datetime) -> list[_Row]:
    return list(
        Assignment.objects.filter(member=member, state=Assignment.State.LEASED, expires_at__gt=now)
        .order_by("leased_at", "pk")
        .values_list(*_ROW)[:MAX_HELD]
    )


def _work(rows: Sequence[_Row], study: Study) -> list[LeasedWork]:
    if not rows:
        return []
    rubric = definition(study.rubric_id)
    shown = views((SampleSides(row[5], row[6], row[7], row[8]) for row in rows), rubric)
    finished = [row[0] for row in rows if row[2] == Assignment.State.SCORED]
    scores = score_views(finished, rubric) if finished else {}
    return [
        LeasedWork(
            public_id=row[1],
            state=Assignment.State(row[2]).name.lower(),
            leased_at=row[3],
            expires_at=row[4],
            sample=shown[row[5]],
            score=scores.get(row[0]),
        )
        for row in rows
    ]


def _claim(study: Study, member: Member, count: int, now: datetime) -> int:
    protocol = Protocol.objects.get(study=study, current=True)
    claimed = 0
    for _ in range(ATTEMPTS):
        candidates = _candidates(study, member, count - claimed)
        if not candidates:
            break
        claimed += _claim_candidates(candidates[: count - claimed], member, protocol, now)
        if claimed == count:
            break
    return claimed


def _candidates(study: Study, member: Member, count: int) -> list[sql.Candidate]:
    seen = member.exposed_through if member.has_exposures else None
    found: list[sql.Candidate] = []
    priority = sql.top_begun_priority(study.pk, below=HIGHEST_PRIORITY + 1)
    while priority is not None and len(found) < count:
        found += _begun(study, member, priority, seen)
        if len(found) < count:
            priority = sql.top_begun_priority(study.pk, below=priority)
    if len(found) < count:
        found += sql.untouched(study.pk, member.pk, member.shuffle_start, count - len(found), seen)
    return found or sql.begun_anywhere(study.pk, member.pk, WINDOW, seen)


def _begun(study: Study, member: Member, priority: int, seen: int | None) -> list[sql.Candidate]:
    """Return candidates of one priority from the first window that holds any, and move the cursor past one's own."""
    position = -1
    while True:
        window = sql.begun(study.pk, member.pk, priority, position, WINDOW, seen)
        free = [c for c in window if c.own_state in (None, Assignment.State.RELEASED)]
        own = window.index(free[0]) if free else len(window)
        if own >= CURSOR_STEP:
            # Samples queued in the same microsecond may lie on both sides of the boundary.
            last = min(window[own - 1].queued_at, free[0].queued_at - 1) if free else window[-1].queued_at
            settled = _microseconds(timezone.now() - CURSOR_LAG)
            if last <= settled:
                with write_transaction():
                    sql.move_cursor(member.pk, priority, last)
        if free or len(window) < WINDOW:
            return _in_personal_order(free, member)
        position = window[-1].queued_at


def _in_personal_order(candidates: list[sql.Candidate], member: Member) -> list[sql.Candidate]:
    """Put what the member once held first; start the rest at a place of the member's own."""
    mine = [c for c in candidates if c.own_state is not None]
    rest = [c for c in candidates if c.own_state is None]
    start = member.shuffle_start % len(rest) if rest else 0
    return mine + rest[start:] + rest[:start]


def _claim_candidates(candidates: Sequence[sql.Candidate], member: Member, protocol: Protocol, now: datetime) -> int:
    expires_at = now + timedelta(minutes=protocol.lease_minutes)
    everything = slots.all_free(protocol.annotators_per_sample)
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
                    won = sql.claim_untouched(
                        candidate.sample_id, protocol_id=protocol.pk, free_slots=left, queued_at=_microseconds(now)
                    )
                else:
                    won = sql.claim_begun(candidate.sample_id, expected=free, free_slots=left)
                if won:
                    slot_of[candidate.sample_id] = slot
            claims = [(c.sample_id, slot_of[c.sample_id]) for c in candidates if c.sample_id in slot_of]
            if claims:
                stored = sql.insert_assignments(claims, member_id=member.pk, leased_at=now, expires_at=expires_at)
                if stored != len(claims):
                    raise _SameSampleTwice
                sql.insert_history(
                    [(sample, Event.LEASED, {"slot": slot}) for sample, slot in claims],
                    study_id=member.study_id,
                    member_id=member.pk,
                    user_id=member.user_id,
                    at=now,
                )
    except _SameSampleTwice:
        return 0
    return len(slot_of)


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
            sql.give_slot_back(row.sample_id, slot_bit=slots.bit(row.slot), queued_at=_microseconds(now) + released)
            sql.insert_history(
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
