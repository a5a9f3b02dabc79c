"""Whether a judge knows what people will disagree on: its chance that two annotators differ, against what they did."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .association import ranks
from .gaps import Floats, Values


class Group(NamedTuple):
    """Samples of about the same expectation: what was expected of them on average, and what came."""

    expected: float
    observed: float
    samples: int


def auroc(chance: Values, happened: npt.NDArray[np.bool_]) -> float | None:
    """Return how well ``chance`` sorts what happened before what did not (Mann-Whitney); None where only one came."""
    positive = np.asarray(happened, dtype=bool)
    many, few = int(positive.sum()), int((~positive).sum())
    if not many or not few:
        return None
    return float((ranks(chance)[positive].sum() - many * (many + 1) / 2) / (many * few))


def brier(chance: Values, happened: npt.NDArray[np.bool_]) -> float | None:
    """Return the mean squared difference of chance and outcome (Brier 1950)."""
    expected: Floats = np.asarray(chance, dtype=np.float64)
    return float(((expected - np.asarray(happened, dtype=np.float64)) ** 2).mean()) if len(expected) else None


def reliability(chance: Values, happened: npt.NDArray[np.bool_], groups: int = 10) -> list[Group]:
    """Return samples in groups of about equal size, by rising chance; fewer groups where there are few samples."""
    expected: Floats = np.asarray(chance, dtype=np.float64)
    outcome = np.asarray(happened, dtype=np.float64)
    order = np.argsort(expected, kind="stable")
    return (
        [
            Group(float(expected[part].mean()), float(outcome[part].mean()), len(part))
            for part in np.array_split(order, min(groups, len(order)))
        ]
        if len(order)
        else []
    )


def pairs_apart(histogram: npt.NDArray[np.int64], levels: Values, distance: float = 2.0) -> npt.NDArray[np.bool_]:
    """Return which samples have two ratings at least ``distance`` points apart; a row of ratings per level each."""
    points: Floats = np.asarray(levels, dtype=np.float64)
    given = np.asarray(histogram) > 0
    low = np.where(given, points, np.inf).min(axis=1)
    high = np.where(given, points, -np.inf).max(axis=1)
    return np.asarray(high - low >= distance - 1e-9)


def chance_apart(probabilities: Floats, levels: Values, distance: float = 2.0) -> Floats:
    """Return the chance that two draws from each row's distribution are at least ``distance`` points apart."""
    points: Floats = np.asarray(levels, dtype=np.float64)
    far = (np.abs(points[:, None] - points[None, :]) >= distance - 1e-9).astype(np.float64)
    return np.asarray(np.einsum("ni,ij,nj->n", probabilities, far, probabilities), dtype=np.float64)
