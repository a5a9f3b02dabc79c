"""Computes weighted kappa and the correlations SRCC, PLCC and KRCC."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import kendalltau, rankdata

from .gaps import Floats, Values


def quadratic_kappa(judge: Values, human: Values, levels: Sequence[float]) -> float | None:
    """Return Cohen's kappa with quadratic weights (Cohen 1968).

    Weights are squared distances of positions in ``levels``.

    Both must hold levels. None without samples, and where all scores of both are one level.
    """
    points = np.asarray(levels, dtype=np.float64)
    judged, rated = _level_positions(judge, points), _level_positions(human, points)
    sums = (judged.sum(), rated.sum(), judged @ judged, rated @ rated, judged @ rated)
    return quadratic_kappa_of_sums(len(judged), *(float(number) for number in sums))


def quadratic_kappa_of_sums(
    n: float, first: float, second: float, first_squared: float, second_squared: float, product: float
) -> float | None:
    """Return Cohen's kappa with quadratic weights from sums of positions.

    The sums are over ``n`` samples of the positions of two raters.

    The distance expected by chance is the sum of two mean squares less twice the product of the means (Cohen 1968), so
    that a pair needs five sums and no table. Sums of positions are whole numbers, so that the comparison with 0 is
    exact. None without samples, and where both give one and the same position throughout.
    """
    observed = n * (first_squared + second_squared - 2 * product)
    expected = n * (first_squared + second_squared) - 2 * first * second
    return 1 - observed / expected if expected else None


def pearson(judge: Values, human: Values) -> float | None:
    """Return the linear correlation (PLCC); None where one side does not vary."""
    first, second = _centre(judge), _centre(human)
    scale = float(np.sqrt((first @ first) * (second @ second)))
    # Sums of squares of nothing are not exactly nothing.
    return float(np.clip(first @ second / scale, -1, 1)) if scale > 1e-12 else None


def spearman(judge: Values, human: Values) -> float | None:
    """Return the correlation of mean ranks (SRCC)."""
    return pearson(ranks(judge), ranks(human))


def kendall(judge: Values, human: Values) -> float | None:
    """Return Kendall's tau-b (KRCC), ties on either side accounted for (Knight 1966)."""
    if len(judge) < 2:
        return None
    tau = float(kendalltau(judge, human).statistic)
    return None if np.isnan(tau) else tau


def ranks(values: Values) -> Floats:
    """Return the rank of each value from 1, equal values sharing the mean of theirs."""
    return np.asarray(rankdata(values), dtype=np.float64)


def _centre(values: Values) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return array - array.mean() if len(array) else array


def _level_positions(scores: Values, points: Floats) -> Floats:
    array = np.asarray(scores, dtype=np.float64)
    place = np.abs(array[:, None] - points[None, :]).argmin(axis=1)
    if len(array) and not np.allclose(points[place], array, atol=1e-9):
        raise ValueError("kappa is defined for levels alone; round the scores first")
    return place.astype(np.float64)
