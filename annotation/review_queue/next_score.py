"""PURE. Which score to ask for next where disputes are sought: the one that promises most disputes per score.

A first score shows no dispute, but a rare one may promise it. So asking is planned ahead: whom to ask first, and by
what they say whether to ask on, and whom. The promise of a sample is the best ratio of disputes found to scores asked
for that any such plan has (the index of Gittins 1979, some steps ahead).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.statistics.krippendorff_alpha import Floats, Ints

# Plans branch by level at each step: with many levels they look less far ahead, but never less than two scores.
FURTHEST = 3
MOST_BRANCHES = 400
# The best ratio is found by asking what pays at a price, and taking what that yields for the next price.
PRICES = 3

Flags = npt.NDArray[np.bool_]


class ScoringCandidates(NamedTuple):
    """Samples as a plan meets them, a row each."""

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

    def rows(self, chosen: Flags) -> "ScoringCandidates":
        return ScoringCandidates(
            self.weight[chosen], self.low[chosen], self.high[chosen], self.free[chosen], self.people[chosen]
        )


class PlannedYield(NamedTuple):
    """What the best plan yields at a price: disputes, scores asked for, and the column of the first one (-1: none)."""

    disputes: Floats
    scores: Floats
    column: Ints


def best_ratios(board: ScoringCandidates, people: Floats, apart: Flags) -> tuple[Floats, Ints]:
    """Return the best ratio of disputes to scores of each row, and the column to ask for first; -1 where none is free.

    ``people`` are the chances of levels, people x types x levels; ``apart[i, j]`` says whether two levels make a
    dispute. Rows that are disputed already have the promise 1 of every further score: leave them out before.
    """
    steps = min(FURTHEST, max(2, int(np.log(MOST_BRANCHES) / np.log(max(people.shape[2], 2)))), board.free.shape[1])
    price = np.full(len(board.low), 1e-9)
    column = np.full(len(board.low), -1, dtype=np.int64)
    for _ in range(PRICES):
        best = _best(board, people, apart, price, steps)
        column = np.where(best.column >= 0, best.column, column)
        ratio = np.divide(best.disputes, best.scores, out=np.zeros(len(price)), where=best.scores > 0)
        # A little less, so that rounding does not turn the best plan down.
        price = np.maximum(price, ratio * (1 - 1e-9))
    first = np.where(board.free.any(axis=1), board.free.argmax(axis=1), -1)
    return np.where(price > 1e-9, price, 0.0), np.where(column >= 0, column, first)


def _best(board: ScoringCandidates, people: Floats, apart: Flags, price: Floats, steps: int) -> PlannedYield:
    """Return the plan that yields most after paying the price of each score; asking for none yields nothing."""
    count = len(board.low)
    best = PlannedYield(np.zeros(count), np.zeros(count), np.full(count, -1, dtype=np.int64))
    asked: list[tuple[int, Ints]] = []
    for column in range(board.free.shape[1]):
        # Of several who score alike one is enough.
        new = board.free[:, column].copy()
        for earlier, who in asked:
            new &= ~(board.free[:, earlier] & (who == board.people[:, column]))
        asked.append((column, board.people[:, column]))
        if new.any():
            disputes, scores = _asking(board.rows(new), people, apart, price[new], steps, column)
            gain = disputes - price[new] * scores > (best.disputes - price * best.scores)[new] + 1e-15
            chosen = np.flatnonzero(new)[gain]
            best.disputes[chosen], best.scores[chosen], best.column[chosen] = disputes[gain], scores[gain], column
    return best


def _asking(
    board: ScoringCandidates, people: Floats, apart: Flags, price: Floats, steps: int, column: int
) -> tuple[Floats, Floats]:
    """Return what asking for one column's score yields, with the best plan for what follows."""
    said = board.weight[:, :, None] * people[board.people[:, column]]
    level = np.arange(people.shape[2])
    low, high = np.minimum(board.low[:, None], level), np.maximum(board.high[:, None], level)
    shown = np.asarray(apart[low, high])
    disputes, scores = (said.sum(axis=1) * shown).sum(axis=1), board.weight.sum(axis=1)
    free = board.free.copy()
    free[:, column] = False
    if steps > 1:
        left = np.asarray(free.any(axis=1))
        row, given = np.nonzero(~shown & left[:, None])
        after = ScoringCandidates(said[row, :, given], low[row, given], high[row, given], free[row], board.people[row])
        follows = _best(after, people, apart, price[row], steps - 1)
        disputes += np.bincount(row, follows.disputes, minlength=len(disputes))
        scores += np.bincount(row, follows.scores, minlength=len(scores))
    return disputes, scores
