"""Whether a judge orders answers as people do: weighted kappa, and the correlations SRCC, PLCC and KRCC."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .gaps import Floats, Values


def quadratic_kappa(judge: Values, human: Values, levels: Sequence[float]) -> float | None:
    """Return Cohen's kappa with squared distances of positions in ``levels`` as weights (Cohen 1968).

    Both must hold levels. None without samples, and where all scores of both are one level.
    """
    points = np.asarray(levels, dtype=np.float64)
    one, other = _positions(judge, points), _positions(human, points)
    if not len(one):
        return None
    observed = float(((one - other) ** 2).mean())
    expected = float((one**2).mean() + (other**2).mean() - 2 * one.mean() * other.mean())
    return 1 - observed / expected if expected > 1e-12 else None


def pearson(judge: Values, human: Values) -> float | None:
    """Return the linear correlation (PLCC); None where one side does not vary."""
    one, other = _centred(judge), _centred(human)
    below = float(np.sqrt((one @ one) * (other @ other)))
    # Sums of squares of nothing are not exactly nothing.
    return float(np.clip(one @ other / below, -1, 1)) if below > 1e-12 else None


def spearman(judge: Values, human: Values) -> float | None:
    """Return the correlation of mean ranks (SRCC)."""
    return pearson(ranks(judge), ranks(human))


def kendall(judge: Values, human: Values) -> float | None:
    """Return Kendall's tau-b (KRCC), ties on either side accounted for, in n log n steps (Knight 1966)."""
    one, other = np.asarray(judge, dtype=np.float64), np.asarray(human, dtype=np.float64)
    pairs = len(one) * (len(one) - 1) // 2
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    tied_one, tied_other = _tied(one), _tied(other)
    # Sorted by both, equal pairs stand together.
    both = _runs((one[1:] != one[:-1]) | (other[1:] != other[:-1]), len(one))
    discordant = _inversions(other)
    below = float(pairs - tied_one) * float(pairs - tied_other)
    if below <= 0:
        return None
    difference = pairs - tied_one - tied_other + both - 2 * discordant
    return float(np.clip(difference / np.sqrt(below), -1, 1))


def ranks(values: Values) -> Floats:
    """Return the rank of each value from 1, equal values sharing the mean of theirs."""
    array = np.asarray(values, dtype=np.float64)
    _, place, count = np.unique(array, return_inverse=True, return_counts=True)
    last = count.cumsum()
    return np.asarray((last - (count - 1) / 2)[place], dtype=np.float64)


def _centred(values: Values) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return array - array.mean() if len(array) else array


def _positions(scores: Values, points: Floats) -> Floats:
    array = np.asarray(scores, dtype=np.float64)
    place = np.abs(array[:, None] - points[None, :]).argmin(axis=1)
    if len(array) and not np.allclose(points[place], array, atol=1e-9):
        raise ValueError("kappa is defined for levels alone; round the scores first")
    return place.astype(np.float64)


def _tied(values: Floats) -> int:
    _, count = np.unique(values, return_counts=True)
    return int((count * (count - 1) // 2).sum())


def _runs(begins: npt.NDArray[np.bool_], size: int) -> int:
    edges = np.flatnonzero(np.concatenate([[True], begins, [True]])) if size else np.zeros(1, dtype=np.int64)
    length = np.diff(edges)
    return int((length * (length - 1) // 2).sum())


def _inversions(values: Floats) -> int:
    """Return how many pairs stand in falling order, by merging sorted halves, whole levels of them at a time."""
    _, place = np.unique(values, return_inverse=True)
    size, found, width = len(place), 0, 1
    while width < size:
        block = np.arange(size) // (2 * width)
        left = (np.arange(size) // width) % 2 == 0
        # Each half is sorted: how many of the left half are above a right one is the half's size less its place.
        keyed = block * (size + 1) + place
        lefts = np.sort(keyed[left])
        starts = np.searchsorted(lefts, block * (size + 1), side="left")
        ends = np.searchsorted(lefts, (block + 1) * (size + 1), side="left")
        below = np.searchsorted(lefts, keyed, side="right")
        found += int(((ends - np.maximum(below, starts))[~left]).sum())
        place = place[np.lexsort((place, block))]
        width *= 2
    return found
