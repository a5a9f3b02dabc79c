"""PURE. A judge's influence on annotators per arm and dimension, against the study's limit.

Everything is beside what people do who do not meet it: the blind values that were given in the same time, on samples
that others scored with the judge's help and on wholly blind ones. What the judge would have shown them is known, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .anchoring import AnchoringEffect, Arm, delayed_terms, estimate_anchoring, prefilled_terms
from .krippendorff_alpha import Floats, Ints

ARMS: tuple[Arm, ...] = ("delayed", "prefilled")
BLIND = "blind"
_NEAR = 1 + 1e-9
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class SuggestedValues:
    """Suggested values and the answers to them, in columns; annotators and samples by number."""

    sample: Ints
    annotator: Ints
    dimension: Ints
    """Its place in the rubric."""
    arm: Ints
    """Its place in `ARMS`."""
    shown: Floats
    expected: Floats
    first: Floats
    """Delayed: the locked own value."""
    final: Floats

    def only(self, rows: npt.NDArray[np.bool_]) -> "SuggestedValues":
        """Return some of the rows."""
        return SuggestedValues(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class BlindValues:
    """Blind values in columns, with what the judge would have shown, NaN where unknown."""

    sample: Ints
    annotator: Ints
    dimension: Ints
    value: Floats
    shown: Floats
    expected: Floats
    beside: npt.NDArray[np.bool_]
    """The sample is one that others scored with the judge's help."""

    def only(self, rows: npt.NDArray[np.bool_]) -> "BlindValues":
        """Return some of the rows."""
        return BlindValues(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class ScoringTimes:
    """Scoring times of every arm, in columns."""

    annotator: Ints
    arm: Ints
    """Its place in `ARMS`; -1: blind."""
    seconds: Floats
    """Active ones, of an answer to the judge too; NaN where unknown."""


@dataclass(frozen=True, slots=True)
class InfluenceData:
    """All data that the influence metrics are computed from."""

    dimensions: Sequence[str]
    question_of: Ints
    """Of each sample, by its number."""
    suggested: SuggestedValues
    blind: BlindValues
    times: ScoringTimes
    unanswered: Sequence[int]
    """For each of `ARMS`: values that were shown and that nobody answered in time."""


def influence_rows(data: InfluenceData, *, limit: float) -> list[dict[str, Any]]:
    """Return a row per arm and dimension, then one per arm over all, whose name is None.

    An arm that nobody has met has no rows. ``limit`` is the pull that the study allows.
    """
    everything = range(len(data.dimensions))
    present = [position for position in range(len(ARMS)) if (data.suggested.arm == position).any()]
    cells = [(position, dimension) for position in present for dimension in everything]
    found = estimate_anchoring([_anchoring_terms(data, position, dimension) for position, dimension in cells])
    keys: list[tuple[int, int | None]] = []
    for position in present:
        keys += [(position, dimension) for dimension in everything] + [(position, None)]
    return [
        _influence_row(data, position, dimension, pull, limit)
        for (position, dimension), pull in zip(keys, found, strict=True)
    ]


def _anchoring_terms(data: InfluenceData, position: int, dimension: int) -> Any:
    own = data.suggested.only((data.suggested.arm == position) & (data.suggested.dimension == dimension))
    if ARMS[position] == "delayed":
        return delayed_terms(own.sample, own.shown, own.first, own.final, data.question_of)
    blind = data.blind.only(data.blind.dimension == dimension)
    return prefilled_terms(own.sample, own.shown, own.final, blind.sample, blind.value, data.question_of)


def _influence_row(
    data: InfluenceData, position: int, dimension: int | None, pull: AnchoringEffect, limit: float
) -> dict[str, Any]:
    mine = data.suggested.arm == position
    theirs = ~np.isnan(data.blind.shown)
    if dimension is not None:
        mine, theirs = mine & (data.suggested.dimension == dimension), theirs & (data.blind.dimension == dimension)
    own, blind = data.suggested.only(mine), data.blind.only(theirs)
    delayed = ARMS[position] == "delayed"
    return {
        "arm": ARMS[position],
        "dimension": None if dimension is None else data.dimensions[dimension],
        "pull": pull.value,
        "interval": None if pull.interval is None else list(pull.interval),
        "slope": pull.slope,
        "undefined": pull.undefined,
        "alarm": exceeds_limit(pull, limit),
        "values": len(own.final),
        "samples": len(np.unique(own.sample)),
        "compared": pull.values,
        "acceptance": share_of_true(equal_levels(own.final, own.shown)),
        "coincidence": share_of_true(equal_levels(blind.value, blind.shown)),
        "blind_values": len(blind.value),
        "blind_values_beside": int(blind.beside.sum()),
        "agreed_before": share_of_true(equal_levels(own.first, own.shown)) if delayed else None,
        "moved": _count_changes(own) if delayed else None,
        "within_one": _within_one(own.final, own.shown),
        "rmse": _rmse(own.final, own.expected),
        "blind_within_one": _within_one(blind.value, blind.shown),
        "blind_rmse": _rmse(blind.value, blind.expected),
    }


def exceeds_limit(pull: AnchoringEffect, limit: float) -> bool:
    """Whether anchoring is significantly above the study's limit."""
    return pull.value is not None and pull.interval is not None and pull.value > limit and pull.interval.low > 0


def arm_rows(data: InfluenceData) -> list[dict[str, Any]]:
    """Return a row per arm over all dimensions, the blind one first: times and the judge's errors."""
    known = data.blind.only(~np.isnan(data.blind.shown))
    usual = known_median(data.times.seconds[data.times.arm == -1])
    found: list[dict[str, Any]] = [
        {
            "arm": BLIND,
            "scores": int((data.times.arm == -1).sum()),
            "values": len(known.value),
            "unanswered": 0,
            "seconds": usual,
            "seconds_ratio": None,
            "acceptance": share_of_true(equal_levels(known.value, known.shown)),
            "within_one": _within_one(known.value, known.shown),
            "rmse": _rmse(known.value, known.expected),
        }
    ]
    for position, arm in enumerate(ARMS):
        own = data.suggested.only(data.suggested.arm == position)
        here = data.times.arm == position
        if not here.any() and not len(own.final):
            continue
        seconds = known_median(data.times.seconds[here])
        found.append(
            {
                "arm": arm,
                "scores": int(here.sum()),
                "values": len(own.final),
                "unanswered": data.unanswered[position],
                "seconds": seconds,
                "seconds_ratio": seconds / usual if seconds is not None and usual else None,
                "acceptance": share_of_true(equal_levels(own.final, own.shown)),
                "within_one": _within_one(own.final, own.shown),
                "rmse": _rmse(own.final, own.expected),
            }
        )
    return found


def _count_changes(own: SuggestedValues) -> dict[str, Any]:
    """Return how many own values changed, and in which direction from the judge's."""
    before, after = np.abs(own.first - own.shown), np.abs(own.final - own.shown)
    changed = ~equal_levels(own.first, own.final)
    towards, away = changed & (after < before - _SAME), changed & (after > before + _SAME)
    return {
        "share": share_of_true(changed),
        "changed": int(changed.sum()),
        "towards": int(towards.sum()),
        "away": int(away.sum()),
        "across": int((changed & ~towards & ~away).sum()),
    }


def equal_levels(one: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    """Return for each pair of values whether they are the same level."""
    equal: npt.NDArray[np.bool_] = np.abs(one - other) <= _SAME
    return equal


def share_of_true(true: npt.NDArray[np.bool_]) -> float | None:
    """Return the share of true values; None without values."""
    return float(true.mean()) if len(true) else None


def known_median(numbers: Floats) -> float | None:
    """Return the median of the values that are known."""
    known = numbers[~np.isnan(numbers)]
    return float(np.median(known)) if len(known) else None


def _within_one(values: Floats, shown: Floats) -> float | None:
    return share_of_true(np.abs(values - shown) <= _NEAR)


def _rmse(values: Floats, expected: Floats) -> float | None:
    return float(np.sqrt(((values - expected) ** 2).mean())) if len(values) else None
