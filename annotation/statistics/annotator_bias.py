"""PURE. Each annotator's bias, spread, agreement and pace against others on the same samples.

Every comparison is with the mean of the others' values on the same sample, so it is relative: where one of three is a
point harsher than the other two, each of these looks half a point more generous than the rest. Nothing here ranks
people. A word is put to somebody only where the difference is larger than chance, after a correction for how many
comparisons are made, and large enough to matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from .differences import mean_of_others, usual_step
from .krippendorff_alpha import Floats, Interval, Ints
from .mean_intervals import bonferroni_level, mean_and_error, mean_interval, median_of_known, none_if_nan
from .undefined_reasons import ALONE

Word = Literal["harsh", "generous", "narrow", "wide"]

# A word about a person needs this many samples that others rated, too.
FEWEST_FOR_A_WORD = 20
# In levels. One annotator of five who is a point harsher makes the other four look a quarter more generous: less than
# half a level may well be somebody else's doing.
BIAS_THAT_MATTERS = 0.5
# Own spread over that of the others, or the reverse.
SPREAD_THAT_MATTERS = 0.75
MOST_WEEKS = 104
_NEARLY = 1e-9
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class BiasWeek:
    """An annotator's metrics on one dimension in one ISO week (UTC)."""

    week: str
    n: int
    bias: float | None
    spread: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class AnnotatorBias:
    """The metrics of one annotator on one dimension."""

    annotator: int
    n: int
    shared: int
    """Ratings of samples that somebody else has rated, too; all comparisons are over these."""
    bias: float | None
    """Mean of the own values less the mean of the others' on the same samples."""
    interval: Interval | None
    """Of the bias, 95 %, by Student's t."""
    error: float | None
    """Standard error of the bias."""
    spread: float | None
    """Standard deviation of the own values."""
    others_spread: float | None
    """The same of the others on the same samples, each beside their own level."""
    spread_ratio: float | None
    spread_error: float | None
    """Standard error of the logarithm of the ratio; None where either spread is nothing."""
    usual_share: float | None
    """How much of the others' values is the one that they give most."""
    exact: float | None
    within_one: float | None
    seconds: float | None
    """Median active seconds per sample."""
    step: float
    """Usual distance between two levels."""
    weeks: Sequence[BiasWeek]
    undefined: str | None


def measure_bias(
    unit: Ints, annotator: Ints, position: Ints, values: Sequence[float], *, seconds: Floats, at: Floats
) -> list[AnnotatorBias]:
    """Return the metrics of every annotator of one dimension, by number.

    ``seconds`` and ``at`` (seconds since 1970) belong to the ratings; NaN where unknown.
    """
    if not len(unit):
        return []
    points = np.asarray(values, dtype=np.float64)
    step = usual_step(points)
    own: Floats = points[position]
    _, unit = np.unique(unit, return_inverse=True)
    size = np.bincount(unit)
    others: Floats = (size[unit] - 1).astype(np.float64)
    shared = others > 0
    difference: Floats = own - mean_of_others(unit, own)
    # Others who differ in level would otherwise seem to vary: everybody beside them would look narrow.
    level = own - _levels(annotator, np.nan_to_num(difference), others)
    others_mean, others_square = (mean_of_others(unit, numbers) for numbers in (level, level**2))
    counts = np.bincount(unit * len(points) + position, minlength=len(size) * len(points)).reshape(-1, len(points))
    near = (np.abs(points[:, None] - points[None, :]) <= 1 + _NEARLY).astype(np.float64)
    equal = counts[unit, position] - 1.0
    close = (counts @ near)[unit, position] - 1.0

    order = np.argsort(annotator, kind="stable")
    people, starts = np.unique(annotator[order], return_index=True)
    found = []
    for person, rows in zip(people.tolist(), np.split(order, starts[1:]), strict=True):
        mine = rows[shared[rows]]
        pairs = float(others[mine].sum())
        bias, error = mean_and_error(difference[mine])
        ratio = _Spreads.of(own[mine], others_mean[mine], others_square[mine])
        around = counts[unit[mine]].sum(axis=0) - np.bincount(position[mine], minlength=len(points))
        found.append(
            AnnotatorBias(
                annotator=person,
                n=len(rows),
                shared=len(mine),
                bias=bias,
                interval=mean_interval(difference[mine]),
                error=error,
                spread=_standard_deviation(own[rows]),
                others_spread=ratio.others,
                spread_ratio=ratio.ratio,
                spread_error=ratio.error,
                usual_share=float(around.max()) / pairs if pairs else None,
                exact=float(equal[mine].sum()) / pairs if pairs else None,
                within_one=float(close[mine].sum()) / pairs if pairs else None,
                seconds=median_of_known(seconds[rows]),
                step=step,
                weeks=_group_by_week(at[rows], difference[rows], own[rows], seconds[rows]),
                undefined=None if pairs else ALONE,
            )
        )
    return found


