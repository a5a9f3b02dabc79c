"""PURE. Which sums whole things of given sizes can reach, and how many of each size reach one in near proportion.

A set of sums is one integer whose bit ``n`` says that ``n`` can be reached: adding a thing is a shift and an "or". Many
things of one size are added in steps that double, so the cost grows with the different sizes, not with the things.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple


class NearestSum(NamedTuple):
    """The reachable sums on both sides of the wanted one; None where there is none."""

    below: int | None
    """The largest that is not above the wanted sum; the wanted sum itself where it can be reached."""
    above: int | None
    """The smallest above the wanted sum."""

    def to(self, wanted: int) -> int | None:
        """Return the one that lies nearer to ``wanted``, the lower one of two equally near; None where neither is."""
        if self.below is None or self.above is None:
            return self.above if self.below is None else self.below
        return self.below if wanted - self.below <= self.above - wanted else self.above


def nearest_sum(available: Mapping[int, int], wanted: int, *, fewest: int, most: int) -> NearestSum:
    """Find the reachable sums next to ``wanted`` among those from ``fewest`` to ``most``.

    Args:
        available: how many things there are of each size; sizes are positive.
        wanted: the sum to come close to.
        fewest: the smallest sum that may be taken, 0 or more.
        most: the largest sum that may be taken.
    """
    # Things taken one by one pass the wanted sum, or the fewest, by less than the largest of them.
    limit = min(most, max(wanted, fewest) + max(available, default=0))
    if limit < fewest:
        return NearestSum(None, None)
    sums = 1
    for size, there in available.items():
        sums = _with(sums, size, there, limit)
    sums = sums >> fewest << fewest
    up_to = max(0, wanted + 1)
    below = (sums & ((1 << up_to) - 1)).bit_length() - 1
    above = sums >> up_to
    return NearestSum(
        below if below >= 0 else None,
        up_to + (above & -above).bit_length() - 1 if above else None,
    )


def choose_counts(available: Mapping[int, int], total: int, *, chance: Callable[[int], int]) -> dict[int, int]:
    """Return how many of each size to take so that they sum to ``total``, each size as near to its share as can be.

    First only the two whole numbers next to each size's share are tried, then numbers ever further from it.

    Args:
        available: how many things there are of each size; sizes are positive.
        total: the sum to reach.
        chance: a whole number of 0 or more for each size, which decides whether its share is rounded up or down.

    Raises:
        ValueError: when no choice of things reaches ``total``.
    """
    everything = sum(size * there for size, there in available.items())
    if not 0 <= total <= everything:
        raise ValueError(f"no choice reaches {total}")
    if everything == 0:
        return dict.fromkeys(available, 0)
    # The small sizes come first here and are settled last: they make up best for what the large ones leave.
    sizes = sorted(available)
    away = 0
    while True:
        low = {n: max(0, available[n] * total // everything - away) for n in sizes}
        high = {n: min(available[n], -(-available[n] * total // everything) + away) for n in sizes}
        found = _within(sizes, low, high, available, total, chance)
        if found is not None:
            return found
        if all(low[n] == 0 and high[n] == available[n] for n in sizes):
            raise ValueError(f"no choice reaches {total}")
        away = max(1, 2 * away)


def _within(
    sizes: list[int],
    low: Mapping[int, int],
    high: Mapping[int, int],
    available: Mapping[int, int],
    total: int,
    chance: Callable[[int], int],
) -> dict[int, int] | None:
    """Return numbers between ``low`` and ``high`` that sum to ``total``; None where there are none."""
    left = total - sum(size * low[size] for size in sizes)
    if left < 0:
        return None
    before = []
    sums = 1
    for size in sizes:
        before.append(sums)
        sums = _with(sums, size, high[size] - low[size], left)
    if not sums >> left & 1:
        return None
    found = {}
    smaller = everything = sum(size * available[size] for size in sizes)
    owed = total
    for size, reached in zip(reversed(sizes), reversed(before), strict=True):
        smaller -= size * available[size]
        bits = reached.to_bytes(reached.bit_length() // 8 + 1, "little")
        # What is left over should be the share of the smaller sizes, so that roundings do not add up.
        goal = (owed - total * smaller // everything + chance(size) % size) // size
        for number in sorted(range(low[size], high[size] + 1), key=_distance_from(goal)):
            rest = left - (number - low[size]) * size
            if 0 <= rest < 8 * len(bits) and bits[rest >> 3] >> (rest & 7) & 1:
                found[size] = number
                left = rest
                owed -= size * number
                break
    return found


def _distance_from(goal: int) -> Callable[[int], int]:
    return lambda number: abs(number - goal)


def _with(sums: int, size: int, there: int, limit: int) -> int:
    """Return the sums up to ``limit`` that are reached with any number of ``there`` more things of one size."""
    room = (1 << (limit + 1)) - 1
    step = 1
    there = min(there, limit // size)
    while there > 0:
        taken = min(step, there)
        sums |= (sums << (size * taken)) & room
        there -= taken
        step *= 2
    return sums
