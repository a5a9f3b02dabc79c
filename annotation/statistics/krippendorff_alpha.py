"""PURE. Krippendorff's alpha and the shares of equal ratings, with bootstrap intervals by sample.

Which annotator gave which value does not matter to any of these figures: a sample is the number of its ratings on each
level. Samples with equal numbers are one *pattern*, and a bootstrap draw of the samples is a multinomial draw of the
patterns: the same distribution, at a cost that grows with the patterns (56 for three ratings on six levels).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import krippendorff
import numpy as np
import numpy.typing as npt

from judge.metrics.resampling import percentile_interval

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Measurement = Literal["ordinal", "interval", "nominal"]
MEASUREMENTS: tuple[Measurement, ...] = ("ordinal", "interval", "nominal")

DRAWS = 200
SEED = 42
# With fewer samples a percentile says more about the draws than about the ratings.
FEWEST_SAMPLES = 5
# What one step of a calculation may hold at a time, in numbers of eight bytes.
ROOM = 2_000_000
_NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class RatingPatterns:
    """The distinct rating patterns of one dimension's samples, with two or more ratings each."""

    counts: Ints
    """Ratings on each level, one row per pattern."""
    samples: Ints
    """How many samples have each pattern."""
    values: Floats
    """What the levels stand for, in their order."""

    @property
    def total(self) -> int:
        """How many samples there are."""
        return int(self.samples.sum())

    @property
    def different_values(self) -> int:
        """How many levels occur at all."""
        return int((self.counts.sum(axis=0) > 0).sum())


class PairShares(NamedTuple):
    """Metrics over all pairs of ratings of one sample; None where there is no pair."""

    exact: float | None
    within_one: float | None
    mad: float | None
    """Mean absolute difference, in the dimension's points."""


def patterns_of(unit: Ints, position: Ints, values: Floats) -> RatingPatterns:
    """Group ratings by sample into patterns, without samples that have one rating."""
    levels = len(values)
    samples, place = np.unique(unit, return_inverse=True)
    counts = np.bincount(place * levels + position, minlength=len(samples) * levels).reshape(-1, levels)
    counts = counts[counts.sum(axis=1) >= 2]
    different, times = np.unique(counts, axis=0, return_counts=True)
    return RatingPatterns(different.reshape(-1, levels), times, np.asarray(values, dtype=np.float64))


def compute_alpha(patterns: RatingPatterns, measurement: Measurement) -> float:
    """Return Krippendorff's alpha; there must be two samples and two different values.

    The library holds a table of samples by levels by levels. Where that is too much, our own calculation answers,
    which the tests hold equal to the library's.
    """
    used = patterns.counts.sum(axis=0) > 0
    if patterns.total * int(used.sum()) ** 2 > ROOM:
        return float(compute_alphas(patterns, patterns.samples[None, :], measurement)[0])
    return float(
        krippendorff.alpha(
            value_counts=np.repeat(patterns.counts[:, used], patterns.samples, axis=0),
            value_domain=patterns.values[used],
            level_of_measurement=measurement,
        )
    )


def compute_alphas(patterns: RatingPatterns, weights: npt.NDArray[np.int64], measurement: Measurement) -> Floats:
    """Return the alpha of each row of pattern counts in ``weights``, NaN where undefined.

    With ranks in place of values the ordinal distance is an interval distance: between two levels lie the ratings
    between the middles of theirs. The squared distances in a sample then follow from its sum and its sum of squares.
    """
    counts = patterns.counts.astype(np.float64)
    size = counts.sum(axis=1)
    drawn = weights.astype(np.float64)
    on_level = drawn @ counts
    total = on_level.sum(axis=1)
    if measurement == "nominal":
        observed = drawn @ ((size**2 - (counts**2).sum(axis=1)) / (size - 1))
        expected = (total**2 - (on_level**2).sum(axis=1)) / (total - 1)
    else:
        if measurement == "ordinal":
            scale = on_level.cumsum(axis=1) - on_level / 2 - total[:, None] / 2
        else:
            scale = np.broadcast_to(patterns.values - patterns.values.mean(), on_level.shape)
        squares = (((drawn * (size / (size - 1))) @ counts) * scale**2).sum(axis=1)
        observed = 2 * (squares - ((drawn / (size - 1)) * (scale @ counts.T) ** 2).sum(axis=1))
        mean = (on_level * scale).sum(axis=1) ** 2
        expected = 2 * (total * (on_level * scale**2).sum(axis=1) - mean) / (total - 1)
    told = (on_level > 0).sum(axis=1) > 1
    return np.where(told, 1 - observed / np.where(told, expected, 1), np.nan)


