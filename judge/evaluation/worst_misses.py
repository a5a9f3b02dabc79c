"""Measures misses in units of the judge's own uncertainty.

A miss is worse where the judge was sure.
"""

from collections.abc import Sequence

import numpy as np

from judge.metrics.gaps import Floats


def minimum_sd(levels: Sequence[float]) -> float:
    """Return the least standard deviation that counts, in points.

    It is the error that rounding to levels alone leaves.

    A value anywhere between two levels that are ``step`` apart is off by ``step / sqrt(12)`` after rounding. Without
    such a floor every small gap of a judge that gives a number alone would be an infinite miss.
    """
    return float(np.diff(np.sort(np.asarray(levels, dtype=np.float64))).min() / np.sqrt(12))


def compute_surprise(gap: Floats, sd: Floats, levels: Sequence[float]) -> Floats:
    """Return absolute gaps in units of the judge's standard deviations."""
    return np.asarray(np.abs(gap) / np.maximum(sd, minimum_sd(levels)), dtype=np.float64)
