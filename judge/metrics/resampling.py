"""Computes bootstrap intervals that resample questions.

Answers to one question rise and fall together, so that samples are not drawn by themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .gaps import Floats

DRAWS = 1_000
SEED = 42
CONFIDENCE = 0.95
# With fewer questions a percentile says more about the draws than about the judge.
FEWEST_QUESTIONS = 5
# An interval of the draws that happen to have a value would be an interval of something else.
MOST_DRAWS_UNDEFINED = 0.05
# What one step may hold at a time, in numbers of eight bytes.
MAX_NUMBERS_AT_ONCE = 4_000_000


class ConfidenceInterval(NamedTuple):
    """The bounds of a confidence interval."""

    low: float
    high: float


def bootstrap_interval(
    terms: Floats,
    question: npt.NDArray[np.int64] | Sequence[int],
    metric: Callable[[Floats], Floats],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    confidence: float = CONFIDENCE,
) -> ConfidenceInterval | None:
    """Return the percentile interval of a metric made of sums.

    ``terms`` has a row per sample and a column per sum; ``metric`` turns the sums of many draws, a row each, into the
    metric of each draw, NaN where a draw has none. None with fewer than five questions, or where more than 5 % of the
    draws lack the metric.
    """
    _, question_index = np.unique(np.asarray(question), return_inverse=True)
    count = int(question_index.max()) + 1 if len(question_index) else 0
    if count < FEWEST_QUESTIONS:
        return None
    per_question = np.stack([np.bincount(question_index, column, count) for column in terms.T], axis=1)
    drawn = np.concatenate([metric(weights @ per_question) for weights in _draw_weights(count, draws, seed)])
    return percentile_interval(drawn, confidence=confidence)


def draw_sums(per_question: Floats, *, draws: int = DRAWS, seed: int = SEED) -> Floats | None:
    """Return the sums of each bootstrap draw, a row each.

    Several metrics can come from the same draws.

    ``per_question`` has a row per question and a column per sum. None with fewer than five questions.
    """
    count = len(per_question)
    if count < FEWEST_QUESTIONS:
        return None
    return np.concatenate([weights @ per_question for weights in _draw_weights(count, draws, seed)])


def percentile_interval(drawn: Floats, *, confidence: float = CONFIDENCE) -> ConfidenceInterval | None:
    """Return the interval of a metric from its bootstrap values.

    A value is NaN where a draw has none.

    Draws without a value are left out; None where they are more than 5 %.
    """
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < (1 - MOST_DRAWS_UNDEFINED) * len(drawn) or not len(defined):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail]).tolist()
    return ConfidenceInterval(low, high)


def _draw_weights(count: int, draws: int, seed: int) -> Iterator[Floats]:
    random = np.random.default_rng(seed)
    step = max(1, MAX_NUMBERS_AT_ONCE // count)
    even = np.full(count, 1 / count)
    for done in range(0, draws, step):
        yield random.multinomial(count, even, size=min(step, draws - done)).astype(np.float64)
