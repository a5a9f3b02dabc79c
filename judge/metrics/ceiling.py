"""Computes the human ceiling: one annotator's error against the others.

A judge's error is to be read beside it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .gaps import TOLERANCE, Floats

_NEARLY = 1e-9


class Ceiling(NamedTuple):
    """The error of one annotator against the others of the same sample.

    It is over all ratings of samples with two or more.
    """

    rmse: float
    """Of a rating against the mean of the others."""
    within_one: float
    """Share of ratings at most one point from the lower median of the others."""
    ratings: int


def human_ceiling(histograms: npt.NDArray[np.int64], levels: Sequence[float]) -> Ceiling | None:
    """Return the human ceiling; None where no sample has two ratings.

    ``histograms`` has a row per sample: how many independent ratings each level has. Every rating weighs the same.
    """
    counts = np.asarray(histograms, dtype=np.int64)
    counts = counts[counts.sum(axis=1) >= 2] if len(counts) else counts.reshape(0, len(levels))
    if not len(counts):
        return None
    points: Floats = np.asarray(levels, dtype=np.float64)
    size, total = counts.sum(axis=1), counts @ points
    squares = within_tolerance = 0.0
    for position, value in enumerate(points):
        ratings_at_level = counts[:, position]
        others = (total - value) / (size - 1)
        squares += float((ratings_at_level * (others - value) ** 2).sum())
        remaining = counts.copy()
        remaining[:, position] = np.maximum(remaining[:, position] - 1, 0)
        within_tolerance += float(
            (ratings_at_level * (np.abs(_lower_median(remaining, points) - value) <= TOLERANCE + _NEARLY)).sum()
        )
    ratings = int(size.sum())
    return Ceiling(float(np.sqrt(squares / ratings)), within_tolerance / ratings, ratings)


def _lower_median(counts: npt.NDArray[np.int64], points: Floats) -> Floats:
    upto = counts.cumsum(axis=1)
    half = (upto[:, -1:] + 1) // 2
    return np.asarray(points[(upto >= half).argmax(axis=1)], dtype=np.float64)
