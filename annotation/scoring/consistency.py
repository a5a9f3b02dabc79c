"""PURE. Rules that decide whether several annotators' values agree, and what follows if not."""

import hashlib
import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, median_low
from typing import TypeVar

HIGH_RATED = 4.0
"""From here on an answer is high-rated where the protocol names no threshold."""

# Levels may be tenths, whose differences are no round numbers.
_SAME = 1e-9

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ConsistencyRules:
    """The protocol's rules for values that differ."""

    tolerance: float
    tie_rule: str
    decide: str
    may_ask_one_more: bool
    """Whether the tie rule `third` still has its one more annotator to ask; without, a tie is discussed."""


@dataclass(frozen=True, slots=True)
class AgreedValue:
    """Consistent values: the final value and its outcome."""

    value: float
    outcome: str


@dataclass(frozen=True, slots=True)
class DisputedValues:
    """Inconsistent values; ``spread`` is their range."""

    spread: float


@dataclass(frozen=True, slots=True)
class OneMoreNeeded:
    """Values within the tolerance, but around no level; one more annotator breaks the tie."""

    spread: float


Verdict = AgreedValue | DisputedValues | OneMoreNeeded


def check_values_agree(values: Sequence[float], levels: Sequence[float], rules: ConsistencyRules) -> Verdict:
    """Return the result of one dimension's values, in any order.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values to judge")
    low, high = min(values), max(values)
    if len(values) == 1:
        return AgreedValue(low, "single")
    if low == high:
        return AgreedValue(low, "unanimous")
    if rules.decide == "aggregate":
        return AgreedValue(median_low(values), "aggregated")
    spread = high - low
    if spread > rules.tolerance + _SAME:
        return DisputedValues(spread)
    middle = median(values)
    for level in levels:
        if math.isclose(level, middle, rel_tol=0, abs_tol=_SAME):
            return AgreedValue(level, "within_tolerance")
    if rules.tie_rule == "lower":
        return AgreedValue(median_low(values), "within_tolerance")
    if rules.tie_rule == "third" and rules.may_ask_one_more:
        return OneMoreNeeded(spread)
    return DisputedValues(spread)


def check_dimensions_agree(
    values: Mapping[Key, Sequence[float]], levels: Mapping[Key, Sequence[float]], rules: ConsistencyRules
) -> dict[Key, Verdict]:
    """Return the result of each dimension of a sample.

    One more annotator settles no difference, so where one dimension is disputed a tie on another is discussed with it.
    """
    judged = {key: check_values_agree(given, levels[key], rules) for key, given in values.items()}
    if any(isinstance(one, DisputedValues) for one in judged.values()):
        return {
            key: DisputedValues(one.spread) if isinstance(one, OneMoreNeeded) else one for key, one in judged.items()
        }
    return judged


def consistent_after_review(agreed: AgreedValue) -> AgreedValue:
    """Return the outcome of a consistent value after a cross-review; aggregates stay aggregates."""
    return agreed if agreed.outcome == "aggregated" else AgreedValue(agreed.value, "reviewed")


def needs_review(
    *, cross_review: str, share: float, threshold: float | None, finals: Collection[float], sample: str
) -> bool:
    """Whether an agreed sample goes to cross-review.

    ``finals`` are its final values, those by rule included and those not applicable left out; ``sample`` is its opaque
    id, from which the random share is drawn, so that asking again answers the same.
    """
    if cross_review == "all":
        return True
    if cross_review == "share":
        return _draw_number(sample) < share
    if cross_review == "high":
        least = HIGH_RATED if threshold is None else threshold
        return bool(finals) and min(finals) >= least
    return False


def _draw_number(sample: str) -> float:
    """Return a pseudorandom number in [0, 1) that depends on the sample alone."""
    digest = hashlib.sha256(f"cross-review {sample}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