def _levels(annotator: Ints, difference: Floats, others: Floats) -> Floats:
    """Return per rating how far its annotator is above the mean of all who rated the same samples."""
    n = np.maximum(np.bincount(annotator, others > 0), 1)
    around = np.bincount(annotator, others) / n
    level: Floats = (np.bincount(annotator, difference) / n * around / (around + 1))[annotator]
    return level


def noteworthy_words(everybody: Sequence[AnnotatorBias]) -> list[Word | None]:
    """Return the noteworthy finding of each annotator, or None, over all dimensions at once.

    Two things are compared of everybody with enough samples, so the level of each test is 5 % divided by the number
    of comparisons (Bonferroni): in 19 of 20 studies in which nobody differs, nobody gets a word.
    """
    comparisons = 2 * sum(one.shared >= FEWEST_FOR_A_WORD for one in everybody)
    level = bonferroni_level(comparisons)
    return [_noteworthy_word(one, level) if one.shared >= FEWEST_FOR_A_WORD else None for one in everybody]


def _noteworthy_word(one: AnnotatorBias, level: float) -> Word | None:
    if one.bias is not None and one.error is not None and abs(one.bias) >= BIAS_THAT_MATTERS * one.step:
        beyond = abs(one.bias) - float(student_t.ppf(level, one.shared - 1)) * one.error
        if beyond > 0:
            return "harsh" if one.bias < 0 else "generous"
    if one.spread_ratio is None:
        return None
    if one.spread_ratio == 0:
        # Always one value. By chance, if the others nearly always give one, too.
        by_chance = (one.usual_share or 0.0) ** one.shared
        return "narrow" if by_chance < 1 - level else None
    distance = math.log(one.spread_ratio)
    if one.spread_error is None or abs(distance) <= NormalDist().inv_cdf(level) * one.spread_error:
        return None
    if one.spread_ratio <= SPREAD_THAT_MATTERS:
        return "narrow"
    return "wide" if one.spread_ratio >= 1 / SPREAD_THAT_MATTERS else None


@dataclass(frozen=True, slots=True)
class _Spreads:
    """An annotator's spread compared with the others' on the same samples."""

    others: float | None
    ratio: float | None
    error: float | None

    @classmethod
    def of(cls, own: Floats, others_mean: Floats, others_square: Floats) -> "_Spreads":
        """Compare two standard deviations over the same samples by the delta method.

        How much each sample adds to the logarithm of the ratio of the variances has a mean of nothing; its standard
        deviation tells the error, and takes into account that both sides rated the same samples.
        """
        if len(own) < 2:
            return cls(None, None, None)
        middle, level = own.mean(), others_mean.mean()
        mine = float(((own - middle) ** 2).mean())
        around = others_square - 2 * level * others_mean + level**2
        theirs = float(around.mean())
        if theirs <= _NEARLY:
            return cls(0.0, None, None)
        if mine <= _NEARLY:
            return cls(math.sqrt(theirs), 0.0, None)
        adds = (own - middle) ** 2 / mine - around / theirs
        # Half of it: of standard deviations, not of variances.
        error = float(adds.std(ddof=1)) / math.sqrt(len(own)) / 2
        return cls(math.sqrt(theirs), math.sqrt(mine / theirs), error)


def _standard_deviation(numbers: Floats) -> float | None:
    return float(numbers.std(ddof=1)) if len(numbers) > 1 else None


def _group_by_week(at: Floats, difference: Floats, own: Floats, seconds: Floats) -> list[BiasWeek]:
    dated = ~np.isnan(at)
    ratings = pd.DataFrame({"difference": difference, "own": own, "seconds": seconds})[dated]
    by_week = ratings.groupby(week_number(at[dated])).agg(
        n=("own", "size"), bias=("difference", "mean"), spread=("own", "std"), seconds=("seconds", "median")
    )
    return [
        BiasWeek(week_name(row.Index), row.n, *(none_if_nan(number) for number in (row.bias, row.spread, row.seconds)))
        for row in by_week.tail(MOST_WEEKS).itertuples()
    ]


def week_number(at: Floats) -> Ints:
    """Return the number of the ISO week, counted from that of 1 January 1970, of each moment."""
    # Days are counted from a Thursday; ISO weeks begin on Mondays.
    weeks: Ints = (np.floor(at / _DAY).astype(np.int64) + 3) // 7
    return weeks


def week_name(week: int) -> str:
    """Return the name of an ISO week by its number: 2026-W07."""
    year, number, _ = date.fromordinal(date(1970, 1, 1).toordinal() + week * 7 - 3).isocalendar()
    return f"{year}-W{number:02d}"
