"""Splits a release into samples for training, calibration and testing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import missing_side_rules
from .formats.release_line import BLIND, LabelledSample, ReleaseFolder, question_key
from .formats.rubric import RubricSpec

# Where a release keeps no samples for calibration, so many are kept of its training part.
HELD_OUT_SHARE = 0.1
# An interval that holds nine times of ten takes nine samples.
MIN_CALIBRATION_SAMPLES = 9
# Of so few per dimension the share that an interval covers is off by four points (the standard deviation of the Beta
# distribution of split-conformal coverage, Vovk 2012): below it, what was said out of fold calibrates as well.
ENOUGH_SAMPLES = 50
# Below that there is too little to learn from to keep any back.
MIN_TRAINING_SAMPLES = 50


@dataclass(slots=True)
class DataParts:
    """The samples of a release by their use."""

    learn: list[LabelledSample]
    calibrate: list[LabelledSample]
    test: list[LabelledSample]
    source: str
    """Where the samples it is calibrated on come from: ``release``, ``held out`` of its training part, ``out of fold``,
    two of these joined by ``and``, or ``none``."""
    out_of_fold: list[LabelledSample] = field(default_factory=list)
    """Those of ``learn`` that calibrate as well, by what models say of them that had not seen their question."""

    def describe(self) -> dict[str, Any]:
        """Return the numbers of samples and questions of each part.

        ``out_of_fold`` is within ``learn``.
        """
        counts: dict[str, Any] = {"calibration_source": self.source}
        for name in ("learn", "calibrate", "out_of_fold", "test"):
            samples = getattr(self, name)
            counts[name] = {"samples": len(samples), "questions": len({question_key(labelled) for labelled in samples})}
        return counts


def split_release(release: ReleaseFolder, seed: int, *, predicts_out_of_fold: bool) -> DataParts:
    """Return the parts of a release, the same each time.

    Calibration samples are those that the release kept for it. Where a dimension has fewer than `ENOUGH_SAMPLES` of
    them, a backend that ``predicts_out_of_fold`` is calibrated out of fold as well, which costs it nothing; for any
    other, where there are fewer than `MIN_CALIBRATION_SAMPLES`, whole questions are drawn from the training part. Only
    such as were scored blind.

    Raises:
        RecordError: a line of the release cannot be read.
    """
    train = list(release.samples("train"))
    test = list(release.samples("test"))
    calibration = _select_blind(labelled for labelled in train if labelled.calibration)
    learn = [labelled for labelled in train if not labelled.calibration]
    if predicts_out_of_fold:
        blind = _select_blind(learn)
        out_of_fold = blind if _has_too_few_labels(calibration, blind, release.rubric) else []
        return DataParts(
            learn, calibration, test, _name_source(release=calibration, out_of_fold=out_of_fold), out_of_fold
        )
    questions = _draw_questions(learn, seed) if len(calibration) < MIN_CALIBRATION_SAMPLES else set()
    held_out = _select_blind(labelled for labelled in learn if question_key(labelled) in questions)
    learn = [labelled for labelled in learn if question_key(labelled) not in questions]
    return DataParts(learn, calibration + held_out, test, _name_source(release=calibration, held_out=held_out))


def _select_blind(samples: Iterable[LabelledSample]) -> list[LabelledSample]:
    return [labelled for labelled in samples if labelled.label_origin in BLIND]


def _name_source(**parts: Sequence[LabelledSample]) -> str:
    return " and ".join(name.replace("_", " ") for name, samples in parts.items() if samples) or "none"


def _has_too_few_labels(
    calibration: Sequence[LabelledSample], others: Sequence[LabelledSample], rubric: RubricSpec
) -> bool:
    """Return whether a dimension lacks calibration labels that other samples could give.

    It has fewer than `ENOUGH_SAMPLES` labels among those kept, and some among the others.
    """
    kept_counts, other_counts = _count_labels(calibration, rubric), _count_labels(others, rubric)
    return any(kept_counts[key] < ENOUGH_SAMPLES for key in other_counts)


def _count_labels(samples: Sequence[LabelledSample], rubric: RubricSpec) -> Counter[str]:
    """Return the number of final scores by dimension, without those set by rules."""
    return Counter(
        key
        for labelled in samples
        for key in missing_side_rules.asked_keys(labelled.sample, rubric)
        if key in labelled.final
    )


def _draw_questions(train: Sequence[LabelledSample], seed: int) -> set[str]:
    if len(train) < MIN_TRAINING_SAMPLES:
        return set()
    sizes: dict[str, int] = {}
    for labelled in train:
        sizes[question_key(labelled)] = sizes.get(question_key(labelled), 0) + 1
    names = sorted(sizes)
    wanted = max(MIN_CALIBRATION_SAMPLES, round(HELD_OUT_SHARE * len(train)))
    drawn: set[str] = set()
    count = 0
    for index in np.random.default_rng(seed).permutation(len(names)):
        if count >= wanted:
            break
        drawn.add(names[index])
        count += sizes[names[index]]
    # One question that holds nearly everything cannot be kept back.
    return drawn if count <= len(train) / 3 else set()
