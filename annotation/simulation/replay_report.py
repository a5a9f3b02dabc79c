"""PURE. Summarizes replays of a finished study: metrics of each queue, with intervals over seeds."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from scipy.stats import t as student_t

from judge.metrics.dispute import auroc, brier

from .replay import CHECKPOINTS, SNAPSHOT_AT, ReplayPolicy, ReplayResult

CURVE = tuple(step / 20 for step in range(21))
PRECISION_PLACES = (10, 20, 50)
"""Numbers of first places for which a queue's precision is reported."""
CONFIDENCE = 0.95
TARGET_GAIN = 1.5
"""The target: how many times its share of the disputes a queue should find."""
MAX_BASE_RATE = 0.4
"""The target applies where no larger share of the samples is disputed."""


def build_replay_report(replays: Mapping[ReplayPolicy, Sequence[ReplayResult]]) -> dict[str, Any]:
    """Return the metrics of one dimension by policy, and the best possible ones.

    Every figure is ``{"mean", "interval"}`` over the seeds; the interval is None with one seed.
    """
    first_replays = next(iter(replays.values()))
    base_rate = fmean(replay.disputes / max(1, replay.samples) for replay in first_replays)
    shares_found = {
        policy: [_found_share(replay, SNAPSHOT_AT) for replay in replays_of_policy]
        for policy, replays_of_policy in replays.items()
    }
    disputed = shares_found.get(ReplayPolicy.DISPUTED)
    has_target = base_rate <= MAX_BASE_RATE and disputed is not None and None not in disputed
    return {
        "samples": round(fmean(replay.samples for replay in first_replays)),
        "base_rate": base_rate,
        "policies": {policy.value: _policy_metrics(replays_of_policy) for policy, replays_of_policy in replays.items()},
        "best": {
            "found_at_fifth": mean_interval([_best_share(replay, SNAPSHOT_AT) for replay in first_replays]),
            "found": [
                {"work": work, **mean_interval([_best_share(replay, work) for replay in first_replays])}
                for work in CURVE
            ],
        },
        "met": mean_interval(disputed or [])["mean"] >= TARGET_GAIN * SNAPSHOT_AT if has_target else None,
    }


def mean_interval(values: Sequence[float | None]) -> dict[str, Any]:
    """Return the mean of the defined values, with Student's t interval over seeds."""
    defined = [value for value in values if value is not None]
    if not defined:
        return {"mean": None, "interval": None}
    mean = fmean(defined)
    if len(defined) < 2:
        return {"mean": mean, "interval": None}
    half_width = float(student_t.ppf((1 + CONFIDENCE) / 2, len(defined) - 1)) * stdev(defined) / math.sqrt(len(defined))
    return {"mean": mean, "interval": [mean - half_width, mean + half_width]}


def _policy_metrics(replays: Sequence[ReplayResult]) -> dict[str, Any]:
    at_fifth = mean_interval([_found_share(replay, SNAPSHOT_AT) for replay in replays])
    snapshots = [replay.snapshot for replay in replays if replay.snapshot is not None]
    return {
        "found_at_fifth": at_fifth,
        "times_its_share": None if at_fifth["mean"] is None else at_fifth["mean"] / SNAPSHOT_AT,
        "found": [
            {"work": work, **mean_interval([_found_share(replay, work) for replay in replays])} for work in CURVE
        ],
        "at_random": mean_interval([fmean(replay.at_random) for replay in replays if replay.at_random]),
        "auroc": mean_interval(
            [auroc(snapshot.probability, snapshot.disputed.astype(float)) for snapshot in snapshots]
        ),
        "brier": mean_interval(
            [brier(snapshot.probability, snapshot.disputed.astype(float)) for snapshot in snapshots]
        ),
        "open": {
            "samples": mean_interval([float(len(snapshot.disputed)) for snapshot in snapshots]),
            "foretold": mean_interval(
                [float(snapshot.probability.mean()) for snapshot in snapshots if len(snapshot.probability)]
            ),
            "disputed": mean_interval(
                [float(snapshot.disputed.mean()) for snapshot in snapshots if len(snapshot.disputed)]
            ),
        },
        "precision": [
            {
                "k": k,
                **mean_interval(
                    [float(snapshot.in_order[:k].mean()) for snapshot in snapshots if len(snapshot.in_order) >= k]
                ),
            }
            for k in PRECISION_PLACES
        ],
        "rmse": [
            {
                "work": mark,
                "labels": round(fmean(labels for labels, _ in points)),
                **mean_interval([error for _, error in points]),
            }
            for mark in CHECKPOINTS
            if (points := [(labels, error) for replay in replays for at, labels, error in replay.rmse if at == mark])
        ],
    }


def _found_share(replay: ReplayResult, work: float) -> float | None:
    """Return the share of disputes found after a share of the work.

    None beyond the end of the replay.
    """
    count = round(work * replay.work)
    if not replay.disputes or (count > len(replay.disputes_found) and not replay.exhausted):
        return None
    return (
        replay.disputes_found[min(count, len(replay.disputes_found)) - 1] / replay.disputes
        if count and replay.disputes_found
        else 0.0
    )


def _best_share(replay: ReplayResult, work: float) -> float | None:
    """Return the largest share of disputes that could be found.

    It takes two scores for every dispute, and none for other samples.
    """
    return min(1.0, work * replay.work // 2 / replay.disputes) if replay.disputes else None
