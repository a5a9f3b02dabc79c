"""Builds the view of a discussion that one reader may see. Read-only.

Those who take part see pseudonyms, and on each dimension nothing of the others before their own reason: no value, no
post, no count. Admins see everything under names, researchers under the pseudonyms of the study. An admin who takes
part sees what a participant sees until all of their own reasons are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import NotFound
from annotation.core.sample_content import SampleSides, build_sample_views
from annotation.core.score_rules import complete_scores
from annotation.core.visibility import deciding_level, discussions_visible_to
from annotation.models import Discussion, FinalScore, Member, Participant, Post, Rating, Score, Topic, User

from . import case as discussion_case
from .case import DiscussionCase, can_answer, is_covered, state_of, visible_reason, why_away
from .participant_list import LISTS, case_rows, list_discussions, owes_reason, waiting_by_study, waiting_count
from .view_types import (
    CaseView,
    DiscussionListRow,
    MineView,
    ParticipantView,
    PostView,
    SettledView,
    StanceView,
    TopicView,
)

# The one door for reading discussions.
__all__ = [
    "LISTS",
    "CaseView",
    "DiscussionListRow",
    "MineView",
    "ParticipantView",
    "PostView",
    "SettledView",
    "StanceView",
    "TopicView",
    "build_view",
    "case_for",
    "case_rows",
    "list_discussions",
    "owes_reason",
    "version_of",
    "waiting_by_study",
    "waiting_count",
]

OPEN, CLOSED = Discussion.State.OPEN, Discussion.State.CLOSED
# Values that say nothing of the others which the list of disputed dimensions does not say already.
PLAIN_OUTCOMES = (FinalScore.Outcome.UNANIMOUS, FinalScore.Outcome.BY_RULE, FinalScore.Outcome.SINGLE)


@dataclass(frozen=True, slots=True)
class _Viewer:
    """The reader of a case, and what they may see of it."""

    me: Participant | None
    everything: bool
    names: bool
    covered: bool


class _First(NamedTuple):
    """One value of the first round, and whether it is among those that decide."""

    value: float
    counts: bool


def case_for(*, by: User, discussion_id: str) -> CaseView:
    """Return the view of a discussion for ``by``.

    Raises:
        NotFound: there is none, or it is not theirs to know.
    """
    pk = discussions_visible_to(by).filter(public_id=discussion_id).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound("There is no such discussion, or you do not take part in it.")
    return build_view(by, discussion_case.read_case(pk))


def build_view(by: User, case: DiscussionCase) -> CaseView:
    """Return the view for ``by`` of a case that is already loaded."""
    return _build_case_view(case, _build_viewer(by, case))


def version_of(*, by: User, discussion_id: str) -> int:
    """Return a discussion's version, which grows with every change, hidden ones included.

    Raises:
        NotFound: there is none, or it is not theirs to know.
    """
    found = discussions_visible_to(by).filter(public_id=discussion_id).values_list("version", flat=True).first()
    if found is None:
        raise NotFound("There is no such discussion, or you do not take part in it.")
    return found


def _build_viewer(by: User, case: DiscussionCase) -> _Viewer:
    me = next((one for one in case.participants if one.member.user_id == by.pk), None)
    member = me.member if me is not None else permissions.find_member(by, case.study)
    leads, reads = permissions.leads_as(by, member), permissions.reads_results_as(by, member)
    covered = me is not None and case.lacks_reason(me)
    if me is not None and covered:
        active = me.state == Participant.State.ACTIVE
        covered = is_covered(case.discussion, active=active, reads=reads, leads=leads, at=timezone.now())
    return _Viewer(me=me, everything=reads and not covered, names=leads and not covered, covered=covered)


def _build_case_view(case: DiscussionCase, viewer: _Viewer) -> CaseView:
    discussion, sample = case.discussion, case.sample
    now = timezone.now()
    state = state_of(discussion, now)
    sides = SampleSides(sample.pk, sample.public_id, sample.has_text, sample.has_image)
    topics = tuple(
        _build_topic(case, topic, viewer, finals, live=state == OPEN)
        for finals in [_read_finals(case)]
        for topic in case.topics
    )
    me = viewer.me
    return CaseView(
        id=discussion.public_id,
        sample=build_sample_views([sides], case.rubric)[sample.pk],
        study_slug=case.study.slug,
        state=state,
        because=discussion.because if viewer.everything else visible_reason(discussion),
        opened_at=discussion.opened_at,
        due_at=discussion.due_at,
        closed_at=discussion.closed_at,
        version=discussion.version,
        me=None if me is None else str(me),
        waits_for_me=me is not None and me.waits and state == OPEN and _can_answer(case, me.member),
        participants=_build_participants(case, viewer, topics),
        topics=topics,
        settled=_build_settled(case, viewer),
        leads=viewer.names,
    )


def _build_participants(
    case: DiscussionCase, viewer: _Viewer, topics: tuple[TopicView, ...]
) -> tuple[ParticipantView, ...]:
    nothing_yet = not viewer.everything and not any(topic.revealed for topic in topics)
    return tuple(
        ParticipantView(
            alias=str(one),
            me=one is viewer.me,
            state=one.state,
            waits=one.waits if one is viewer.me or not viewer.covered else None,
            name=one.member.name if viewer.names else None,
            member_id=one.member.public_id if viewer.everything else None,
            away=_why_away(one.member) if viewer.names else None,
        )
        for one in case.participants
        if one is viewer.me or not nothing_yet
    )


def _why_away(member: Member) -> str | None:
    return why_away(state=member.state, role=member.role, user_id=member.user_id)


def _can_answer(case: DiscussionCase, member: Member) -> bool:
    return can_answer(case.study, state=member.state, role=member.role)


def _build_topic(
    case: DiscussionCase, topic: Topic, viewer: _Viewer, finals: dict[int, tuple[float | None, str]], *, live: bool
) -> TopicView:
    dimension = case.dimension(topic)
    own = case.stance(viewer.me, topic) if viewer.me is not None else None
    revealed = (
        viewer.everything
        or not case.reason_first
        or topic.closed_at is not None
        or (own is not None and own.reasoned_at is not None)
    )
    value, outcome = finals.get(topic.dimension_id, (None, "")) if topic.closed_at is not None else (None, "")
    alias = {one.pk: str(one) for one in case.participants}
    awaited = case.awaited(topic) if live else set()
    return TopicView(
        key=dimension.key,
        name=dimension.name,
        state="open" if topic.closed_at is None and case.discussion.state != CLOSED else "closed",
        revealed=revealed,
        mine=None
        if own is None
        else MineView(case.value(own.first_id), case.value(own.level_id), own.reasoned_at, own.answered_at),
        stances=tuple(_build_stance(case, one, topic) for one in case.participants) if revealed else None,
        posts=tuple(
            _build_post(case, post, alias[post.participant_id])
            for post in case.posts
            if post.dimension_id == topic.dimension_id
            and (revealed or (viewer.me is not None and post.participant_id == viewer.me.pk))
        ),
        waits_for=tuple(str(one) for one in case.participants if one.pk in awaited) if revealed else None,
        value=value,
        outcome=outcome,
        closed_at=topic.closed_at,
    )


def _build_stance(case: DiscussionCase, one: Participant, topic: Topic) -> StanceView:
    stance = case.stance(one, topic)
    return StanceView(
        alias=str(one),
        first=case.value(stance.first_id),
        current=case.value(stance.level_id),
        reasoned_at=stance.reasoned_at,
        answered_at=stance.answered_at,
        excused=one.state == Participant.State.EXCUSED,
    )


def _build_post(case: DiscussionCase, post: Post, alias: str) -> PostView:
    return PostView(
        id=post.public_id,
        alias=alias,
        kind=post.kind,
        before=case.value(post.before_id),
        value=case.value(post.level_id),
        reason=post.reason,
        text=post.text,
        at=post.at,
    )


def _read_finals(case: DiscussionCase) -> dict[int, tuple[float | None, str]]:
    """Return final value and outcome by dimension, as of this discussion."""
    rows = FinalScore.objects.filter(discussion=case.discussion).order_by("version")
    return {
        dimension: (case.value(level), outcome)
        for dimension, level, outcome in rows.values_list("dimension_id", "level_id", "outcome")
    }


def _build_settled(case: DiscussionCase, viewer: _Viewer) -> tuple[SettledView, ...]:
    discussed = {topic.dimension_id for topic in case.topics}
    rows = FinalScore.objects.filter(sample=case.sample, current=True).exclude(dimension__in=discussed)
    finals = {row.dimension_id: row for row in rows}
    firsts = _read_first_values(case)
    settled = []
    for dimension in case.rubric.dimensions:
        final = finals.get(dimension.id)
        if final is None:
            continue
        given = firsts.get(dimension.id, [])
        outcome = final.outcome if viewer.everything else _visible_outcome(final.outcome, given)
        known = not viewer.covered or outcome in PLAIN_OUTCOMES
        settled.append(
            SettledView(
                key=dimension.key,
                name=dimension.name,
                value=case.value(final.level_id) if known else None,
                outcome=outcome,
                firsts=None if viewer.covered else tuple(sorted(first.value for first in given)),
            )
        )
    return tuple(settled)


def _read_first_values(case: DiscussionCase) -> dict[int, list[_First]]:
    """Return the values of the first round on what is not discussed, by dimension."""
    values = Rating.objects.filter(complete_scores("score__"), score__sample=case.sample).exclude(
        dimension__in=[topic.dimension_id for topic in case.topics]
    )
    deciding = values.annotate(deciding=deciding_level()).order_by()
    found: dict[int, list[_First]] = {}
    for dimension, level, origin in deciding.values_list("dimension_id", "deciding", "score__origin"):
        counts = case.sample.counts_imported or origin != Score.Origin.IMPORTED
        found.setdefault(dimension, []).append(_First(case.rubric.value_of(level), counts))
    return found


def _visible_outcome(outcome: str, firsts: Sequence[_First]) -> str:
    """Return the outcome shown to participants: after a review, the one without it."""
    # That a review was asked for says that all before it agreed, and so whose value it is that differs.
    if outcome != FinalScore.Outcome.REVIEWED:
        return outcome
    alike = len({first.value for first in firsts if first.counts}) <= 1
    return (FinalScore.Outcome.UNANIMOUS if alike else FinalScore.Outcome.WITHIN_TOLERANCE).value
