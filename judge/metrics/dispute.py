"""Measures how well predicted disputes match annotators' disagreement.

What happened is the share of the pairs of annotators of a sample that did differ, from 0 to 1: with two annotators it
is yes or no, and with more of them it is what the judge's chance is about, where "some two of them did" would grow with
their number. Every figure is of pairs, so weighed that each sample counts once.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .gaps import Floats, Values


class ExpectationGroup(NamedTuple):
    """The mean probability and outcome of samples with similar probabilities."""

    expected: float
    observed: float
    samples: int


def auroc(probability: Values, share: Values) -> float | None:
    """Return the area under the ROC curve of predicted disputes.

    None where only one kind of outcome came.

    With shares of 0 and 1 it is the area under the usual curve (Mann-Whitney, ties counted half).
    """
    expected, observed = np.asarray(probability, dtype=np.float64), np.asarray(share, dtype=np.float64)
    positives, negatives = float(observed.sum()), float((1 - observed).sum())
    if positives <= 0 or negatives <= 0:
        return None
    _, rank = np.unique(expected, return_inverse=True)
    positive = np.bincount(rank, weights=observed)
    negative = np.bincount(rank, weights=1 - observed)
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positives * negatives))


def brier(probability: Values, share: Values) -> float | None:
    """Return the Brier score of predicted disputes (Brier 1950)."""
    expected, observed = np.asarray(probability, dtype=np.float64), np.asarray(share, dtype=np.float64)
    if not len(expected):
        return None
    return float((observed * (1 - expected) ** 2 + (1 - observed) * expected**2).mean())


def group_by_probability(probability: Values, share: Values, groups: int = 10) -> list[ExpectationGroup]:
    """Return groups of about equal size by rising probability.

    There are fewer groups where there are few samples.
    """
    expected, observed = np.asarray(probability, dtype=np.float64), np.asarray(share, dtype=np.float64)
    order = np.argsort(expected, kind="stable")
    return (
        [
            ExpectationGroup(float(expected[part].mean()), float(observed[part].mean()), len(part))
            for part in np.array_split(order, min(groups, len(order)))
        ]
        if len(order)
        else []
    )


def dispute_shares(histogram: npt.NDArray[np.int64], levels: Values, distance: float = 2.0) -> Floats:
    """Return the share of rating pairs at least ``distance`` points apart.

    NaN with fewer than two ratings.

    ``histogram`` has a row for each sample: how many ratings each level got.
    """
    counts = np.asarray(histogram, dtype=np.float64)
    ratings = counts.sum(axis=1)
    apart = np.einsum("ni,ij,nj->n", counts, _is_apart(levels, distance), counts) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(ratings >= 2, apart / (ratings * (ratings - 1) / 2), np.nan), dtype=np.float64)


def dispute_probability(probabilities: Floats, levels: Values, distance: float = 2.0) -> Floats:
    """Return the probability of two draws at least ``distance`` points apart.

    Both are drawn from each row's distribution.
    """
    far = _is_apart(levels, distance)
    return np.asarray(np.einsum("ni,ij,nj->n", probabilities, far, probabilities), dtype=np.float64)


def _is_apart(levels: Values, distance: float) -> Floats:
    points: Floats = np.asarray(levels, dtype=np.float64)
    return np.asarray(np.abs(points[:, None] - points[None, :]) >= distance - 1e-9, dtype=np.float64)
