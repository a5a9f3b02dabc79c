"""Assigns one sample to members named by an admin, for several days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from annotation.core import slot_mask
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import insert_history
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import Event, next_state
from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.discussions.case import why_away
from annotation.models import Assignment, Member, Protocol, Sample, Study, User
from annotation.scoring import claiming_sql
from annotation.scoring.leases import release_leases
from annotation.suggestions import showing
from annotation.suggestions.arms import SuggestionArm

from .admin_step import find_sample, lock_sample, member_id_of, reload_sample
from .eligibility import EligibleAnnotator, member_eligibility

FEWEST_DAYS, MOST_DAYS = 1, 30
MOST_PEOPLE = 15
# Who is given what they were given a moment ago keeps it as it is: to ask again changes nothing.
SAME = timedelta(hours=1)
# Why nobody can be given a sample, by its state, with what to do first.
CLOSED = {
    Sample.State.IN_DISCUSSION: "It is being discussed, and nobody scores it meanwhile.",
    Sample.State.AGREED: "It is agreed. Send it to cross-review or reopen it first.",
    Sample.State.BLOCKED: "It is blocked. Reopen it first.",
    Sample.State.WITHDRAWN: "It was withdrawn. Reopen it first.",
}
CANNOT = {
    "scored": "{name} has scored it already.",
    "skipped": "{name} has skipped it.",
    "seen": "{name} has seen its scores or its generator.",
    "paused": "{name} is paused.",
    "left": "{name} has left the study.",
    "researcher": "{name} is a researcher and does not score.",
    "no_login": "{name} has no login.",
}


@dataclass(frozen=True, slots=True)
class AssignedAnnotator:
    """A member who holds the sample; ``new`` where they did not hold it before."""

    member: Member
    until: datetime
    new: bool


@dataclass(frozen=True, slots=True)
class SampleAssignees:
    """A sample and the members it was assigned to, in the order given."""

    sample: Sample
    assignees: list[AssignedAnnotator]


def assign_sample(*, by: User, sample_id: str, members: Sequence[str], days: int = 3) -> SampleAssignees:
    """Assign a sample for ``days`` to members, given by public ids; to all or none.

    A sample that was never leased is opened under the rules of now. Who holds it already keeps it at least as long.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: nobody is named, somebody who cannot score it, or days out of range.
        WrongState: `no_slot` where it takes fewer scores than people are named; `study_not_running`, and where it is
            in a state in which nobody scores it.
    """
    named = _find_members(members, days)
    now = timezone.now()
    until = now + timedelta(days=days)
    with write_transaction():
        study = find_sample(by, sample_id).study
        # Members before samples, as where somebody is paused and loses what they hold.
        rows = Member.objects.select_for_update(no_key=True).filter(study=study, public_id__in=named)
        members_by_id = {member.public_id: member for member in rows.order_by("pk")}
        sample = lock_sample(by, sample_id)
        if sample.study.state != Study.State.RUNNING:
            raise WrongState("People are given samples only while the study runs.", code="study_not_running")
        if sample.state in CLOSED:
            raise WrongState(CLOSED[Sample.State(sample.state)])
        _release_lapsed(sample, now)
        annotators = _check_members([members_by_id.get(name) for name in named], sample)
        _lease_slots([annotator.member for annotator in annotators if annotator.free], sample, now=now, until=until)
        assignees = [
            AssignedAnnotator(
                annotator.member,
                until if annotator.free else _prolong_lease(annotator, sample, until),
                new=annotator.free,
            )
            for annotator in annotators
        ]
        state = next_state(sample.state, Event.ASSIGNED)
        insert_history(
            [
                (
                    sample.pk,
                    Event.ASSIGNED,
                    {"to": state, "member": one.member.public_id, "value": one.until.isoformat()},
                )
                for one, annotator in zip(assignees, annotators, strict=True)
                if annotator.free or not annotator.assigned or one.until != annotator.held_until
            ],
            study_id=study.pk,
            member_id=member_id_of(by, study),
            user_id=by.pk,
            at=now,
        )
    return SampleAssignees(reload_sample(sample), assignees)


def count_assignable_slots(sample: Sample) -> int:
    """Return how many more members a sample can be assigned to now."""
    if sample.state in CLOSED:
        return 0
    if sample.stage == Sample.Stage.UNTOUCHED:
        current = Protocol.objects.filter(study=sample.study_id, current=True)
        return current.values_list("annotators_per_sample", flat=True).get()
    return sample.free_slots.bit_count()


def _find_members(members: Sequence[str], days: int) -> list[str]:
    faults = {}
    named = list(dict.fromkeys(members))
    if not 1 <= len(named) <= MOST_PEOPLE:
        faults["members"] = f"Name 1 to {MOST_PEOPLE} people."
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        faults["days"] = f"From {FEWEST_DAYS} to {MOST_DAYS}."
    if faults:
        raise BadInput("Nobody was given the sample.", fields=faults)
    return named


def _release_lapsed(sample: Sample, now: datetime) -> None:
    """Release the sample's leases that are past their end and not yet expired by the periodic job."""
    lapsed = Assignment.objects.filter(sample=sample, state=Assignment.State.LEASED, expires_at__lte=now)
    if release_leases(list(lapsed.values_list("pk", flat=True)), event="lease_expired", expired_at=now):
        sample.refresh_from_db(fields=["stage", "free_slots"])


