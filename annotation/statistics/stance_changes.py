"""PURE. How discussions change stances: how often, in which direction, towards which value.

Agreement after a discussion is complete by construction; what it did to the values is what can be told.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Towards = Literal["majority", "highest", "lowest", "other"]
TOWARDS: tuple[Towards, ...] = ("majority", "highest", "lowest", "other")


@dataclass(frozen=True, slots=True)
class StanceChange:
    """A participant's first and last value on one dimension of a closed discussion."""

    topic: Hashable
    dimension: str
    person: str
    first: float
    last: float
    counts: bool = True
    """False for somebody who was excused: their first value was there to see, their last is not signed."""


@dataclass(slots=True)
class Movement:
    """The stance changes in the discussions of one dimension."""

    cases: int = 0
    stances: int = 0
    moved: int = 0
    up: int = 0
    down: int = 0
    change: float = 0.0
    """Sum of last less first over all stances."""
    step: float = 0.0
    """Sum of the sizes of the moves."""
    towards: Counter[Towards] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the first ended on a value that the second had begun with."""
    differed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the two began on different values: the occasions for taking over the other's."""

    def as_data(self) -> dict[str, Any]:
        """Return the movement as plain data; shares and means are None without stances."""
        return {
            "cases": self.cases,
            "stances": self.stances,
            "moved": self.moved,
            "share": self.moved / self.stances if self.stances else None,
            "up": self.up,
            "down": self.down,
            "mean_change": self.change / self.stances if self.stances else None,
            "mean_step": self.step / self.moved if self.moved else None,
            "towards": {goal: self.towards[goal] for goal in TOWARDS},
            "whom": [
                {"from": mover, "to": other, "n": n, "of": self.differed[mover, other]}
                for (mover, other), n in sorted(self.taken.items(), key=lambda entry: (-entry[1], entry[0]))
            ],
        }


def measure_movements(stances: Iterable[StanceChange]) -> dict[str, Movement]:
    """Return the movement of every dimension that was discussed."""
    topics: dict[Hashable, list[StanceChange]] = defaultdict(list)
    for stance in stances:
        topics[stance.topic].append(stance)
    found: dict[str, Movement] = defaultdict(Movement)
    for together in topics.values():
        _add_movement(found[together[0].dimension], together)
    return dict(found)


def total_movement(parts: Iterable[Movement]) -> Movement:
    """Return the movement over all dimensions together."""
    whole = Movement()
    for part in parts:
        for name in ("cases", "stances", "moved", "up", "down", "change", "step"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        whole.towards.update(part.towards)
        whole.taken.update(part.taken)
        whole.differed.update(part.differed)
    return whole


def _add_movement(movement: Movement, together: Sequence[StanceChange]) -> None:
    movement.cases += 1
    firsts = [stance.first for stance in together]
    for stance in together:
        if not stance.counts:
            continue
        others = [other for other in together if other.person != stance.person]
        movement.stances += 1
        movement.change += stance.last - stance.first
        movement.differed.update((stance.person, other.person) for other in others if other.first != stance.first)
        if stance.last == stance.first:
            continue
        movement.moved += 1
        movement.up += stance.last > stance.first
        movement.down += stance.last < stance.first
        movement.step += abs(stance.last - stance.first)
        movement.towards[_name_goal(stance.last, firsts)] += 1
        movement.taken.update((stance.person, other.person) for other in others if other.first == stance.last)


def _name_goal(value: float, firsts: Sequence[float]) -> Towards:
    """Name a value among the first ones: the majority's, else the highest, else the lowest."""
    held = Counter(firsts).most_common()
    most = held[0][1]
    if [first for first, times in held if times == most] == [value]:
        return "majority"
    if value == max(firsts):
        return "highest"
    return "lowest" if value == min(firsts) else "other"
