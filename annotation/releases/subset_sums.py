"""PURE. Finds which sums whole things of given sizes reach, and in which proportions.

A set of sums is one integer whose bit ``n`` says that ``n`` can be reached: adding a thing is a shift and an "or". Many
things of one size are taken in steps that double, so the cost grows with the different sizes, not with the things.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple


class NearestSum(NamedTuple):
    """The reachable sums below and above the wanted one; None where there is none."""

    below: int | None
    """The largest that is not above the wanted sum; the wanted sum itself where it can be reached."""
    above: int | None
    """The smallest above the wanted sum."""

    def nearest_to(self, wanted: int) -> int | None:
        """Return the sum nearer to ``wanted``, the lower one of two equally near.

        None where there is neither.
        """
        if self.below is None or self.above is None:
            return self.above if self.below is None else self.below
        return self.below if wanted - self.below <= self.above - wanted else self.above


def nearest_sum(available: Mapping[int, int], wanted: int, *, fewest: int, most: int) -> NearestSum:
    """Return the reachable sums next to ``wanted``, from ``fewest`` to ``most``.

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
    for size, available_count in available.items():
        sums = _add_sizes(sums, size, available_count, limit)
    sums = sums >> fewest << fewest
    up_to = max(0, wanted + 1)
    below = (sums & ((1 << up_to) - 1)).bit_length() - 1
    above = sums >> up_to
    return NearestSum(
        below if below >= 0 else None,
        up_to + (above & -above).bit_length() - 1 if above else None,
    )


def choose_counts(available: Mapping[int, int], total: int, *, rounding_draw: Callable[[int], int]) -> dict[int, int]:
    """Return how many things of each size to take for a sum of ``total``.

    Each size comes as near to its share as possible.

    First only the two whole numbers next to each size's share are tried, then numbers ever further from it.

    Args:
        available: how many things there are of each size; sizes are positive.
        total: the sum to reach.
        rounding_draw: a whole number of 0 or more for each size, which decides whether its share is rounded up or down.

    Raises:
        ValueError: when no choice of things reaches ``total``.
    """
    available_sum = sum(size * available_count for size, available_count in available.items())
    if not 0 <= total <= available_sum:
        raise ValueError(f"no choice reaches {total}")
    if available_sum == 0:
        return dict.fromkeys(available, 0)
    # The small sizes come first here and are settled last: they make up best for what the large ones leave.
    sizes = sorted(available)
    slack = 0
    while True:
        low = {n: max(0, available[n] * total // available_sum - slack) for n in sizes}
        high = {n: min(available[n], -(-available[n] * total // available_sum) + slack) for n in sizes}
        chosen = _choose_within(sizes, low, high, available, total, rounding_draw)
        if chosen is not None:
            return chosen
        if all(low[n] == 0 and high[n] == available[n] for n in sizes):
            raise ValueError(f"no choice reaches {total}")
        slack = max(1, 2 * slack)


def _choose_within(
    sizes: list[int],
    low: Mapping[int, int],
    high: Mapping[int, int],
    available: Mapping[int, int],
    total: int,
    rounding_draw: Callable[[int], int],
) -> dict[int, int] | None:
    """Return counts between ``low`` and ``high`` that sum to ``total``, or None."""
    remaining = total - sum(size * low[size] for size in sizes)
    if remaining < 0:
        return None
    before = []
    sums = 1
    for size in sizes:
        before.append(sums)
        sums = _add_sizes(sums, size, high[size] - low[size], remaining)
    if not sums >> remaining & 1:
        return None
    chosen = {}
    smaller_sum = available_sum = sum(size * available[size] for size in sizes)
    outstanding = total
    for size, reached in zip(reversed(sizes), reversed(before), strict=True):
        smaller_sum -= size * available[size]
        bits = reached.to_bytes(reached.bit_length() // 8 + 1, "little")
        # What is left over should be the share of the smaller sizes, so that roundings do not add up.
        goal = (outstanding - total * smaller_sum // available_sum + rounding_draw(size) % size) // size
        for number in sorted(range(low[size], high[size] + 1), key=_distance_from(goal)):
            after = remaining - (number - low[size]) * size
            if 0 <= after < 8 * len(bits) and bits[after >> 3] >> (after & 7) & 1:
                chosen[size] = number
                remaining = after
                outstanding -= size * number
                break
    return chosen


def _distance_from(goal: int) -> Callable[[int], int]:
    return lambda number: abs(number - goal)


def _add_sizes(sums: int, size: int, available_count: int, limit: int) -> int:
    """Return the sums up to ``limit`` with up to ``available_count`` more things of a size."""
    mask = (1 << (limit + 1)) - 1
    step = 1
    available_count = min(available_count, limit // size)
    while available_count > 0:
        added = min(step, available_count)
        sums |= (sums << (size * added)) & mask
        available_count -= added
        step *= 2
    return sums
