"""What of a release a judge learns from, what it is calibrated on, and what it is held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .labels import BLIND, LabelledSample, Release, question_key

# Where a release keeps no samples for calibration, so many are kept of its training part.
HELD_OUT = 0.1
# An interval that holds nine times of ten takes nine samples.
FEWEST = 9
# Below that there is too little to learn from to keep any back.
FEWEST_TO_LEARN_FROM = 50


@dataclass(slots=True)
class Parts:
    """The samples of a release by what they are for."""

    learn: list[LabelledSample]
    calibrate: list[LabelledSample]
    test: list[LabelledSample]
    source: str
    """Where the calibration samples came from: ``release``, ``held out``, or ``none``: there are none."""

    def about(self) -> dict[str, Any]:
        """Return how many samples and questions each part has."""
        counts: dict[str, Any] = {"calibration_source": self.source}
        for name in ("learn", "calibrate", "test"):
            samples = getattr(self, name)
            counts[name] = {"samples": len(samples), "questions": len({question_key(one) for one in samples})}
        return counts


def parts_of(release: Release, seed: int, *, hold_out: bool) -> Parts:
    """Return the parts; the same each time.

    Calibration samples are those that the release kept for it. Where there are none and ``hold_out`` is set, whole
    questions are drawn from its training part. Either way only such as were scored blind.

    Raises:
        RecordError: a line of the release cannot be read.
    """
    train = list(release.samples("train"))
    test = list(release.samples("test"))
    kept = [one for one in train if one.calibration]
    if kept:
        blind = [one for one in kept if one.label_origin in BLIND]
        return Parts([one for one in train if not one.calibration], blind, test, "release")
    drawn = _drawn(train, seed) if hold_out else set()
    if not drawn:
        return Parts(train, [], test, "none")
    held_out = [one for one in train if question_key(one) in drawn]
    learn = [one for one in train if question_key(one) not in drawn]
    return Parts(learn, [one for one in held_out if one.label_origin in BLIND], test, "held out")


def _drawn(train: Sequence[LabelledSample], seed: int) -> set[str]:
    if len(train) < FEWEST_TO_LEARN_FROM:
        return set()
    sizes: dict[str, int] = {}
    for one in train:
        sizes[question_key(one)] = sizes.get(question_key(one), 0) + 1
    names = sorted(sizes)
    wanted = max(FEWEST, round(HELD_OUT * len(train)))
    drawn: set[str] = set()
    count = 0
    for place in np.random.default_rng(seed).permutation(len(names)):
        if count >= wanted:
            break
        drawn.add(names[place])
        count += sizes[names[place]]
    # One question that holds nearly everything cannot be kept back.
    return drawn if count <= len(train) / 3 else set()
