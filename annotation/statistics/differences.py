"""PURE. How far each rating is from those of the others on the same sample."""

from collections.abc import Sequence

import numpy as np

from .krippendorff_alpha import Floats, Ints


def mean_of_others(unit: Ints, numbers: Floats) -> Floats:
    """Return the mean of the other ratings of each rating's sample, NaN where there is none.

    ``unit`` numbers the samples from 0 without gaps, one per rating.
    """
    others = np.bincount(unit)[unit] - 1.0
    mean: Floats = np.full(len(numbers), np.nan)
    np.divide(np.bincount(unit, numbers)[unit] - numbers, others, out=mean, where=others > 0)
    return mean


def usual_step(values: Sequence[float] | Floats) -> float:
    """Return the usual distance between two levels: the median of the distances between neighbours, 1 of one level."""
    points = np.asarray(values, dtype=np.float64)
    return float(np.median(np.diff(points))) if len(points) > 1 else 1.0