def _check_members(people: Sequence[Member | None], sample: Sample) -> list[EligibleAnnotator]:
    """Return each member's eligibility, or raise naming all who cannot score the sample."""
    faults = ["There is nobody of that id in this study."] if None in people else []
    known = [member for member in people if member is not None]
    annotators = member_eligibility(known, [sample])[sample.pk]
    for annotator in annotators:
        member = annotator.member
        why = why_away(state=member.state, role=member.role, user_id=member.user_id) or annotator.had
        if why:
            faults.append(CANNOT[why].format(name=member.name))
    if faults:
        raise BadInput("Nobody was given the sample.", fields={"members": " ".join(faults)})
    return annotators


def _lease_slots(members: Sequence[Member], sample: Sample, *, now: datetime, until: datetime) -> None:
    """Lease a free slot to each member; the sample is opened if it never was.

    Who was shown a judge's values of it before goes first: they cannot take every slot.
    """
    if not members:
        return
    protocol = Protocol.objects.get(study=sample.study_id, current=True)
    untouched = sample.stage == Sample.Stage.UNTOUCHED
    free = slot_mask.all_free(protocol.annotators_per_sample) if untouched else sample.free_slots
    if free.bit_count() < len(members):
        raise WrongState(
            f"It takes {free.bit_count()} more scores, and {len(members)} people were named who do not have it yet.",
            code="no_slot",
        )
    left = free
    shown = _shown_before(members, sample)
    for member in sorted(members, key=lambda member: member.pk not in shown):
        left = slot_mask.take_slot(left, _lease_slot(member, sample, protocol, left, now=now, until=until))
    if untouched:
        claiming_sql.claim_untouched(
            sample.pk,
            protocol_id=protocol.pk,
            free_slots=left,
            scores_needed=protocol.annotators_per_sample,
            queued_at=to_microseconds(now),
        )
    else:
        claiming_sql.claim_begun(sample.pk, expected=free, free_slots=left)


def _lease_slot(
    member: Member, sample: Sample, protocol: Protocol, free: int, *, now: datetime, until: datetime
) -> int:
    """Lease one of the free slots, in the arm that it was drawn for, and return it."""
    rubric = load_rubric(sample.study.rubric_id)
    # Asked for one at a time, as whether somebody else is blind on it changes with each.
    rules = showing.suggestion_rules([sample.pk], member_id=member.pk, protocol_id=protocol.pk, rubric=rubric)
    rule = rules[sample.pk]
    choice = rule.choose_slot(free)
    if choice is None:
        raise BadInput(
            "Nobody was given the sample.",
            fields={"members": f"{member.name} has seen a judge’s values of it, and only a blind place is left."},
        )
    returning = Assignment.objects.filter(sample=sample, member=member).exists()
    stored = claiming_sql.insert_assignments(
        [(sample.pk, choice.slot, choice.arm)], member_id=member.pk, leased_at=now, expires_at=until, assigned=True
    )
    assignment_id, _ = stored[sample.pk]
    showing.store_suggestions([(assignment_id, rule, choice)], returning=[assignment_id] if returning else [], at=now)
    return choice.slot


def _shown_before(members: Sequence[Member], sample: Sample) -> set[int]:
    """Return who held the sample in the prefilled arm and gave it back."""
    before = Assignment.objects.filter(sample=sample, member__in=members, arm=SuggestionArm.PREFILLED)
    return set(before.values_list("member_id", flat=True))


def _prolong_lease(annotator: EligibleAnnotator, sample: Sample, until: datetime) -> datetime:
    """Prolong a member's lease at least to ``until``; return its end."""
    assert annotator.held_until is not None
    if annotator.assigned and annotator.held_until > until - SAME:
        return annotator.held_until
    until = max(until, annotator.held_until)
    Assignment.objects.filter(sample=sample, member=annotator.member).update(expires_at=until, assigned=True)
    return until
