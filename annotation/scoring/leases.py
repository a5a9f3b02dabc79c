"""Renews, skips, expires, releases and regains leases."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from annotation.core import slot_mask
from annotation.core.errors import BadInput, NotFound, WrongState
from annotation.core.history import insert_history
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import Event, next_state
from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Member, Sample, Skip, Study, User
from annotation.suggestions import showing
from annotation.suggestions import suggestions_sql as suggesting_sql
from annotation.suggestions.arms import SlotChoice, SuggestionArm

from . import claiming_sql, revision_expiry
from .assignment_sql import OwnAssignment
from .assignment_sql import find_own_assignment as read_own_assignment
from .unassignable import can_be_blocked, skips_of


def require_own_assignment(by: User, assignment_id: str) -> OwnAssignment:
    """Return the user's own assignment with its sample and study, or raise `NotFound`."""
    assignment = read_own_assignment(assignment_id, by.pk)
    if assignment is None:
        raise NotFound("There is no such assignment, or it is not yours.")
    return assignment


def renew_lease(*, by: User, assignment_id: str) -> datetime:
    """Prolong a lease or the time to revise, never shorten it; return its end.

    Raises:
        NotFound: it is not the user's.
        WrongState: it has ended (`lease_lost`).
    """
    assignment = require_own_assignment(by, assignment_id)
    now = timezone.now()
    expires_at = now + timedelta(minutes=assignment.lease_minutes)
    mine = Assignment.objects.filter(pk=assignment.id, member__state=Member.State.ACTIVE)
    with write_transaction():
        if assignment.revise_until is None:
            expires_at = max(assignment.expires_at, expires_at)
            longer = Greatest("expires_at", Value(expires_at, output_field=DateTimeField()))
            held = mine.filter(state=Assignment.State.LEASED, expires_at__gt=now)
            renewed = held.update(expires_at=longer)
        else:
            renewed = mine.filter(revise_until__gt=now).update(revise_until=expires_at)
    if not renewed:
        raise WrongState("This sample is no longer reserved for you.", code="lease_lost")
    return expires_at


def skip_sample(*, by: User, assignment_id: str, client_key: UUID, reason: str, note: str = "") -> None:
    """Skip a sample with a reason; the annotator does not get it again, and k skips block it.

    The same key again changes nothing.

    Raises:
        BadInput: an unknown reason, or none in words where the reason is `other`.
        WrongState: it is no longer the user's to skip.
    """
    if reason not in Skip.Reason.values:
        raise BadInput("No such reason.", fields={"reason": "One of " + ", ".join(Skip.Reason.values) + "."})
    if reason == Skip.Reason.OTHER and not note.strip():
        raise BadInput("Say in a few words why.", fields={"note": "Needed with the reason “other”."})
    assignment = require_own_assignment(by, assignment_id)
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().get(pk=assignment.sample_id)
        known = Skip.objects.filter(client_key=client_key).first()
        if known is not None:
            if known.assignment_id == assignment.id:
                return
            raise WrongState("This client key was used for something else.", code="client_key_reused")
        left = Assignment.objects.filter(pk=assignment.id, state=Assignment.State.LEASED).update(
            state=Assignment.State.SKIPPED, finished_at=now
        )
        if not left:
            raise _not_held_error(assignment)
        Skip.objects.create(assignment_id=assignment.id, reason=reason, note=note, client_key=client_key, at=now)
        skips = skips_of(sample)
        steps: list[tuple[int, str, dict[str, Any]]] = [(sample.pk, Event.SKIPPED, {"reason": reason, "skips": skips})]
        if skips >= assignment.annotators_per_sample and can_be_blocked(sample.state, Event.SKIPPED_BY_ALL):
            sample.state = next_state(sample.state, Event.SKIPPED_BY_ALL)
            sample.state_reason = "skipped"
            sample.stage, sample.free_slots = Sample.Stage.CLOSED, 0
            sample.save(update_fields=["state", "state_reason", "stage", "free_slots"])
            steps.append((sample.pk, Event.SKIPPED_BY_ALL, {"to": sample.state}))
        else:
            next_state(sample.state, Event.SKIPPED)
            claiming_sql.give_slot_back(
                sample.pk, slot_bit=slot_mask.mask_of_slot(assignment.slot), queued_at=to_microseconds(now)
            )
        insert_history(steps, study_id=assignment.study_id, member_id=assignment.member_id, user_id=by.pk, at=now)


