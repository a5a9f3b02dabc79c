"""Participants' actions in a discussion: reasons first, then comments and stances."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotAllowed, NotFound, WorkflowError, WrongState
from annotation.core.transactions import write_transaction
from annotation.models import Discussion, Member, Participant, Post, Stance, Study, Topic, User

from . import case as discussion_case
from .case import DiscussionCase, is_handed_over, require_open_study
from .closing import HistorySteps, settle_case
from .views import CaseView, build_view

TEXT_LENGTH = 4000
LONGEST_SECONDS = 24 * 3600.0
EVENTS = {
    Post.Kind.REASON: "discussion_reason",
    Post.Kind.COMMENT: "discussion_comment",
    Post.Kind.KEEP: "stance_kept",
    Post.Kind.MOVE: "stance_moved",
}


@dataclass(frozen=True, slots=True)
class StanceReason:
    """A reason for a stance: one of `Post.Reason`, free text, or both."""

    code: str = ""
    text: str = ""

    @property
    def empty(self) -> bool:
        """Whether neither code nor text is given."""
        return not self.code and not self.text.strip()


@dataclass(frozen=True, slots=True)
class _Act:
    """One participant's action on one dimension; ``level`` is their stance from then on."""

    topic: Topic
    kind: Post.Kind
    level: int | None
    reason: StanceReason


_Plan = Callable[[DiscussionCase, Participant], list[_Act]]


def give_reasons(
    *,
    by: User,
    discussion_id: str,
    client_key: UUID,
    reasons: Mapping[str, StanceReason],
    stances: Mapping[str, float] | None = None,
    seconds: float | None = None,
) -> CaseView:
    """Store the user's reasons by dimension; return the case with what they reveal.

    ``stances`` may name a value with a reason: whoever has come later has none yet and must, anybody else may.
    The same key again stores nothing and answers the same.

    Raises:
        NotFound: the user does not take part.
        BadInput: a dimension is unknown, a reason is empty, a value is missing or none of the levels.
        WrongState: `already_given`, `topic_closed`, `closed`, `handed_over`, `excused`, `study_paused`,
            `study_closed`, `member_paused`, `client_key_reused`.
    """
    values = stances or {}

    def plan(case: DiscussionCase, me: Participant) -> list[_Act]:
        faults = _unknown_dimensions(case, "reasons", reasons) | _unknown_dimensions(case, "stances", values)
        faults |= {f"stances.{key}": "Give a reason with it." for key in values if key not in reasons}
        if not reasons:
            faults["reasons"] = "Give at least one."
        acts = []
        for topic, key in _find_topics(case, reasons):
            faults |= _reason_faults(f"reasons.{key}", reasons[key], needed=True)
            stance = case.stance(me, topic)
            level = stance.level_id
            if key in values:
                level = _find_level(case, topic, values[key])
                if level is None:
                    faults[f"stances.{key}"] = _allowed_values(case, topic)
            elif level is None:
                faults[f"stances.{key}"] = "You have no value here yet: give one with your reason."
            acts.append(_Act(topic, Post.Kind.REASON, level, reasons[key]))
        _raise_faults(faults)
        _require_open(acts, case)
        given = [case.dimension(act.topic).key for act in acts if case.stance(me, act.topic).reasoned_at is not None]
        if given:
            raise WrongState(
                "You have given this reason already; answer with a comment, or keep or move your value.",
                code="already_given",
                fields={f"reasons.{key}": "Given already." for key in given},
            )
        return acts

    return _perform_acts(by, discussion_id, client_key, seconds, plan)


def post_comment(
    *, by: User, discussion_id: str, client_key: UUID, dimension: str, text: str, seconds: float | None = None
) -> CaseView:
    """Comment on a dimension without changing the stance; repeated keys store nothing.

    Raises:
        NotFound, BadInput: as for `give_reasons`.
        WrongState: `reason_first` where the own reason is missing, and those of `give_reasons`.
    """
    said = {dimension: StanceReason(text=text)}

    def plan(case: DiscussionCase, me: Participant) -> list[_Act]:
        faults = {} if _find_topics(case, said) else {"dimension": "Not discussed here."}
        faults |= _reason_faults("text", said[dimension], needed=True)
        _raise_faults(faults)
        acts = [
            _Act(topic, Post.Kind.COMMENT, case.stance(me, topic).level_id, said[dimension])
            for topic, _ in _find_topics(case, said)
        ]
        _require_open(acts, case)
        _require_reasoned(acts, case, me)
        return acts

    return _perform_acts(by, discussion_id, client_key, seconds, plan)


