"""Admins' actions on discussions: decide, excuse or replace participants, set deadlines."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F, Max
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound, WrongState
from annotation.core.history import insert_history
from annotation.core.sample_states import Event
from annotation.core.transactions import write_transaction
from annotation.core.visibility import discussions_visible_to
from annotation.models import Discussion, FinalScore, HistoryEntry, Member, Participant, Sample, Stance, Study, User
from annotation.scoring.exposures import is_exposed_to, record_exposure

from . import case as discussion_case
from .case import DiscussionCase, require_open_study
from .closing import HistorySteps, conclude_case, set_final, settle_case, store_case
from .views import CaseView, build_view

REASON_LENGTH = 2000
EXCUSED_LENGTH = 400
FEWEST = 2
LONGEST = timedelta(days=3 * 365)


def override_topics(*, by: User, discussion_id: str, values: Mapping[str, float], reason: str) -> CaseView:
    """Decide open dimensions instead of the participants; no signatures are stored.

    The discussion of the dimensions that are not named goes on.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: no reason, or a dimension or value that there is not.
        WrongState: `closed`, `topic_closed`, `study_closed`.
    """
    words = _check_reason(reason, REASON_LENGTH)
    now = timezone.now()
    with write_transaction():
        case = _lock_case(by, discussion_id)
        levels = _check_levels(case, values)
        steps = HistorySteps(at=now, user_id=by.pk, member_id=_find_member(case, by))
        for topic in case.topics:
            dimension = case.dimension(topic)
            if dimension.key not in levels:
                continue
            level = levels[dimension.key]
            outcome = FinalScore.Outcome.OVERRIDDEN
            set_final(case, topic, level, outcome=outcome, at=now, reason=words, by=by)
            steps.add(
                "topic_overridden",
                discussion=case.discussion.public_id,
                dimension=dimension.key,
                value=case.value(level),
                last={str(one): case.value(case.stance(one, topic).level_id) for one in case.active},
                reason=words,
            )
        conclude_case(case, steps, Event.OVERRIDDEN)
    return build_view(by, case)


def excuse_participant(
    *, by: User, discussion_id: str, participant: str | int, reason: str, replacement: str | None = None
) -> CaseView:
    """Excuse a participant, whom ``replacement`` (a member's public id) may replace.

    What they said stays. At least two remain; where those who remain stand together, the dimension closes.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: no reason; nobody of that pseudonym; a replacement who cannot come.
        WrongState: `closed`, `already_excused`, `two_remain`, `study_closed`.
    """
    words = _check_reason(reason, EXCUSED_LENGTH)
    now = timezone.now()
    with write_transaction():
        case = _lock_case(by, discussion_id)
        leaving = _find_participant(case, participant)
        if leaving.state == Participant.State.EXCUSED:
            raise WrongState(f"{leaving} has been excused already.", code="already_excused")
        coming = _find_replacement(case, replacement) if replacement else None
        if len(case.active) - 1 + (coming is not None) < FEWEST:
            raise WrongState(
                "Two have to remain: name somebody in their place, or decide it yourself.", code="two_remain"
            )
        leaving.state, leaving.excused_because, leaving.waits = Participant.State.EXCUSED, words, False
        leaving.save(update_fields=["state", "excused_because", "waits"])
        steps = HistorySteps(at=now, user_id=by.pk, member_id=_find_member(case, by))
        event = "participant_excused" if coming is None else "participant_replaced"
        by_whom = {} if coming is None else {"by": _add_participant(case, coming, leaving)}
        steps.add(
            event,
            discussion=case.discussion.public_id,
            participant=str(leaving),
            member=leaving.member.public_id,
            reason=words,
            **by_whom,
        )
        settle_case(case, steps)
    return build_view(by, case)


def set_deadline(*, by: User, discussion_id: str, due_at: datetime | None, reason: str) -> CaseView:
    """Change or remove (None) a discussion's deadline; one handed over is reopened to participants.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
        BadInput: no reason, or a time that has passed.
        WrongState: `closed`, `study_closed`.
    """
    words = _check_reason(reason, REASON_LENGTH)
    now = timezone.now()
    if due_at is not None and not now < due_at <= now + LONGEST:
        raise BadInput("The deadline lies in the future, three years ahead at most.", fields={"due_at": "Not then."})
    with write_transaction():
        case = _lock_case(by, discussion_id)
        discussion = case.discussion
        steps = HistorySteps(at=now, user_id=by.pk, member_id=_find_member(case, by))
        steps.add(
            "deadline_set",
            discussion=discussion.public_id,
            before=_time_text(discussion.due_at),
            value=_time_text(due_at),
            reason=words,
        )
        discussion.due_at, discussion.state = due_at, Discussion.State.OPEN
        store_case(case, steps)
    return build_view(by, case)


def hand_over_overdue(*, limit: int = 1000) -> int:
    """Hand overdue discussions of running studies to the admins; return how many."""
    now = timezone.now()
    overdue = Discussion.objects.filter(
        state=Discussion.State.OPEN, due_at__lte=now, study__state=Study.State.RUNNING
    ).order_by("due_at")
    found = list(overdue.values_list("sample_id", "pk")[:limit])
    if not found:
        return 0
    with write_transaction():
        samples = Sample.objects.select_for_update().filter(pk__in=[sample for sample, _ in found])
        list(samples.order_by("pk").values_list("pk"))
        rows = list(
            Discussion.objects.select_for_update()
            .filter(pk__in=[pk for _, pk in found], state=Discussion.State.OPEN, due_at__lte=now)
            .order_by("pk")
        )
        keys = [row.pk for row in rows]
        Discussion.objects.filter(pk__in=keys).update(state=Discussion.State.HANDED_OVER, version=F("version") + 1)
        Participant.objects.filter(discussion__in=keys, waits=True).update(waits=False)
        by_study: dict[int, list[Discussion]] = {}
        for row in rows:
            by_study.setdefault(row.study_id, []).append(row)
        for study, cases in by_study.items():
            insert_history(
                [(case.sample_id, "handed_over", {"discussion": case.public_id}) for case in cases],
                study_id=study,
                member_id=None,
                user_id=None,
                at=now,
            )
    return len(rows)


def give_time_back(*, study: Study, at: datetime) -> None:
    """Extend a resumed study's deadlines by the time it was paused; call in a transaction."""
    paused = HistoryEntry.objects.filter(
        study=study, sample=None, event="study_changed", detail__after__state=Study.State.PAUSED
    )
    since = paused.order_by("-pk").values_list("at", flat=True).first()
    if since is None:
        return
    waiting = Discussion.objects.filter(study=study, state=Discussion.State.OPEN, due_at__gt=since)
    waiting.update(due_at=F("due_at") + (at - since), version=F("version") + 1)


def _lock_case(by: User, discussion_id: str) -> DiscussionCase:
    found = discussions_visible_to(by).select_related("study").filter(public_id=discussion_id).first()
    if found is None:
        raise NotFound("There is no such discussion.")
    permissions.require_lead(by, found.study)
    case = discussion_case.lock_case(discussion_id)
    if case.discussion.state == Discussion.State.CLOSED:
        raise WrongState("This discussion is over; reopen its sample to discuss it again.", code="closed")
    require_open_study(case.study)
    return case


def _find_member(case: DiscussionCase, by: User) -> int | None:
    return Member.objects.filter(study=case.study, user=by).values_list("pk", flat=True).first()


def _check_reason(reason: str, longest: int) -> str:
    words = reason.strip()
    if not words:
        raise BadInput("Say why.", fields={"reason": "Needed: it is kept with the decision."})
    if len(words) > longest or "\x00" in words:
        raise BadInput("The reason is too long.", fields={"reason": f"At most {longest} characters, without NUL."})
    return words


def _check_levels(case: DiscussionCase, values: Mapping[str, float]) -> dict[str, int]:
    dimensions = {case.dimension(topic).key: case.dimension(topic) for topic in case.topics}
    faults = {f"values.{key}": "Not discussed here." for key in values if key not in dimensions}
    if not values:
        faults["values"] = "Give at least one."
    levels: dict[str, int] = {}
    for key, value in values.items():
        if key not in dimensions:
            continue
        level = dimensions[key].level_of.get(value) if type(value) in (int, float) else None
        if level is None:
            allowed = ", ".join(f"{option.value:g}" for option in dimensions[key].levels)
            faults[f"values.{key}"] = f"Not a level of this dimension; choose one of {allowed}."
        else:
            levels[key] = level
    if faults:
        raise BadInput("This cannot be stored; nothing was.", fields=faults)
    closed = [key for topic in case.topics if topic.closed_at and (key := case.dimension(topic).key) in levels]
    if closed:
        raise WrongState(
            f"{', '.join(closed)}: already agreed.", code="topic_closed", fields=dict.fromkeys(closed, "Agreed.")
        )
    return levels


def _find_participant(case: DiscussionCase, participant: str | int) -> Participant:
    wanted = f"R{participant}" if isinstance(participant, int) else participant
    found = next((one for one in case.participants if str(one) == wanted), None)
    if found is None:
        known = ", ".join(str(one) for one in case.participants)
        raise BadInput("Nobody of that name takes part.", fields={"participant": f"One of {known}."})
    return found


def _find_replacement(case: DiscussionCase, replacement: str) -> Member:
    member = Member.objects.filter(study=case.study, public_id=replacement).first()
    fault = ""
    if member is None:
        fault = "There is no such member in this study."
    elif any(one.member_id == member.pk for one in case.participants):
        fault = f"{member.name} takes part, or has taken part, already."
    elif member.user_id is None or not permissions.may_score(member):
        fault = f"{member.name} cannot discuss: only active annotators and admins with a login can."
    elif case.reason_first and is_exposed_to(member, case.sample):
        fault = f"{member.name} has seen what the others said, and can give no reason of their own first."
    if member is None or fault:
        raise BadInput(fault, fields={"replacement": fault})
    return member


def _add_participant(case: DiscussionCase, member: Member, leaving: Participant) -> str:
    """Add a participant under the next pseudonym, without a value; return the pseudonym."""
    last = Participant.objects.filter(discussion=case.discussion).aggregate(last=Max("number"))["last"]
    one = Participant.objects.create(
        discussion=case.discussion, member=member, number=last + 1, replaces=leaving, waits=True
    )
    stances = [Stance(participant=one, dimension_id=topic.dimension_id) for topic in case.topics]
    Stance.objects.bulk_create(stances)
    case.participants.append(one)
    case.stances |= {(one.pk, stance.dimension_id): stance for stance in stances}
    # Whoever discusses a sample never scores it as independent afterwards, should it be sent back.
    record_exposure(member=member, samples=[case.sample])
    return str(one)


def _time_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
