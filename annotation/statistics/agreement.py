"""PURE. All agreement metrics of one dimension, from independent ratings.

Ratings come as parallel arrays of whole numbers: the sample, the annotator and the position of the level. Wherever
the ratings do not carry a figure it is None, with a sentence of `annotation.statistics.undefined_reasons` in its
place; it is never 0 or 1 for want of data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import undefined_reasons as undefined
from .kappa_icc import IntraclassCorrelation, PairKappa, one_way_icc, pair_kappas, two_way_icc
from .krippendorff_alpha import (
    DRAWS,
    MEASUREMENTS,
    SEED,
    BootstrapIntervals,
    Floats,
    Interval,
    Ints,
    Measurement,
    PairShares,
    RatingPatterns,
    bootstrap_intervals,
    compute_alpha,
    pair_shares,
    patterns_of,
    wide_apart,
)

WIDE = 2


@dataclass(frozen=True, slots=True)
class LevelScale:
    """The key, name and level values of one dimension."""

    key: str
    name: str
    values: tuple[float, ...]
    """What its levels stand for, ascending."""


@dataclass(frozen=True, slots=True)
class DimensionAgreement:
    """All agreement metrics of one dimension over one set of samples."""

    samples: int
    ratings: int
    annotators: int
    paired: int
    """Samples with two or more ratings: the ones that all figures but the counts come from."""
    alpha: Mapping[Measurement, float | None]
    undefined: str | None
    """Why there is no alpha."""
    shares: PairShares
    intervals: BootstrapIntervals
    kappas: Sequence[PairKappa]
    icc: IntraclassCorrelation
    icc_two_way: IntraclassCorrelation
    range_two: int
    """Samples with ratings two or more points apart."""


def measure_agreement(
    unit: Ints,
    annotator: Ints,
    position: Ints,
    values: Sequence[float],
    *,
    measurements: tuple[Measurement, ...] = MEASUREMENTS,
    draws: int = DRAWS,
    seed: int = SEED,
) -> DimensionAgreement:
    """Measure the agreement on one dimension, whose levels stand for ``values``.

    An annotator rates a sample at most once. Uneven and missing ratings are what they are: figures over pairs of
    ratings weigh pairs, alpha weighs ratings.
    """
    points: Floats = np.asarray(values, dtype=np.float64)
    patterns = patterns_of(unit, position, points)
    reason = _why_not(annotator, patterns)
    return DimensionAgreement(
        samples=len(np.unique(unit)),
        ratings=len(unit),
        annotators=len(np.unique(annotator)),
        paired=patterns.total,
        alpha={level: None if reason else compute_alpha(patterns, level) for level in measurements},
        undefined=reason,
        shares=pair_shares(patterns),
        intervals=bootstrap_intervals(patterns, () if reason else measurements, draws=draws, seed=seed),
        kappas=pair_kappas(unit, annotator, position),
        icc=one_way_icc(unit, points[position]),
        icc_two_way=two_way_icc(unit, annotator, points[position]),
        range_two=wide_apart(patterns, WIDE),
    )


def _why_not(annotator: Ints, patterns: RatingPatterns) -> str | None:
    if not len(annotator):
        return undefined.NO_RATINGS
    if (annotator == annotator[0]).all():
        return undefined.ONE_ANNOTATOR
    if not patterns.total:
        return undefined.NO_PAIRS
    if patterns.different_values < 2:
        return undefined.ONE_VALUE
    # The definition gives 0 for a single sample, whatever its ratings are.
    return undefined.ONE_SAMPLE if patterns.total < 2 else None


def agreement_row(
    found: DimensionAgreement,
    scale: LevelScale,
    *,
    measurement: Measurement,
    group: Mapping[str, str],
    names: Sequence[str],
    most_pairs: int,
) -> dict[str, Any]:
    """Return the metrics of one dimension in one group as plain data.

    ``names`` are those of the annotators by number. The ``most_pairs`` pairs with the most samples in common are
    listed; ``pairs`` says how many there are.
    """
    told = [pair.kappa for pair in found.kappas if pair.kappa is not None]
    return {
        "group": dict(group),
        "dimension": scale.key,
        "name": scale.name,
        "level": measurement,
        "alpha": found.alpha[measurement],
        "undefined": found.undefined,
        "interval": _interval_pair(found.intervals.alpha.get(measurement)),
        "samples": found.samples,
        "paired": found.paired,
        "ratings": found.ratings,
        "annotators": found.annotators,
        "exact": found.shares.exact,
        "within_one": found.shares.within_one,
        "mad": found.shares.mad,
        "intervals": {
            "exact": _interval_pair(found.intervals.exact),
            "within_one": _interval_pair(found.intervals.within_one),
            "mad": _interval_pair(found.intervals.mad),
        },
        "range_two": found.range_two,
        "kappa_mean": sum(told) / len(told) if told else None,
        "pairs": len(found.kappas),
        "kappa": [
            {
                "pair": [names[pair.first], names[pair.second]],
                "kappa": pair.kappa,
                "samples": pair.samples,
                "undefined": pair.undefined,
            }
            for pair in found.kappas[:most_pairs]
        ],
        "icc": found.icc._asdict(),
        "icc_two_way": found.icc_two_way._asdict(),
    }


def _interval_pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
