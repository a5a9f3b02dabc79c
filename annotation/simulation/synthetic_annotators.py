"""PURE. Made-up annotators with known habits, who score as people do: to see whether figures find those habits again.

An annotator takes the true value of a sample, is harsh or generous by so much, errs by so much, and says the nearest
level. Shown a judge's value, they move from their own towards it: by ``pull`` levels for each level that the two lie
apart, on average. As levels are whole, chance rounds the move to one of its two neighbours, so that the mean is exact
wherever on the scale it happens.
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
UNEVEN = 0.3
GLANCE = 0.15
"""What somebody needs who does not look, as a share of their usual time."""
REVISION = 0.25
"""What answering a judge takes in the delayed arm, as a share of the usual time."""
_NORMAL = NormalDist()
_WHOLE = 2.0**64


@dataclass(frozen=True, slots=True)
class SyntheticAnnotator:
    """Somebody who scores."""

    name: str
    severity: float = 0.0
    """Levels below what the sample deserves; above it where negative."""
    noise: float = 0.7
    """Standard deviation of their error, in levels."""
    pull: float = 0.0
    """Levels moved towards a judge's value per level apart, 0 to 1."""
    haste: float = 0.0
    """Share of prefilled samples, 0 to 1, that they hand in as they stand, without a look."""
    seconds: float = 40.0
    """Median active seconds for a sample."""


@dataclass(frozen=True, slots=True)
class SyntheticScore:
    """What an annotator says of a sample."""

    values: dict[str, float]
    """What they submit first: their own, but in the prefilled arm what they made of the judge's."""
    final: dict[str, float]
    """What decides: in the delayed arm what they kept or changed, elsewhere the same."""
    seconds: float
    revision_seconds: float | None
    """In the delayed arm, for the answer to the judge."""


def answer_sample(
    annotator: SyntheticAnnotator,
    truth: Values,
    levels: Mapping[str, Sequence[float]],
    *,
    sample: str,
    seed: int,
    arm: Arm = "blind",
    shown: Values | None = None,
) -> SyntheticScore:
    """Return what an annotator says of a sample whose true values are ``truth``, by dimension.

    ``levels`` are ascending. ``shown`` has the judge's values where it has any; the blind arm takes none. The same
    seed, annotator and sample give the same answer, and the same own values in every arm.

    Raises:
        ValueError: values are shown in the blind arm, or none in another one.
    """
    if (arm == "blind") != (shown is None):
        raise ValueError("in the blind arm nothing is shown, and in the others something is")
    chance = _RandomDraws(seed, annotator.name, sample)
    own = {key: _own_value(annotator, value, levels[key], chance, key) for key, value in truth.items()}
    seconds = annotator.seconds * math.exp(UNEVEN * chance.normal("seconds"))
    if shown is None:
        return SyntheticScore(own, own, seconds, None)
    pulled = {
        key: _anchored_value(value, shown[key], annotator.pull, levels[key], chance.even("pull", key))
        if key in shown
        else value
        for key, value in own.items()
    }
    if arm == "delayed":
        return SyntheticScore(own, pulled, seconds, REVISION * seconds)
    if chance.even("haste") < annotator.haste:
        as_it_stands = own | {key: shown[key] for key in own if key in shown}
        return SyntheticScore(as_it_stands, as_it_stands, GLANCE * seconds, None)
    return SyntheticScore(pulled, pulled, seconds, None)


def _own_value(
    annotator: SyntheticAnnotator, truth: float, levels: Sequence[float], chance: "_RandomDraws", key: str
) -> float:
    error = annotator.noise * chance.normal("own", key) - annotator.severity
    return nearest_level(truth + error * level_step(levels), levels)


def _anchored_value(own: float, shown: float, pull: float, levels: Sequence[float], draw: float) -> float:
    """Return one of the two levels around the point that lies ``pull`` of the way; their mean is that point."""
    goal = own + pull * (shown - own)
    below = max(level for level in levels if level <= goal + 1e-9)
    above = min(level for level in levels if level >= goal - 1e-9)
    if below >= above:
        return below
    return above if draw < (goal - below) / (above - below) else below


def nearest_level(value: float, levels: Sequence[float]) -> float:
    """Return the level nearest to a value; of two at the same distance the lower one."""
    return min(levels, key=lambda level: (abs(level - value), level))


def level_step(levels: Sequence[float]) -> float:
    """Return the usual distance between two levels."""
    return median(high - low for low, high in pairwise(levels)) if len(levels) > 1 else 1.0


class _RandomDraws:
    """Draws that depend on nothing but the words that name them."""

    def __init__(self, seed: int, *words: str) -> None:
        self._seed, self._words = seed, words

    def even(self, *words: str) -> float:
        """Return a number from 0 up to 1."""
        return int.from_bytes(stable_digest(PURPOSE, self._seed, *self._words, *words)[:8]) / _WHOLE

    def normal(self, *words: str) -> float:
        """Return a number of mean 0 and standard deviation 1."""
        return _NORMAL.inv_cdf(min(max(self.even(*words), 1e-12), 1 - 1e-12))
