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
    metrics: dict[str, Any] = {
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
        metrics["kappa"] = association.quadratic_kappa(rounded, human, levels)
        metrics["gaps"] = {f"{gap:g}": shares.get(gap, 0.0) for gap in gaps.possible_gaps(levels)} if shares else {}
    if intervals:
        within_tolerance = np.abs(rounded - human) <= gaps.TOLERANCE + 1e-9
        metrics["rmse_interval"] = _bootstrap_interval((expected - human) ** 2, question, root=True)
        metrics["a1_interval"] = _bootstrap_interval(within_tolerance.astype(np.float64), question, root=False)
    return metrics


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
    has_interval = ~np.isnan(pairs.interval[:, 0])
    low, high, human = pairs.interval[has_interval, 0], pairs.interval[has_interval, 1], pairs.human[has_interval]
    covered = (human >= low - 1e-9) & (human <= high + 1e-9)
    return {
        "samples": int(has_interval.sum()),
        "coverage": float(covered.mean()) if len(covered) else None,
        "width": float((high - low).mean()) if len(covered) else None,
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
    probability = pairs.p_dispute[rated]
    observed = dispute_shares(pairs.histogram[rated], pairs.dimension.values, APART)
    return {
        "samples": int(rated.sum()),
        "share": float(observed.mean()) if len(observed) else None,
        "auroc": auroc(probability, observed),
        "brier": brier(probability, observed),
        "groups": [
            group._asdict() for group in group_by_probability(probability, observed, _group_count(len(probability)))
        ],
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
    moments = gaps.moments(scores)
    return moments._asdict() if moments else None


def _bootstrap_interval(term: Floats, question: npt.NDArray[np.int64], *, root: bool) -> list[float] | None:
    def metric(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            mean = sums[:, 0] / sums[:, 1]
        return np.asarray(np.sqrt(mean) if root else mean, dtype=np.float64)

    if not len(term):
        return None
    bounds = bootstrap_interval(np.stack([term, np.ones(len(term))], axis=1), question, metric)
    return list(bounds) if bounds else None
