"""PURE. Weighted kappa of pairs of annotators, and the intraclass correlation."""

from typing import NamedTuple

import numpy as np

from judge.metrics.association import quadratic_kappa_of_sums

from .krippendorff_alpha import Floats, Ints
from .undefined_reasons import (
    NO_PAIRS,
    NO_VARIANCE,
    NOT_COMPLETE,
    ONE_RATER_ONE_VALUE,
    ONE_SAMPLE,
    ONE_SHARED,
    ONE_VALUE,
)


class PairKappa(NamedTuple):
    """Cohen's kappa of two annotators with quadratic weights, over the samples that both rated."""

    first: int
    second: int
    kappa: float | None
    samples: int
    undefined: str | None


class IntraclassCorrelation(NamedTuple):
    """An intraclass correlation with the name of its form."""

    value: float | None
    form: str
    undefined: str | None


def pair_kappas(unit: Ints, annotator: Ints, position: Ints) -> list[PairKappa]:
    """Return the kappa of every pair of annotators with a sample in common, those with the most in common first.

    The weights are squared distances of positions in the dimension's levels, all levels counted.
    """
    order = np.lexsort((annotator, unit))
    unit, annotator, position = unit[order], annotator[order], position[order]
    people = int(annotator.max()) + 1 if len(annotator) else 0
    parts: list[tuple[Ints, Floats]] = []
    for apart in range(1, len(unit)):
        together = np.flatnonzero(unit[apart:] == unit[:-apart])
        if not len(together):
            break
        one, other = position[together], position[together + apart]
        keys, place = np.unique(annotator[together] * people + annotator[together + apart], return_inverse=True)
        terms = (None, one, other, one * one, other * other, one * other)
        parts.append((keys, np.stack([np.bincount(place, term, len(keys)).astype(np.float64) for term in terms], 1)))
    if not parts:
        return []
    keys, place = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    sums = np.zeros((len(keys), 6))
    np.add.at(sums, place, np.concatenate([part[1] for part in parts]))
    found = [_kappa(int(key) // people, int(key) % people, row) for key, row in zip(keys, sums.tolist(), strict=True)]
    return sorted(found, key=lambda pair: (-pair.samples, pair.first, pair.second))


def _kappa(first: int, second: int, sums: list[float]) -> PairKappa:
    n, one, other, one_squared, other_squared, _ = sums
    if n < 2:
        return PairKappa(first, second, None, int(n), ONE_SHARED)
    # Whole numbers below 2^53 throughout, so that the comparisons with nothing are exact.
    spread_one, spread_other = n * one_squared - one * one, n * other_squared - other * other
    if not spread_one and not spread_other and one == other:
        return PairKappa(first, second, None, int(n), ONE_VALUE)
    if not spread_one or not spread_other:
        # The definition gives 0, whatever they agree on.
        return PairKappa(first, second, None, int(n), ONE_RATER_ONE_VALUE)
    return PairKappa(first, second, quadratic_kappa_of_sums(*sums), int(n), None)


def one_way_icc(unit: Ints, rating: Floats) -> IntraclassCorrelation:
    """Return ICC(1): the one-way random model, a single rating (Shrout and Fleiss 1979).

    Samples with two or more ratings count, however many each has: the number of ratings per sample enters by its mean
    less its variance over the number of all ratings (Donner 1986). Who gave a rating does not matter.
    """
    form = "ICC(1)"
    _, place, size = np.unique(unit, return_inverse=True, return_counts=True)
    shared = size[place] >= 2
    _, place = np.unique(unit[shared], return_inverse=True)
    rating = rating[shared]
    reason = _too_little(place, rating)
    if reason:
        return IntraclassCorrelation(None, form, reason)
    samples, total = int(place.max()) + 1, len(place)
    centred = rating - rating.mean()
    size = np.bincount(place)
    mean = np.bincount(place, centred) / size
    between = float((size * mean**2).sum()) / (samples - 1)
    within = float(((centred - mean[place]) ** 2).sum()) / (total - samples)
    per_sample = (total - float((size.astype(np.float64) ** 2).sum()) / total) / (samples - 1)
    return _bounded_ratio(form, between - within, between + (per_sample - 1) * within)


def two_way_icc(unit: Ints, annotator: Ints, rating: Floats) -> IntraclassCorrelation:
    """Return ICC(2,1): two-way random, absolute agreement, a single rating (Shrout and Fleiss 1979).

    Defined only where the same annotators rated every sample that has two or more ratings.
    """
    form = "ICC(2,1)"
    _, place, size = np.unique(unit, return_inverse=True, return_counts=True)
    shared = size[place] >= 2
    _, place = np.unique(unit[shared], return_inverse=True)
    _, person = np.unique(annotator[shared], return_inverse=True)
    rating = rating[shared]
    reason = _too_little(place, rating)
    if reason:
        return IntraclassCorrelation(None, form, reason)
    n, k = int(place.max()) + 1, int(person.max()) + 1
    if len(rating) != n * k:
        return IntraclassCorrelation(None, form, NOT_COMPLETE)
    table = np.empty((n, k))
    table[place, person] = rating - rating.mean()
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    of_rows = k * float((rows**2).sum()) / (n - 1)
    of_columns = n * float((columns**2).sum()) / (k - 1)
    rest = float(((table - rows[:, None] - columns[None, :]) ** 2).sum()) / ((n - 1) * (k - 1))
    return _bounded_ratio(form, of_rows - rest, of_rows + (k - 1) * rest + k * (of_columns - rest) / n)


def _too_little(place: Ints, rating: Floats) -> str | None:
    if not len(place):
        return NO_PAIRS
    if not place.any():
        return ONE_SAMPLE
    return ONE_VALUE if (rating == rating[0]).all() else None


def _bounded_ratio(form: str, above: float, below: float) -> IntraclassCorrelation:
    # Sums of squares of nothing are not exactly nothing.
    if below <= 1e-12:
        return IntraclassCorrelation(None, form, NO_VARIANCE)
    return IntraclassCorrelation(above / below, form, None)
