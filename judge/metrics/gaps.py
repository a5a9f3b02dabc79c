"""Computes A@1, RMSE and gap shares (paper, appendix D.2, D.7)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Values = Sequence[float] | Floats
TOLERANCE = 1.0
# Sums of decimal levels, as 0.1 + 0.2, are not exactly what they stand for.
_NEARLY = 1e-9


class Moments(NamedTuple):
    """Mean and population variance of one judge's scores of one generator (equations 5 and 6)."""

    mean: float
    variance: float


def rmse(judge: Values, human: Values) -> float | None:
    """Return the root of the mean squared difference (equation 7), in points; None without samples."""
    return rmse_of_shares(gap_shares(judge, human))


def agreement_within(judge: Values, human: Values, tolerance: float = TOLERANCE) -> float | None:
    """Return the share of samples at most ``tolerance`` apart: A@1 (equation 8); None without samples."""
    return agreement_of_shares(gap_shares(judge, human), tolerance)


def gap_shares(judge: Values, human: Values) -> dict[float, float]:
    """Return the share of samples at each absolute gap (Tables 10-14).

    Gaps are ascending, and only those that occur.
    """
    apart = np.abs(_differences(judge, human))
    if not len(apart):
        return {}
    gaps, counts = np.unique(np.round(apart, 9), return_counts=True)
    return dict(zip(gaps.tolist(), (counts / len(apart)).tolist(), strict=True))


def agreement_of_shares(shares: Mapping[float, float], tolerance: float = TOLERANCE) -> float | None:
    """Return A@1 from gap shares.

    They need not add up to one where they were rounded.
    """
    if not shares:
        return None
    return sum(share for gap, share in shares.items() if gap <= tolerance + _NEARLY)


def rmse_of_shares(shares: Mapping[float, float]) -> float | None:
    """Return the RMSE from the shares of gaps."""
    if not shares:
        return None
    return float(np.sqrt(sum(share * gap**2 for gap, share in shares.items())))


def possible_gaps(levels: Sequence[float]) -> list[float]:
    """Return every gap that two levels can have, ascending.

    They are 0 to 5 for the levels 0 to 5.
    """
    values = np.asarray(levels, dtype=np.float64)
    return sorted({round(float(gap), 9) for gap in np.abs(values[:, None] - values[None, :]).ravel()})


def mean_error(judge: Values, human: Values) -> float | None:
    """Return the mean signed error; positive where the judge is above people."""
    apart = _differences(judge, human)
    return float(apart.mean()) if len(apart) else None


def moments(scores: Values) -> Moments | None:
    """Return mean and population variance of scores; None without scores."""
    values = np.asarray(scores, dtype=np.float64)
    return Moments(float(values.mean()), float(values.var())) if len(values) else None


def _differences(judge: Values, human: Values) -> Floats:
    judged, rated = np.asarray(judge, dtype=np.float64), np.asarray(human, dtype=np.float64)
    if judged.shape != rated.shape or judged.ndim != 1:
        raise ValueError(f"scores of {judged.shape} and {rated.shape} are no pairs")
    return judged - rated
