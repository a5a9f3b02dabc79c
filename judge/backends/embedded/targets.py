"""Converts rating histograms into regression targets and back into distributions.

Learned are the shares of ratings above each level but the last: their sum, weighed by the steps between the levels, is
the mean, so that a model of the least squared error of these is one of the mean as well.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from judge.formats.release_line import LabelledSample
from judge.formats.rubric import RubricDimension
from judge.metrics.gaps import Floats


def rating_shares(labelled: LabelledSample, dimension: RubricDimension, *, final_only: bool = False) -> Floats | None:
    """Return the shares of a sample's ratings over the levels.

    None where it has no label on the dimension.

    Where nobody rated independently, as with imported labels, all of it is on the final score.
    """
    counts = np.array(labelled.histogram.get(dimension.key) or [0] * len(dimension.levels), dtype=np.float64)
    if counts.sum() > 0 and not final_only:
        return np.asarray(counts / counts.sum(), dtype=np.float64)
    final = labelled.final.get(dimension.key)
    if final is None:
        return None
    return np.array([float(value == final) for value in dimension.values])


def shares_above_levels(shares: Floats) -> Floats:
    """Return the share above each level but the last, of distributions in rows."""
    return np.asarray(1 - shares.cumsum(axis=1)[:, :-1], dtype=np.float64)


def distributions(shares_above: Floats) -> Floats:
    """Return distributions from predicted shares above the levels.

    The shares need be neither ordered nor within 0-1.

    They are brought to the nearest falling sequence: the mean of the two that bound it (which for one pair out of
    order is the least squares one).
    """
    bounded = np.clip(shares_above, 0, 1)
    lower = np.minimum.accumulate(bounded, axis=1)
    upper = np.maximum.accumulate(bounded[:, ::-1], axis=1)[:, ::-1]
    falling = (lower + upper) / 2
    ones = np.ones((len(falling), 1))
    return np.asarray(-np.diff(np.concatenate([ones, falling, 0 * ones], axis=1), axis=1), dtype=np.float64)


def expected_value(shares_above: Floats, levels: Sequence[float]) -> Floats:
    """Return the mean that belongs to shares above the levels."""
    points: npt.NDArray[np.float64] = np.asarray(levels, dtype=np.float64)
    return np.asarray(points[0] + shares_above @ np.diff(points), dtype=np.float64)
