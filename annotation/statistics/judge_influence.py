"""PURE. A judge's influence on annotators per arm and dimension, against the study's limit.

Everything is beside what people do who do not meet it: the blind values that were given in the same time, on samples
that others scored with the judge's help and on wholly blind ones. What the judge would have shown them is known, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .anchoring import AnchoringEffect, Arm, delayed_terms, estimate_anchoring, prefilled_terms
from .krippendorff_alpha import Ints
from .mean_intervals import median_of_known

ARMS: tuple[Arm, ...] = ("delayed", "prefilled")
BLIND = "blind"
BLIND_ARM = -1
_NEAR = 1 + 1e-9
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class InfluenceData:
    """All data that the influence metrics are computed from; annotators and samples by number."""

    dimensions: Sequence[str]
    question_of: Ints
    """Of each sample, by its number."""
    suggested: pd.DataFrame
    """Suggested values and the answers to them.

    ``sample``, ``annotator``, ``dimension`` (its place in the rubric), ``arm`` (its place in `ARMS`), ``shown``,
    ``expected``, ``first`` (delayed: the locked own value) and ``final``.
    """
    blind: pd.DataFrame
    """Blind values beside what the judge would have shown.

    ``sample``, ``annotator``, ``dimension``, ``value``, ``shown`` and ``expected`` (NaN where unknown) and ``beside``:
    the sample is one that others scored with the judge's help.
    """
    times: pd.DataFrame
    """Scores of every arm.

    ``annotator``, ``arm`` (its place in `ARMS`, or `BLIND_ARM`) and active ``seconds``, those of the answer to the
    judge included, NaN where unknown.
    """
    unanswered: Sequence[int]
    """For each of `ARMS`: values that were shown and that nobody answered in time."""

    @property
    def comparable(self) -> pd.DataFrame:
        """The blind values of which it is known what the judge would have shown."""
        return self.blind[self.blind["shown"].notna()]


def influence_rows(data: InfluenceData, *, limit: float) -> list[dict[str, Any]]:
    """Return a row per arm and dimension, then one per arm over all, whose name is None.

    An arm that nobody has met has no rows. ``limit`` is the pull that the study allows.
    """
    everything = range(len(data.dimensions))
    present = [position for position in range(len(ARMS)) if (data.suggested["arm"] == position).any()]
    cells = [(position, dimension) for position in present for dimension in everything]
    found = estimate_anchoring([_anchoring_terms(data, position, dimension) for position, dimension in cells])
    keys: list[tuple[int, int | None]] = []
    for position in present:
        keys += [(position, dimension) for dimension in everything] + [(position, None)]
    return [
        _influence_row(data, position, dimension, anchoring, limit)
        for (position, dimension), anchoring in zip(keys, found, strict=True)
    ]


def _anchoring_terms(data: InfluenceData, position: int, dimension: int) -> Any:
    suggested, blind = _of_dimension(data.suggested, dimension), _of_dimension(data.blind, dimension)
    sample, shown, first, final = (
        suggested.loc[suggested["arm"] == position, name].to_numpy() for name in ("sample", "shown", "first", "final")
    )
    if ARMS[position] == "delayed":
        return delayed_terms(sample, shown, first, final, data.question_of)
    return prefilled_terms(
        sample, shown, final, blind["sample"].to_numpy(), blind["value"].to_numpy(), data.question_of
    )


def _of_dimension(values: pd.DataFrame, dimension: int | None) -> pd.DataFrame:
    """Return the values of one dimension, or all of them."""
    return values if dimension is None else values[values["dimension"] == dimension]


def _influence_row(
    data: InfluenceData, position: int, dimension: int | None, anchoring: AnchoringEffect, limit: float
) -> dict[str, Any]:
    suggested = _of_dimension(data.suggested[data.suggested["arm"] == position], dimension)
    blind = _of_dimension(data.comparable, dimension)
    delayed = ARMS[position] == "delayed"
    return {
        "arm": ARMS[position],
        "dimension": None if dimension is None else data.dimensions[dimension],
        "pull": anchoring.value,
        "interval": None if anchoring.interval is None else list(anchoring.interval),
        "slope": anchoring.slope,
        "undefined": anchoring.undefined,
        "alarm": exceeds_limit(anchoring, limit),
        "values": len(suggested),
        "samples": suggested["sample"].nunique(),
        "compared": anchoring.values,
        "acceptance": share_of_true(equal_levels(suggested["final"], suggested["shown"])),
        "coincidence": share_of_true(equal_levels(blind["value"], blind["shown"])),
        "blind_values": len(blind),
        "blind_values_beside": int(blind["beside"].sum()),
        "agreed_before": share_of_true(equal_levels(suggested["first"], suggested["shown"])) if delayed else None,
        "moved": _count_changes(suggested) if delayed else None,
        "within_one": _within_one(suggested["final"], suggested["shown"]),
        "rmse": _rmse(suggested["final"], suggested["expected"]),
        "blind_within_one": _within_one(blind["value"], blind["shown"]),
        "blind_rmse": _rmse(blind["value"], blind["expected"]),
    }


def exceeds_limit(anchoring: AnchoringEffect, limit: float) -> bool:
    """Whether anchoring is significantly above the study's limit."""
    if anchoring.value is None or anchoring.interval is None:
        return False
    return anchoring.value > limit and anchoring.interval.low > 0


