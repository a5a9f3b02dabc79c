"""Discusses disputed samples: every participant gives a reason, then all take the median value."""

from collections.abc import Sequence
from statistics import median_low
from uuid import uuid4

from annotation.discussions import participating
from annotation.models import Discussion, Participant, Post, Study, User

REASONS = (
    "I counted what was asked for, and this is how much of it is there.",
    "Text and picture do not say the same thing; that weighs more than the rest.",
    "It is all there, but only just, and I would not want to learn from it.",
    "The anchor of this level describes exactly what I see.",
)


def settle_discussions(study: Study) -> int:
    """Settle every open discussion and return how many there were."""
    discussions = list(
        Discussion.objects.filter(study=study, state=Discussion.State.OPEN).order_by("sample__external_id")
    )
    for index, discussion in enumerate(discussions):
        _settle_discussion(discussion, index)
    return len(discussions)


def _settle_discussion(discussion: Discussion, index: int) -> None:
    participants = list(
        discussion.participants.filter(state=Participant.State.ACTIVE)
        .select_related("member__user", "discussion")
        .order_by("member__name")
    )
    open_dimensions = list(discussion.topics.filter(closed_at=None).values_list("dimension_id", flat=True))
    for number, participant in enumerate(participants):
        unreasoned = participant.stances.filter(dimension__in=open_dimensions, reasoned_at=None).select_related(
            "dimension"
        )
        keys = [stance.dimension.key for stance in unreasoned]
        if not keys:
            # Given before the loop was interrupted.
            continue
        reason = participating.StanceReason(text=REASONS[(index + number) % len(REASONS)])
        participating.give_reasons(
            by=_user(participant),
            discussion_id=discussion.public_id,
            client_key=uuid4(),
            reasons=dict.fromkeys(keys, reason),
            seconds=12.0,
        )
    values = [_current_values(participant, open_dimensions) for participant in participants]
    medians = {key: median_low(sorted(own[key] for own in values)) for key in values[0]}
    for participant, own in zip(participants, values, strict=True):
        moved = {key: medians[key] for key, value in own.items() if value != medians[key]}
        if moved:
            participating.take_stances(
                by=_user(participant),
                discussion_id=discussion.public_id,
                client_key=uuid4(),
                stances=moved,
                reasons={key: participating.StanceReason(code=Post.Reason.CONVINCED) for key in moved},
                seconds=8.0,
            )


def _current_values(participant: Participant, dimensions: Sequence[int]) -> dict[str, float]:
    """Return the present values of a participant on some dimensions."""
    stances = participant.stances.filter(dimension__in=dimensions).select_related("dimension", "level")
    return {stance.dimension.key: stance.level.value for stance in stances if stance.level is not None}


def _user(participant: Participant) -> User:
    assert participant.member.user is not None
    return participant.member.user
