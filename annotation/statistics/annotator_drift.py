"""PURE. Each annotator over all dimensions, and changes of bias and pace over the weeks.

Ratings of one sample on several dimensions are not independent of each other, so everything here counts samples: the
bias on a sample is the mean of its dimensions, in levels. Somebody has changed where their last weeks differ from those
before by more than chance, after a correction for how many comparisons are made, and by enough to matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from .annotator_bias import FEWEST_FOR_A_WORD, MOST_WEEKS, week_number
from .differences import mean_of_others, usual_step
from .krippendorff_alpha import Floats, Interval, Ints
from .mean_intervals import bonferroni_level, mean_interval, median_of_known, none_if_nan

RECENT_WEEKS = 3
# In levels; less changes next to no label.
CHANGE_THAT_MATTERS = 0.3
# Of the seconds before.
PACE_THAT_MATTERS = 2 / 3


class RatedDimension(NamedTuple):
    """The ratings of one dimension in parallel columns, with its level values."""

    unit: Ints
    annotator: Ints
    position: Ints
    score: Ints
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WeeklyChange:
    """A change of a mean between earlier and the last weeks."""

    before: float
    after: float
    since: int
    """Number of the first of the last weeks."""
    noteworthy: bool


@dataclass(frozen=True, slots=True)
class DriftWeek:
    """An annotator's metrics in one week."""

    week: int
    n: int
    bias: float | None
    spread: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class AnnotatorOverall:
    """The metrics of one annotator over all dimensions."""

    annotator: int
    n: int
    """Samples."""
    bias: float | None
    """Mean distance from the others' mean, in levels; over samples that somebody else has rated, too."""
    interval: Interval | None
    spread: float | None
    """Standard deviation of what they give within a dimension, in levels, pooled over the dimensions."""
    seconds: float | None
    bias_change: WeeklyChange | None
    pace_change: WeeklyChange | None
    """Of the median seconds per sample."""
    weeks: Sequence[DriftWeek]


def describe_annotators(
    rated: Sequence[RatedDimension], *, annotator: Ints, seconds: Floats, at: Floats
) -> list[AnnotatorOverall]:
    """Return the metrics of every annotator with a rating, over all dimensions.

    ``annotator``, ``seconds`` and ``at`` (seconds since 1970) are those of the scores; the last two NaN where unknown.
    """
    scores = pd.DataFrame({"annotator": annotator, "seconds": seconds, "week": _known_weeks(at)})
    ratings = pd.concat([_place_ratings(part, number) for number, part in enumerate(rated)])
    scores["bias"] = ratings.groupby("score")["deviation"].mean()
    ratings = ratings.join(scores[["annotator", "week"]], on="score")
    spreads, weekly_spreads = _pool_spreads(ratings, ["annotator"]), _pool_spreads(ratings, ["annotator", "week"])
    by_annotator = scores[scores.index.isin(ratings["score"])].groupby("annotator")
    changes = {
        number: (_Split.of(own["bias"], own["week"]), _Split.of(np.log(own["seconds"].clip(lower=1)), own["week"]))
        for number, own in by_annotator
    }
    level = bonferroni_level(sum(split is not None for pair in changes.values() for split in pair))
    rows = []
    for number, own in by_annotator:
        bias = own["bias"].dropna().to_numpy()
        bias_split, pace_split = changes[number]
        pace = None if pace_split is None else pace_split.change(level, matters=-math.log(PACE_THAT_MATTERS))
        rows.append(
            AnnotatorOverall(
                annotator=number,
                n=len(own),
                bias=float(bias.mean()) if len(bias) else None,
                interval=mean_interval(bias),
                spread=none_if_nan(spreads[number]),
                seconds=median_of_known(own["seconds"]),
                bias_change=None if bias_split is None else bias_split.change(level, matters=CHANGE_THAT_MATTERS),
                pace_change=None if pace is None else _in_seconds(pace),
                weeks=_group_by_week(own, weekly_spreads.get(number)),
            )
        )
    return rows


def _known_weeks(at: Floats) -> pd.Series:
    """Return the number of the week of each moment, missing where it is unknown."""
    weeks = pd.Series(pd.NA, index=range(len(at)), dtype="Int64")
    dated = ~np.isnan(at)
    weeks[dated] = week_number(at[dated])
    return weeks


def _place_ratings(part: RatedDimension, number: int) -> pd.DataFrame:
    """Return the ratings of a dimension in levels, with their deviation from the mean of the sample's others."""
    own: Floats = np.asarray(part.values, dtype=np.float64)[part.position] / usual_step(part.values)
    _, unit = np.unique(part.unit, return_inverse=True)
    return pd.DataFrame(
        {"dimension": number, "score": part.score, "own": own, "deviation": own - mean_of_others(unit, own)}
    )


def _pool_spreads(ratings: pd.DataFrame, by: list[str]) -> pd.Series:
    """Return the standard deviation within dimensions, pooled over them; NaN where no dimension has two values."""
    cells = ratings.groupby([*by, "dimension"])["own"].agg(["size", "var"])
    cells["degrees"] = cells["size"] - 1
    cells["squares"] = cells["var"].fillna(0) * cells["degrees"]
    pooled = cells.groupby(level=by)[["squares", "degrees"]].sum()
    return np.sqrt(pooled["squares"] / pooled["degrees"])


@dataclass(frozen=True, slots=True)
class _Split:
    """Values of the earlier and of the last weeks, enough of both to compare."""

    before: Floats
    after: Floats
    since: int

    @classmethod
    def of(cls, numbers: pd.Series, week: pd.Series) -> "_Split | None":
        usable = numbers.notna() & week.notna()
        numbers, week = numbers[usable], week[usable]
        worked = np.unique(week.to_numpy(dtype=np.int64))
        if len(worked) <= RECENT_WEEKS:
            return None
        since = int(worked[-RECENT_WEEKS])
        before, after = numbers[week < since].to_numpy(), numbers[week >= since].to_numpy()
        if min(len(before), len(after)) < FEWEST_FOR_A_WORD:
            return None
        return cls(before, after, since)

    def change(self, level: float, *, matters: float) -> WeeklyChange:
        """Compare the means by Welch's test at the one-sided ``level``."""
        errors = [float(part.var(ddof=1)) / len(part) for part in (self.before, self.after)]
        distance = float(self.after.mean() - self.before.mean())
        total = sum(errors)
        reach = 0.0
        if total > 0:
            sizes = (len(self.before), len(self.after))
            degrees = total**2 / sum(error**2 / (n - 1) for error, n in zip(errors, sizes, strict=True))
            reach = float(student_t.ppf(level, max(3, int(degrees)))) * math.sqrt(total)
        noteworthy = abs(distance) >= matters and abs(distance) > reach
        return WeeklyChange(float(self.before.mean()), float(self.after.mean()), self.since, noteworthy)


def _in_seconds(change: WeeklyChange) -> WeeklyChange:
    """Turn means of logarithms into geometric means in seconds, robust against long breaks."""
    return WeeklyChange(math.exp(change.before), math.exp(change.after), change.since, change.noteworthy)


def _group_by_week(own: pd.DataFrame, spreads: pd.Series | None) -> list[DriftWeek]:
    by_week = own.groupby("week").agg(n=("bias", "size"), bias=("bias", "mean"), seconds=("seconds", "median"))
    return [
        DriftWeek(
            int(row.Index),
            row.n,
            none_if_nan(row.bias),
            None if spreads is None else none_if_nan(spreads.get(row.Index, math.nan)),
            none_if_nan(row.seconds),
        )
        for row in by_week.tail(MOST_WEEKS).itertuples()
    ]
