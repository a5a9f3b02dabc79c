"""PURE. Rules of a discussion: when a dimension closes, and which participants it awaits.

Levels are compared by identity alone: a dimension closes when everybody stands on one and the same level, however
many people that takes. Nothing here counts votes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

COMMENT: Final = "comment"


@dataclass(frozen=True, slots=True)
class ParticipantStance:
    """A participant's level on one dimension, and whether they have posted on it."""

    level: int | None
    reasoned: bool = False
    answered: bool = False

    @property
    def spoke(self) -> bool:
        """Whether the participant gave a reason or an answer in this discussion."""
        return self.reasoned or self.answered


@dataclass(frozen=True, slots=True)
class TopicPost:
    """One post on a dimension: author, kind, and the author's level from then on."""

    who: int
    kind: str
    level: int | None


def common_level(stands: Collection[ParticipantStance], *, everybody_speaks: bool) -> int | None:
    """Return the level that all participants share, or None while the dimension stays open.

    With ``everybody_speaks`` (a reopened case, in which all may stand together from the start) each has to have given
    a reason or an answer, too.
    """
    levels = {stand.level for stand in stands}
    if len(levels) != 1 or None in levels:
        return None
    if everybody_speaks and not all(stand.spoke for stand in stands):
        return None
    return levels.pop()


def awaited_participants(
    stands: Mapping[int, ParticipantStance], said: Sequence[TopicPost], *, reason_first: bool
) -> set[int]:
    """Return who of those that take part has to speak next on an open dimension; ``said`` is oldest first.

    Somebody is awaited who has not yet given a reason, a value or an answer, or after whose last word another one has
    commented, or has taken, kept or explained a level other than theirs. While levels differ somebody always is.
    """
    last_word = {post.who: place for place, post in enumerate(said)}
    stood_up = {post.who for post in said if post.kind != COMMENT}
    waiting: set[int] = set()
    for who, stand in stands.items():
        if stand.level is None or (reason_first and not stand.reasoned) or who not in stood_up:
            waiting.add(who)
            continue
        since = said[last_word[who] + 1 :]
        if any(p.who in stands and (p.kind == COMMENT or p.level != stand.level) for p in since):
            waiting.add(who)
    return waiting