def take_stances(
    *,
    by: User,
    discussion_id: str,
    client_key: UUID,
    stances: Mapping[str, float],
    reasons: Mapping[str, StanceReason] | None = None,
    seconds: float | None = None,
) -> CaseView:
    """Keep or change the user's values by dimension; all are stored, or none.

    The own value again keeps it, with a reason or without; any other one moves, which needs a reason. A dimension on
    which all then stand together closes. The same key again stores nothing and answers the same.

    Raises:
        NotFound, BadInput: as for `give_reasons`; `reasons.…` names a move without a reason.
        WrongState: `reason_first` where the own reason is missing, and those of `give_reasons`.
    """
    why = reasons or {}

    def plan(case: DiscussionCase, me: Participant) -> list[_Act]:
        faults = _unknown_dimensions(case, "stances", stances) | _unknown_dimensions(case, "reasons", why)
        faults |= {f"reasons.{key}": "No value goes with it." for key in why if key not in stances}
        if not stances:
            faults["stances"] = "Give at least one."
        acts = []
        for topic, key in _find_topics(case, stances):
            level = _find_level(case, topic, stances[key])
            if level is None:
                faults[f"stances.{key}"] = _allowed_values(case, topic)
            moves = level != case.stance(me, topic).level_id
            reason = why.get(key, StanceReason())
            faults |= _reason_faults(f"reasons.{key}", reason, needed=moves)
            acts.append(_Act(topic, Post.Kind.MOVE if moves else Post.Kind.KEEP, level, reason))
        _raise_faults(faults)
        _require_open(acts, case)
        _require_reasoned(acts, case, me)
        return acts

    return _perform_acts(by, discussion_id, client_key, seconds, plan)


def _perform_acts(by: User, discussion_id: str, client_key: UUID, seconds: float | None, plan: _Plan) -> CaseView:
    """Perform the acts that ``plan`` makes of the locked case, once per key; return the case."""
    mine = _find_participation(by, discussion_id)
    if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_SECONDS):
        raise BadInput("That is no time.", fields={"seconds": f"From 0 to {LONGEST_SECONDS:g} seconds."})
    now = timezone.now()
    try:
        with write_transaction():
            case = discussion_case.lock_case(discussion_id)
            me = next(one for one in case.participants if one.pk == mine)
            if not _done_before(case, me, client_key):
                _require_may_act(case, me, now)
                _store_acts(case, me, plan(case, me), client_key=client_key, seconds=seconds, by=by, at=now)
    except IntegrityError:
        # Only where the same key came for two discussions at once: the rows of one are locked.
        if Post.objects.filter(client_key=client_key).exclude(discussion__public_id=discussion_id).exists():
            raise _key_reused_error() from None
        raise
    return build_view(by, case)


def _find_participation(by: User, discussion_id: str) -> int:
    found = (
        Participant.objects.filter(discussion__public_id=discussion_id, member__user=by)
        .exclude(member__state=Member.State.LEFT)
        .values_list("pk", flat=True)
        .first()
    )
    if found is not None:
        return found
    study = Study.objects.filter(discussions__public_id=discussion_id).first()
    if study is not None and permissions.may_read_results(by, study):
        raise NotAllowed("Only those who take part discuss; admins can excuse, replace and decide.")
    raise NotFound("There is no such discussion, or you do not take part in it.")


def _done_before(case: DiscussionCase, me: Participant, client_key: UUID) -> bool:
    known = Post.objects.filter(client_key=client_key).values_list("participant_id", flat=True).first()
    if known is not None and known != me.pk:
        raise _key_reused_error()
    return known is not None


def _key_reused_error() -> WorkflowError:
    return WrongState("This client key was used for something else.", code="client_key_reused")


def _require_may_act(case: DiscussionCase, me: Participant, now: datetime) -> None:
    if case.discussion.state == Discussion.State.CLOSED:
        raise WrongState("This discussion is over; its values stand.", code="closed")
    require_open_study(case.study)
    if case.study.state != Study.State.RUNNING:
        raise WrongState("This study stands still; discussions go on when it does.", code="study_paused")
    if me.member.state != Member.State.ACTIVE:
        raise WrongState("You are paused in this study.", code="member_paused")
    if not permissions.may_score(me.member):
        raise NotAllowed("Only annotators and admins discuss.")
    if me.state != Participant.State.ACTIVE:
        raise WrongState("An admin has excused you from this discussion.", code="excused")
    if is_handed_over(case.discussion, now):
        raise WrongState("The time for this discussion is over; the admins decide now.", code="handed_over")


