"""PURE. Synthetic annotators of known habits, to test whether metrics find these habits again.

An annotator takes the true value of a sample, subtracts their severity, adds a random error, and gives the nearest
level. Shown a judge's value, they move from their own value toward it: by ``anchoring`` levels for each level between
the two, on average. As levels are whole, the move is rounded at random to one of its two neighbours, so that the mean
is exact wherever on the scale it happens.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, median
from typing import Literal

from annotation.core.stable_hash import stable_digest

Arm = Literal["blind", "delayed", "prefilled"]
Values = Mapping[str, float]

PURPOSE = "simulated annotator"
# Of the logarithm of the time for one sample.
TIME_SPREAD = 0.3
GLANCE = 0.15
"""Time for a score without a look, as a share of the usual time."""
REVISION = 0.25
"""Time for the revision in the delayed arm, as a share of the usual time."""
_NORMAL = NormalDist()
_WHOLE = 2.0**64


@dataclass(frozen=True, slots=True)
class SyntheticAnnotator:
    """The habits of a synthetic annotator."""

    name: str
    severity: float = 0.0
    """Levels below what the sample deserves; above it where negative."""
    noise: float = 0.7
    """Standard deviation of their error, in levels."""
    anchoring: float = 0.0
    """Levels moved toward a judge's value per level apart, 0 to 1."""
    haste: float = 0.0
    """Share of prefilled samples, 0 to 1, that they submit unchanged, without a look."""
    seconds: float = 40.0
    """Median active seconds for a sample."""


@dataclass(frozen=True, slots=True)
class SyntheticScore:
    """A synthetic annotator's score of a sample."""

    values: dict[str, float]
    """The values submitted first: unaided, but in the prefilled arm after seeing the judge's."""
    final: dict[str, float]
    """The values that decide: in the delayed arm those of the revision, elsewhere the same."""
    seconds: float
    revision_seconds: float | None
    """Of the revision in the delayed arm."""


def score_sample(
    annotator: SyntheticAnnotator,
    truth: Values,
    levels: Mapping[str, Sequence[float]],
    *,
    sample: str,
    seed: int,
    arm: Arm = "blind",
    shown: Values | None = None,
) -> SyntheticScore:
    """Return a synthetic score of a sample whose true values are ``truth``, by dimension.

    ``levels`` are ascending. ``shown`` has the judge's values where it has any; the blind arm takes none. The same
    seed, annotator and sample give the same answer, and the same unaided values in every arm.

    Raises:
        ValueError: values are shown in the blind arm, or none in another one.
    """
    if (arm == "blind") != (shown is None):
        raise ValueError("in the blind arm nothing is shown, and in the others something is")
    draws = _RandomDraws(seed, annotator.name, sample)
    unaided = {key: _unaided_value(annotator, value, levels[key], draws, key) for key, value in truth.items()}
    seconds = annotator.seconds * math.exp(TIME_SPREAD * draws.normal("seconds"))
    if shown is None:
        return SyntheticScore(unaided, unaided, seconds, None)
    anchored = {
        key: _anchored_value(value, shown[key], annotator.anchoring, levels[key], draws.uniform("pull", key))
        if key in shown
        else value
        for key, value in unaided.items()
    }
    if arm == "delayed":
        return SyntheticScore(unaided, anchored, seconds, REVISION * seconds)
    if draws.uniform("haste") < annotator.haste:
        unchanged = unaided | {key: shown[key] for key in unaided if key in shown}
        return SyntheticScore(unchanged, unchanged, GLANCE * seconds, None)
    return SyntheticScore(anchored, anchored, seconds, None)


def _unaided_value(
    annotator: SyntheticAnnotator, truth: float, levels: Sequence[float], draws: "_RandomDraws", key: str
) -> float:
    error = annotator.noise * draws.normal("own", key) - annotator.severity
    return nearest_level(truth + error * level_step(levels), levels)


def _anchored_value(unaided: float, shown: float, anchoring: float, levels: Sequence[float], draw: float) -> float:
    """Return a level that moves from the unaided value toward the shown one.

    It is one of the two levels around the point ``anchoring`` of the way; their mean is that point.
    """
    goal = unaided + anchoring * (shown - unaided)
    below = max(level for level in levels if level <= goal + 1e-9)
    above = min(level for level in levels if level >= goal - 1e-9)
    if below >= above:
        return below
    return above if draw < (goal - below) / (above - below) else below


def nearest_level(value: float, levels: Sequence[float]) -> float:
    """Return the level nearest to a value, the lower of two equally near."""
    return min(levels, key=lambda level: (abs(level - value), level))


def level_step(levels: Sequence[float]) -> float:
    """Return the usual distance between two levels."""
    return median(high - low for low, high in pairwise(levels)) if len(levels) > 1 else 1.0


class _RandomDraws:
    """Random draws that depend on the seed and on names alone."""

    def __init__(self, seed: int, *names: str) -> None:
        self._seed, self._names = seed, names

    def uniform(self, *names: str) -> float:
        """Return a number from 0 up to 1."""
        return int.from_bytes(stable_digest(PURPOSE, self._seed, *self._names, *names)[:8]) / _WHOLE

    def normal(self, *names: str) -> float:
        """Return a number of mean 0 and standard deviation 1."""
        return _NORMAL.inv_cdf(min(max(self.uniform(*names), 1e-12), 1 - 1e-12))
