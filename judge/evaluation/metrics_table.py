"""Computes the metrics of one set of scores, with their intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from judge.metrics import association, gaps
from judge.metrics.dispute import auroc, brier, dispute_shares, group_by_probability
from judge.metrics.gaps import Floats
from judge.metrics.resampling import bootstrap_interval

from .pairs import DimensionPairs, Target

APART = 2.0
# Fewer samples in a group of the calibration plot than this would be noise.
SAMPLES_IN_A_GROUP = 5
GROUPS = 10


def compute_metrics(
    human: Floats,
    expected: Floats,
    rounded: Floats,
    question: npt.NDArray[np.int64],
    levels: Sequence[float],
    target: Target,
    *,
    intervals: bool = True,
) -> dict[str, Any]:
    """Return the metrics of one set of scores.

    RMSE is of the expected score and of the rounded one, A@1 of the rounded one, correlations of the expected one.
    Shares of gaps and kappa need whole levels on both sides: they are there where the target is the final score.
    Intervals hold 95 % and draw questions.
    """
    found: dict[str, Any] = {
        "samples": len(human),
        "rmse": gaps.rmse(expected, human),
        "rmse_rounded": gaps.rmse(rounded, human),
        "a1": gaps.agreement_within(rounded, human),
        "mean_error": gaps.mean_error(expected, human),
        "srcc": association.spearman(expected, human),
        "plcc": association.pearson(expected, human),
        "krcc": association.kendall(expected, human),
        "human": _moments_data(human),
        "judge": _moments_data(rounded),
    }
    if target == "final":
        shares = gaps.gap_shares(rounded, human)
        found["kappa"] = association.quadratic_kappa(rounded, human, levels)
        found["gaps"] = {f"{gap:g}": shares.get(gap, 0.0) for gap in gaps.possible_gaps(levels)} if shares else {}
    if intervals:
        near = np.abs(rounded - human) <= gaps.TOLERANCE + 1e-9
        found["rmse_interval"] = _bootstrap_interval((expected - human) ** 2, question, root=True)
        found["a1_interval"] = _bootstrap_interval(near.astype(np.float64), question, root=False)
    return found


def compute_pair_metrics(pairs: DimensionPairs, target: Target, *, intervals: bool = True) -> dict[str, Any]:
    """Return the metrics of a judge's predictions of one dimension."""
    return compute_metrics(
        pairs.human,
        pairs.expected,
        pairs.rounded,
        pairs.question,
        pairs.dimension.values,
        target,
        intervals=intervals,
    )


def compute_uncertainty_metrics(pairs: DimensionPairs) -> dict[str, Any]:
    """Return the coverage and width of intervals, and calibration groups.

    The groups tell whether errors grow with the judge's own uncertainty.
    """
    given = ~np.isnan(pairs.interval[:, 0])
    low, high, human = pairs.interval[given, 0], pairs.interval[given, 1], pairs.human[given]
    held = (human >= low - 1e-9) & (human <= high + 1e-9)
    return {
        "samples": int(given.sum()),
        "coverage": float(held.mean()) if len(held) else None,
        "width": float((high - low).mean()) if len(held) else None,
        "groups": [
            {"expected": group[0], "observed": group[1], "samples": group[2]}
            for group in _group_by_expected(pairs.expected, pairs.human)
        ],
    }


def compute_dispute_metrics(pairs: DimensionPairs) -> dict[str, Any]:
    """Return how well the judge predicts disputes of two points or more.

    Without annotators' ratings nothing is known of it; the share is that of pairs of annotators.
    """
    rated = pairs.histogram.sum(axis=1) >= 2
    chance = pairs.p_dispute[rated]
    happened = dispute_shares(pairs.histogram[rated], pairs.dimension.values, APART)
    return {
        "samples": int(rated.sum()),
        "share": float(happened.mean()) if len(happened) else None,
        "auroc": auroc(chance, happened),
        "brier": brier(chance, happened),
        "groups": [group._asdict() for group in group_by_probability(chance, happened, _group_count(len(chance)))],
    }


def _group_by_expected(expected: Floats, human: Floats) -> list[tuple[float, float, int]]:
    """Return groups of about equal size by expected score.

    Each has its mean expected score, people's mean and its number of samples.
    """
    order = np.argsort(expected, kind="stable")
    if not len(order):
        return []
    parts = np.array_split(order, _group_count(len(order)))
    return [(float(expected[part].mean()), float(human[part].mean()), len(part)) for part in parts]


def _group_count(samples: int) -> int:
    return max(1, min(GROUPS, samples // SAMPLES_IN_A_GROUP))


def _moments_data(scores: Floats) -> dict[str, float] | None:
    found = gaps.moments(scores)
    return found._asdict() if found else None


def _bootstrap_interval(term: Floats, question: npt.NDArray[np.int64], *, root: bool) -> list[float] | None:
    def share(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            mean = sums[:, 0] / sums[:, 1]
        return np.asarray(np.sqrt(mean) if root else mean, dtype=np.float64)

    if not len(term):
        return None
    found = bootstrap_interval(np.stack([term, np.ones(len(term))], axis=1), question, share)
    return list(found) if found else None