def _store_acts(
    case: DiscussionCase,
    me: Participant,
    acts: list[_Act],
    *,
    client_key: UUID,
    seconds: float | None,
    by: User,
    at: datetime,
) -> None:
    steps = HistorySteps(at=at, user_id=by.pk, member_id=me.member_id)
    moved: list[Stance] = []
    posts: list[Post] = []
    for place, act in enumerate(acts):
        stance = case.stance(me, act.topic)
        post = Post(
            discussion=case.discussion,
            participant=me,
            dimension_id=act.topic.dimension_id,
            kind=act.kind,
            before_id=stance.level_id,
            level_id=act.level,
            reason=act.reason.code,
            text=act.reason.text.strip(),
            # The time was spent once, on all of them.
            seconds=seconds if place == 0 else None,
            client_key=client_key,
            at=at,
        )
        posts.append(post)
        if act.kind == Post.Kind.COMMENT:
            continue
        stance.first_id = stance.first_id if stance.first_id is not None else act.level
        stance.level_id = act.level
        if act.kind == Post.Kind.REASON:
            stance.reasoned_at = at
        else:
            stance.answered_at = at
        moved.append(stance)
    Post.objects.bulk_create(posts)
    Stance.objects.bulk_update(moved, ["first", "level", "reasoned_at", "answered_at"])
    case.posts += posts
    for act, post in zip(acts, posts, strict=True):
        steps.add(EVENTS[act.kind], **_history_detail(case, act, post))
    settle_case(case, steps)


def _history_detail(case: DiscussionCase, act: _Act, post: Post) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "discussion": case.discussion.public_id,
        "post": post.public_id,
        "dimension": case.dimension(act.topic).key,
    }
    if act.kind != Post.Kind.COMMENT:
        detail |= {"before": case.value(post.before_id), "value": case.value(post.level_id), "reason": post.reason}
    return detail


def _find_topics(case: DiscussionCase, keys: Mapping[str, Any]) -> list[tuple[Topic, str]]:
    """Return the topics that are named, in the rubric's order."""
    named = [(topic, case.dimension(topic).key) for topic in case.topics]
    return [(topic, key) for topic, key in named if key in keys]


def _unknown_dimensions(case: DiscussionCase, field: str, given: Mapping[str, Any]) -> dict[str, str]:
    known = {case.dimension(topic).key for topic in case.topics}
    return {f"{field}.{key}": "Not discussed here." for key in given if key not in known}


def _reason_faults(field: str, reason: StanceReason, *, needed: bool) -> dict[str, str]:
    if reason.code and reason.code not in Post.Reason.values:
        return {field: "No such reason; one of " + ", ".join(Post.Reason.values) + "."}
    if len(reason.text) > TEXT_LENGTH:
        return {field: f"At most {TEXT_LENGTH} characters."}
    if "\x00" in reason.text:
        return {field: "Text without the NUL character."}
    if needed and reason.empty:
        return {field: "Say why, or choose a reason from the list."}
    return {}


def _find_level(case: DiscussionCase, topic: Topic, value: float) -> int | None:
    return case.dimension(topic).level_of.get(value) if type(value) in (int, float) else None


def _allowed_values(case: DiscussionCase, topic: Topic) -> str:
    values = ", ".join(f"{level.value:g}" for level in case.dimension(topic).levels)
    return f"Not a level of this dimension; choose one of {values}."


def _raise_faults(faults: Mapping[str, str]) -> None:
    if faults:
        raise BadInput("This cannot be stored; nothing was.", fields=faults)


def _require_open(acts: list[_Act], case: DiscussionCase) -> None:
    closed = [case.dimension(act.topic).key for act in acts if act.topic.closed_at is not None]
    if closed:
        raise WrongState(
            f"{', '.join(closed)}: already agreed; its value stands.",
            code="topic_closed",
            fields=dict.fromkeys(closed, "Already agreed."),
        )


def _require_reasoned(acts: list[_Act], case: DiscussionCase, me: Participant) -> None:
    if not case.reason_first:
        return
    missing = [case.dimension(act.topic).key for act in acts if case.stance(me, act.topic).reasoned_at is None]
    if missing:
        raise WrongState(
            f"Give your own reason first: {', '.join(missing)}.",
            code="reason_first",
            fields=dict.fromkeys(missing, "Your own reason comes first."),
        )