def expire_leases(*, limit: int = 500) -> int:
    """Free the slots of expired leases and end overdue revisions; return how many."""
    ended = revision_expiry.expire_revisions(limit=limit)
    now = timezone.now()
    expired = (
        Assignment.objects.filter(state=Assignment.State.LEASED, expires_at__lte=now)
        .order_by("expires_at")
        .values_list("pk", flat=True)[:limit]
    )
    return ended + release_leases(list(expired), event="lease_expired", expired_at=now)


def release_member_leases(*, member: Member) -> int:
    """Release a member's leases and end their revisions; return how many leases there were."""
    revision_expiry.end_member_revisions(member=member)
    return release_leases(
        list(Assignment.objects.filter(member=member, state=Assignment.State.LEASED).values_list("pk", flat=True)),
        event="released",
    )


def regain_slot(assignment: OwnAssignment, now: datetime) -> SuggestionArm | None:
    """Take a slot again for a lost lease; return its arm, or None where no slot is free.

    Call it in a transaction. Who was shown prefilled values gets no blind slot; who was to see the judge's later does
    not see them in one.
    """
    if assignment.member_state != Member.State.ACTIVE or assignment.study_state != Study.State.RUNNING:
        return None
    sample = Sample.objects.select_for_update().only("stage", "free_slots").get(pk=assignment.sample_id)
    if sample.stage != Sample.Stage.BEGUN:
        return None
    seat = _seat_again(assignment, sample.free_slots)
    if seat is None:
        return None
    left = slot_mask.take_slot(sample.free_slots, seat.slot)
    if not claiming_sql.claim_begun(sample.pk, expected=sample.free_slots, free_slots=left):
        return None
    expires_at = now + timedelta(minutes=assignment.lease_minutes)
    # An import that gave the sample another content meanwhile gave the assignment another id.
    lost = Assignment.objects.filter(pk=assignment.id, public_id=assignment.public_id, state=Assignment.State.RELEASED)
    if not lost.update(state=Assignment.State.LEASED, slot=seat.slot, arm=seat.arm, expires_at=expires_at):
        return None
    if seat.arm is SuggestionArm.BLIND and assignment.arm != SuggestionArm.BLIND:
        suggesting_sql.forget_unseen([assignment.id])
    return seat.arm


def _seat_again(assignment: OwnAssignment, free: int) -> SlotChoice | None:
    if assignment.arm == SuggestionArm.BLIND:
        return SlotChoice(slot_mask.lowest_slot(free), SuggestionArm.BLIND)
    rubric = load_rubric(assignment.rubric_id)
    # The sample is begun, so it follows its own protocol.
    found = showing.suggestion_rules(
        [assignment.sample_id], member_id=assignment.member_id, protocol_id=0, rubric=rubric
    )
    return found[assignment.sample_id].choose_slot_again(free, SuggestionArm(assignment.arm))


def release_leases(assignments: Sequence[int], *, event: str, expired_at: datetime | None = None) -> int:
    """Free the slots of leases and return how many; with ``expired_at`` only expired ones."""
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
            if not still.update(state=Assignment.State.RELEASED, assigned=False):
                continue
            # No two in the same microsecond: a cursor between them would hide one.
            claiming_sql.give_slot_back(
                row.sample_id, slot_bit=slot_mask.mask_of_slot(row.slot), queued_at=to_microseconds(now) + released
            )
            insert_history(
                [(row.sample_id, event, {"slot": row.slot})],
                study_id=row.member.study_id,
                member_id=row.member_id,
                user_id=row.member.user_id,
                at=now,
            )
            released += 1
    return released


def _not_held_error(assignment: OwnAssignment) -> WrongState:
    state = Assignment.objects.values_list("state", flat=True).get(pk=assignment.id)
    if state == Assignment.State.SCORED:
        return WrongState("You have scored this sample already.", code="already_scored")
    if state == Assignment.State.SKIPPED:
        return WrongState("You have skipped this sample already.", code="already_skipped")
    return WrongState("This sample is no longer reserved for you.", code="lease_lost")
