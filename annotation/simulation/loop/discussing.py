"""What is disputed in the play is talked over: everybody gives a reason, then all stand where the middle one stands."""

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


def settle_everything(study: Study) -> int:
    """Bring every open discussion to its end; returns how many there were."""
    cases = list(Discussion.objects.filter(study=study, state=Discussion.State.OPEN).order_by("sample__external_id"))
    for place, case in enumerate(cases):
        _settle(case, place)
    return len(cases)


def _settle(case: Discussion, place: int) -> None:
    people = list(
        case.participants.filter(state=Participant.State.ACTIVE)
        .select_related("member__user", "discussion")
        .order_by("member__name")
    )
    open_ones = list(case.topics.filter(closed_at=None).values_list("dimension_id", flat=True))
    for number, one in enumerate(people):
        silent = one.stances.filter(dimension__in=open_ones, reasoned_at=None).select_related("dimension")
        keys = [stance.dimension.key for stance in silent]
        if not keys:
            # Said before the play was broken off.
            continue
        reason = participating.StanceReason(text=REASONS[(place + number) % len(REASONS)])
        participating.give_reasons(
            by=_user(one),
            discussion_id=case.public_id,
            client_key=uuid4(),
            reasons=dict.fromkeys(keys, reason),
            seconds=12.0,
        )
    stands = [_standing(one, open_ones) for one in people]
    middle = {key: median_low(sorted(one[key] for one in stands)) for key in stands[0]}
    for one, stand in zip(people, stands, strict=True):
        moved = {key: middle[key] for key, value in stand.items() if value != middle[key]}
        if moved:
            participating.take_stances(
                by=_user(one),
                discussion_id=case.public_id,
                client_key=uuid4(),
                stances=moved,
                reasons={key: participating.StanceReason(code=Post.Reason.CONVINCED) for key in moved},
                seconds=8.0,
            )


def _standing(one: Participant, dimensions: Sequence[int]) -> dict[str, float]:
    """Return where somebody stands on some dimensions."""
    stances = one.stances.filter(dimension__in=dimensions).select_related("dimension", "level")
    return {stance.dimension.key: stance.level.value for stance in stances if stance.level is not None}


def _user(one: Participant) -> User:
    assert one.member.user is not None
    return one.member.user
