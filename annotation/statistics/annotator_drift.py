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
from scipy.stats import t as student_t

from .annotator_bias import FEWEST_FOR_A_WORD, MOST_WEEKS, week_number
from .differences import mean_of_others, usual_step
from .krippendorff_alpha import Floats, Interval, Ints
from .mean_intervals import bonferroni_level, mean_interval, median_of_known

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
    rated: Sequence[RatedDimension], *, member: Ints, seconds: Floats, at: Floats
) -> list[AnnotatorOverall]:
    """Return the metrics of every annotator with a rating, over all dimensions.

    ``seconds`` and ``at`` (seconds since 1970) are NaN where unknown.
    """
    scores = len(member)
    bias_sum, bias_count, present = np.zeros(scores), np.zeros(scores), np.zeros(scores, dtype=bool)
    for part in rated:
        difference = _deviation_from_others(part)
        known = ~np.isnan(difference)
        bias_sum += np.bincount(part.score[known], difference[known], minlength=scores)
        bias_count += np.bincount(part.score[known], minlength=scores)
        present[part.score] = True
    bias = np.divide(bias_sum, bias_count, out=np.full(scores, np.nan), where=bias_count > 0)
    week = np.full(scores, np.iinfo(np.int64).min, dtype=np.int64)
    dated = ~np.isnan(at)
    week[dated] = week_number(at[dated])
    people = np.unique(member[present]).tolist()
    rows = {person: np.flatnonzero(present & (member == person)) for person in people}
    changes = {
        person: (_Split.of(bias[own], week[own]), _Split.of(np.log(np.maximum(seconds[own], 1)), week[own]))
        for person, own in rows.items()
    }
    tests = sum(split is not None for pair in changes.values() for split in pair)
    level = bonferroni_level(tests)
    spreads = _Spreads(rated, member, week)
    found = []
    for person, own in rows.items():
        known = bias[own][~np.isnan(bias[own])]
        of_bias, of_pace = changes[person]
        mean = float(known.mean()) if len(known) else None
        found.append(
            AnnotatorOverall(
                annotator=person,
                n=len(own),
                bias=mean,
                interval=mean_interval(known),
                spread=spreads.of(person),
                seconds=median_of_known(seconds[own]),
                bias_change=None if of_bias is None else of_bias.change(level, matters=CHANGE_THAT_MATTERS),
                pace_change=None
                if of_pace is None
                else _in_seconds(of_pace.change(level, matters=-math.log(PACE_THAT_MATTERS))),
                weeks=_group_by_week(person, bias[own], seconds[own], week[own], spreads),
            )
        )
    return found


def _deviation_from_others(part: RatedDimension) -> Floats:
    """Return per rating its difference to the mean of the sample's others in levels, NaN without others."""
    own: Floats = np.asarray(part.values, dtype=np.float64)[part.position] / usual_step(part.values)
    _, unit = np.unique(part.unit, return_inverse=True)
    return own - mean_of_others(unit, own)


class _Spreads:
    """Sums of squares around the mean of each dimension, by person and by person and week."""

    def __init__(self, rated: Sequence[RatedDimension], member: Ints, week: Ints) -> None:
        self._squares: dict[tuple[int, int | None], float] = {}
        self._degrees: dict[tuple[int, int | None], int] = {}
        for part in rated:
            points = np.asarray(part.values, dtype=np.float64)
            own = points[part.position] / usual_step(points)
            self._add(own, member[part.score], None)
            self._add(own, member[part.score], week[part.score])

    def _add(self, own: Floats, member: Ints, week: Ints | None) -> None:
        if not len(own):
            return
        weeks, number = np.unique(week if week is not None else np.zeros_like(member), return_inverse=True)
        groups, place = np.unique(member * len(weeks) + number, return_inverse=True)
        n = np.bincount(place)
        mean = np.bincount(place, own) / n
        squares = np.bincount(place, (own - mean[place]) ** 2)
        for group, count, total in zip(groups.tolist(), n.tolist(), squares.tolist(), strict=True):
            key = (group // len(weeks), int(weeks[group % len(weeks)]) if week is not None else None)
            self._squares[key] = self._squares.get(key, 0.0) + total
            self._degrees[key] = self._degrees.get(key, 0) + count - 1

    def of(self, person: int, week: int | None = None) -> float | None:
        """Return the pooled standard deviation, None where no dimension has two values."""
        degrees = self._degrees.get((person, week), 0)
        return math.sqrt(self._squares[person, week] / degrees) if degrees else None


@dataclass(frozen=True, slots=True)
class _Split:
    """Values of the earlier and of the last weeks, enough of both to compare."""

    before: Floats
    after: Floats
    since: int

    @classmethod
    def of(cls, numbers: Floats, week: Ints) -> "_Split | None":
        usable = ~np.isnan(numbers) & (week != np.iinfo(np.int64).min)
        numbers, week = numbers[usable], week[usable]
        worked = np.unique(week)
        if len(worked) <= RECENT_WEEKS:
            return None
        since = int(worked[-RECENT_WEEKS])
        before, after = numbers[week < since], numbers[week >= since]
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


def _group_by_week(person: int, bias: Floats, seconds: Floats, week: Ints, spreads: _Spreads) -> list[DriftWeek]:
    found = []
    for number in np.unique(week[week != np.iinfo(np.int64).min]).tolist()[-MOST_WEEKS:]:
        rows = week == number
        compared = bias[rows][~np.isnan(bias[rows])]
        found.append(
            DriftWeek(
                number,
                int(rows.sum()),
                float(compared.mean()) if len(compared) else None,
                spreads.of(person, number),
                median_of_known(seconds[rows]),
            )
        )
    return found