def _pair_sums(patterns: RatingPatterns) -> Floats:
    """Return pairs, equal pairs, pairs within one point and absolute differences, one row per pattern."""
    counts = patterns.counts.astype(np.float64)
    apart = np.abs(patterns.values[:, None] - patterns.values[None, :])
    near = (apart <= 1 + _NEARLY).astype(np.float64)
    size = counts.sum(axis=1)
    return np.stack(
        [
            size * (size - 1) / 2,
            (counts * (counts - 1)).sum(axis=1) / 2,
            # Each rating is within one point of itself.
            (((counts @ near) * counts).sum(axis=1) - size) / 2,
            ((counts @ apart) * counts).sum(axis=1) / 2,
        ],
        axis=1,
    )


def pair_shares(patterns: RatingPatterns) -> PairShares:
    """Return the shares of equal pairs and of pairs within one point, and the mean difference."""
    pairs, exact, near, apart = (patterns.samples.astype(np.float64) @ _pair_sums(patterns)).tolist()
    return PairShares(exact / pairs, near / pairs, apart / pairs) if pairs else PairShares(None, None, None)


def wide_apart(patterns: RatingPatterns, points: float) -> int:
    """Return how many samples have ratings that are ``points`` or more apart."""
    if not len(patterns.counts):
        return 0
    there = patterns.counts > 0
    highest = np.where(there, patterns.values, -np.inf).max(axis=1)
    lowest = np.where(there, patterns.values, np.inf).min(axis=1)
    return int(patterns.samples[highest - lowest >= points - _NEARLY].sum())


Interval = tuple[float, float]


class BootstrapIntervals(NamedTuple):
    """Percentile intervals over bootstrap draws of samples; None where undefined."""

    alpha: dict[Measurement, Interval | None]
    exact: Interval | None
    within_one: Interval | None
    mad: Interval | None


def bootstrap_intervals(
    patterns: RatingPatterns, measurements: tuple[Measurement, ...], *, draws: int = DRAWS, seed: int = SEED
) -> BootstrapIntervals:
    """Return intervals from ``draws`` bootstrap draws of the samples, reproducible by seed."""
    if patterns.total < FEWEST_SAMPLES or draws < 1:
        return BootstrapIntervals(dict.fromkeys(measurements), None, None, None)
    found: dict[Measurement, list[Floats]] = {measurement: [] for measurement in measurements}
    pair_sums = _pair_sums(patterns)
    drawn_shares = []
    for weights in _draw_weights(patterns, draws, seed):
        for measurement in measurements:
            found[measurement].append(compute_alphas(patterns, weights, measurement))
        sums = weights.astype(np.float64) @ pair_sums
        drawn_shares.append(sums[:, 1:] / sums[:, :1])
    exact, near, apart = np.concatenate(drawn_shares).T
    return BootstrapIntervals(
        {measurement: percentile_interval(np.concatenate(parts)) for measurement, parts in found.items()},
        percentile_interval(exact),
        percentile_interval(near),
        percentile_interval(apart),
    )


def _draw_weights(patterns: RatingPatterns, draws: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield bootstrap draws in batches, as the count of each pattern in each draw."""
    chance = np.random.default_rng(seed)
    share = patterns.samples / patterns.samples.sum()
    at_once = max(1, ROOM // len(share))
    for start in range(0, draws, at_once):
        yield chance.multinomial(patterns.total, share, size=min(at_once, draws - start))