def arm_rows(data: InfluenceData) -> list[dict[str, Any]]:
    """Return a row per arm over all dimensions, the blind one first: times and the judge's errors."""
    blind = data.comparable.rename(columns={"value": "final"})
    usual = median_of_known(data.times.loc[data.times["arm"] == BLIND_ARM, "seconds"])
    rows = [_arm_row(BLIND, data.times[data.times["arm"] == BLIND_ARM], blind, unanswered=0, usual=None)]
    for position, arm in enumerate(ARMS):
        times = data.times[data.times["arm"] == position]
        values = data.suggested[data.suggested["arm"] == position]
        if len(times) or len(values):
            rows.append(_arm_row(arm, times, values, unanswered=data.unanswered[position], usual=usual))
    return rows


def _arm_row(
    arm: str, times: pd.DataFrame, values: pd.DataFrame, *, unanswered: int, usual: float | None
) -> dict[str, Any]:
    """Return the row of one arm; ``usual`` are the median seconds that its own are compared with."""
    seconds = median_of_known(times["seconds"])
    return {
        "arm": arm,
        "scores": len(times),
        "values": len(values),
        "unanswered": unanswered,
        "seconds": seconds,
        "seconds_ratio": seconds / usual if seconds is not None and usual else None,
        "acceptance": share_of_true(equal_levels(values["final"], values["shown"])),
        "within_one": _within_one(values["final"], values["shown"]),
        "rmse": _rmse(values["final"], values["expected"]),
    }


def _count_changes(suggested: pd.DataFrame) -> dict[str, Any]:
    """Return how many own values changed, and in which direction from the judge's."""
    before = (suggested["first"] - suggested["shown"]).abs()
    after = (suggested["final"] - suggested["shown"]).abs()
    changed = ~equal_levels(suggested["first"], suggested["final"])
    towards, away = changed & (after < before - _SAME), changed & (after > before + _SAME)
    return {
        "share": share_of_true(changed),
        "changed": int(changed.sum()),
        "towards": int(towards.sum()),
        "away": int(away.sum()),
        "across": int((changed & ~towards & ~away).sum()),
    }


def equal_levels(left: pd.Series, right: pd.Series) -> pd.Series:
    """Return for each pair of values whether they are the same level."""
    return (left - right).abs() <= _SAME


def share_of_true(flags: pd.Series) -> float | None:
    """Return the share of true values; None without values."""
    return float(flags.mean()) if len(flags) else None


def _within_one(values: pd.Series, shown: pd.Series) -> float | None:
    return share_of_true((values - shown).abs() <= _NEAR)


def _rmse(values: pd.Series, expected: pd.Series) -> float | None:
    return float(np.sqrt(((values - expected) ** 2).mean())) if len(values) else None
