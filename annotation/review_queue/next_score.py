"""PURE. Chooses the next score to ask for, to find most disputes per score.

A first score shows no dispute but changes the probability of one. So plans look ahead: whom to ask first and,
depending on the value, whether and whom to ask next. The value of a sample is the best ratio of disputes found to
scores asked for among all such plans (the index of Gittins 1979, some steps ahead).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.statistics.krippendorff_alpha import Floats, Ints

# Plans branch by level at each step: with many levels they look less far ahead, but never less than two scores.
MAX_STEPS = 3
MAX_BRANCHES = 400
# The best ratio is found by asking what pays at a price, and taking what that yields for the next price.
PRICE_STEPS = 3

Flags = npt.NDArray[np.bool_]


class ScoringState(NamedTuple):
    """The state of samples at one step of a plan, a row each."""

    weight: Floats
    """Rows x types: the chance of having come here, by type."""
    low: Ints
    """Position of the lowest level that was given; beyond the last one where there is none."""
    high: Ints
    """Of the highest one; -1 where there is none."""
    free: Flags
    """Rows x columns: scores that can be asked for."""
    people: Ints
    """Who would give them."""

    def select(self, chosen: Flags) -> "ScoringState":
        return ScoringState(
            self.weight[chosen], self.low[chosen], self.high[chosen], self.free[chosen], self.people[chosen]
        )


class PlannedYield(NamedTuple):
    """The disputes and scores of a plan, and its first column.

    The column is -1 where no score is asked for.
    """

    disputes: Floats
    scores: Floats
    column: Ints


def find_best_ratios(state: ScoringState, people: Floats, apart: Flags) -> tuple[Floats, Ints]:
    """Return each row's best ratio of disputes to scores, and its first column.

    The column is -1 where none is free.

    ``people`` are the chances of levels, people x types x levels; ``apart[i, j]`` says whether two levels make a
    dispute. Rows that are disputed already have the promise 1 of every further score: leave them out before.
    """
    steps = min(MAX_STEPS, max(2, int(np.log(MAX_BRANCHES) / np.log(max(people.shape[2], 2)))), state.free.shape[1])
    price = np.full(len(state.low), 1e-9)
    column = np.full(len(state.low), -1, dtype=np.int64)
    for _ in range(PRICE_STEPS):
        best = _find_best_plan(state, people, apart, price, steps)
        column = np.where(best.column >= 0, best.column, column)
        ratio = np.divide(best.disputes, best.scores, out=np.zeros(len(price)), where=best.scores > 0)
        # A little less, so that rounding does not turn the best plan down.
        price = np.maximum(price, ratio * (1 - 1e-9))
    first = np.where(state.free.any(axis=1), state.free.argmax(axis=1), -1)
    return np.where(price > 1e-9, price, 0.0), np.where(column >= 0, column, first)


def _find_best_plan(state: ScoringState, people: Floats, apart: Flags, price: Floats, steps: int) -> PlannedYield:
    """Return the plan that yields most at a price per score.

    Asking for no score yields nothing.
    """
    count = len(state.low)
    best = PlannedYield(np.zeros(count), np.zeros(count), np.full(count, -1, dtype=np.int64))
    asked_columns: list[tuple[int, Ints]] = []
    for column in range(state.free.shape[1]):
        # Of several who score alike one is enough.
        new = state.free[:, column].copy()
        for earlier_column, annotators in asked_columns:
            new &= ~(state.free[:, earlier_column] & (annotators == state.people[:, column]))
        asked_columns.append((column, state.people[:, column]))
        if new.any():
            disputes, scores = _evaluate_column(state.select(new), people, apart, price[new], steps, column)
            gain = disputes - price[new] * scores > (best.disputes - price * best.scores)[new] + 1e-15
            chosen = np.flatnonzero(new)[gain]
            best.disputes[chosen], best.scores[chosen], best.column[chosen] = disputes[gain], scores[gain], column
    return best


def _evaluate_column(
    state: ScoringState, people: Floats, apart: Flags, price: Floats, steps: int, column: int
) -> tuple[Floats, Floats]:
    """Return the yield of asking for one column's score.

    The best plan is followed from there on.
    """
    weight = state.weight[:, :, None] * people[state.people[:, column]]
    level = np.arange(people.shape[2])
    low, high = np.minimum(state.low[:, None], level), np.maximum(state.high[:, None], level)
    shown = np.asarray(apart[low, high])
    disputes, scores = (weight.sum(axis=1) * shown).sum(axis=1), state.weight.sum(axis=1)
    free = state.free.copy()
    free[:, column] = False
    if steps > 1:
        has_free = np.asarray(free.any(axis=1))
        row, next_level = np.nonzero(~shown & has_free[:, None])
        after = ScoringState(
            weight[row, :, next_level], low[row, next_level], high[row, next_level], free[row], state.people[row]
        )
        best = _find_best_plan(after, people, apart, price[row], steps - 1)
        disputes += np.bincount(row, best.disputes, minlength=len(disputes))
        scores += np.bincount(row, best.scores, minlength=len(scores))
    return disputes, scores
