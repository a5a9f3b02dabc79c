"""PURE. What replays of a finished study show: the figures of each queue over several seeds, with intervals."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from scipy.stats import t as student_t

from judge.metrics.dispute import auroc, brier

from .replay import CHECKPOINTS, LOOK, ReplayPolicy, ReplayResult

CURVE = tuple(step / 20 for step in range(21))
AT = (10, 20, 50)
"""Places from the top of a queue at which its precision is told."""
CONFIDENCE = 0.95
WANTED = 1.5
"""A queue is good where it finds so many times its share of the disputes…"""
MOST_COMMON = 0.4
"""…where not more than this part of the samples are disputed."""


def report_of(replays: Mapping[ReplayPolicy, Sequence[ReplayResult]]) -> dict[str, Any]:
    """Return the figures of one dimension: those of each policy, and the best that is possible.

    Every figure is ``{"mean", "interval"}`` over the seeds; the interval is None with one seed.
    """
    first = next(iter(replays.values()))
    base = fmean(one.disputes / max(1, one.samples) for one in first)
    found = {policy: [_found_share(one, LOOK) for one in several] for policy, several in replays.items()}
    disputed = found.get(ReplayPolicy.DISPUTED)
    wanted = base <= MOST_COMMON and disputed is not None and None not in disputed
    return {
        "samples": round(fmean(one.samples for one in first)),
        "base_rate": base,
        "policies": {policy.value: _policy(several) for policy, several in replays.items()},
        "best": {
            "found_at_fifth": mean_interval([_best_share(one, LOOK) for one in first]),
            "found": [{"work": work, **mean_interval([_best_share(one, work) for one in first])} for work in CURVE],
        },
        "met": mean_interval(disputed or [])["mean"] >= WANTED * LOOK if wanted else None,
    }


def mean_interval(values: Sequence[float | None]) -> dict[str, Any]:
    """Return the mean of what is known of several seeds, and its interval by Student's t."""
    known = [value for value in values if value is not None]
    if not known:
        return {"mean": None, "interval": None}
    mean = fmean(known)
    if len(known) < 2:
        return {"mean": mean, "interval": None}
    reach = float(student_t.ppf((1 + CONFIDENCE) / 2, len(known) - 1)) * stdev(known) / math.sqrt(len(known))
    return {"mean": mean, "interval": [mean - reach, mean + reach]}


def _policy(several: Sequence[ReplayResult]) -> dict[str, Any]:
    at_fifth = mean_interval([_found_share(one, LOOK) for one in several])
    looks = [one.look for one in several if one.look is not None]
    return {
        "found_at_fifth": at_fifth,
        "times_its_share": None if at_fifth["mean"] is None else at_fifth["mean"] / LOOK,
        "found": [{"work": work, **mean_interval([_found_share(one, work) for one in several])} for work in CURVE],
        "at_random": mean_interval([fmean(one.at_random) for one in several if one.at_random]),
        "auroc": mean_interval([auroc(look.chance, look.disputed.astype(float)) for look in looks]),
        "brier": mean_interval([brier(look.chance, look.disputed.astype(float)) for look in looks]),
        "open": {
            "samples": mean_interval([float(len(look.disputed)) for look in looks]),
            "foretold": mean_interval([float(look.chance.mean()) for look in looks if len(look.chance)]),
            "disputed": mean_interval([float(look.disputed.mean()) for look in looks if len(look.disputed)]),
        },
        "precision": [
            {"k": k, **mean_interval([float(look.in_order[:k].mean()) for look in looks if len(look.in_order) >= k])}
            for k in AT
        ],
        "rmse": [
            {
                "work": mark,
                "labels": round(fmean(labels for labels, _ in points)),
                **mean_interval([error for _, error in points]),
            }
            for mark in CHECKPOINTS
            if (points := [(labels, error) for one in several for at, labels, error in one.rmse if at == mark])
        ],
    }


def _found_share(one: ReplayResult, work: float) -> float | None:
    """Return the share of the disputes found once so much of the work was done; None beyond the end of the replay."""
    count = round(work * one.work)
    if not one.disputes or (count > len(one.found) and not one.exhausted):
        return None
    return one.found[min(count, len(one.found)) - 1] / one.disputes if count and one.found else 0.0


def _best_share(one: ReplayResult, work: float) -> float | None:
    """Return what somebody would have found who knew everything: two scores for every dispute, and none for nothing."""
    return min(1.0, work * one.work // 2 / one.disputes) if one.disputes else None
