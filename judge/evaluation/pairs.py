"""Pairs predictions with labels, as parallel arrays for each dimension."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from judge import missing_side_rules
from judge.formats.prediction_line import DimensionPrediction, SamplePrediction
from judge.formats.release_line import BLIND, LabelledSample, question_key
from judge.formats.rubric import RubricDimension, RubricSpec
from judge.metrics.gaps import Floats

Target = Literal["final", "mean"]


@dataclass(slots=True)
class DimensionPairs:
    """The samples of one dimension that have both a label and a prediction.

    The arrays are parallel: position by position the same sample.
    """

    dimension: RubricDimension
    ids: list[str]
    human: Floats
    expected: Floats
    rounded: Floats
    sd: Floats
    p_dispute: Floats
    interval: Floats
    """Samples x 2, NaN where the judge gave none."""
    by_rule: npt.NDArray[np.bool_]
    """Whether a missing side set the value, and no model."""
    question: npt.NDArray[np.int64]
    generator: npt.NDArray[np.object_]
    histogram: npt.NDArray[np.int64]
    """Samples x levels: the independent blind ratings."""

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, chosen: npt.NDArray[np.bool_]) -> "DimensionPairs":
        """Return the samples for which ``chosen`` is true."""
        return DimensionPairs(
            self.dimension,
            [sample_id for sample_id, is_chosen in zip(self.ids, chosen.tolist(), strict=True) if is_chosen],
            **{name: getattr(self, name)[chosen] for name in _ARRAYS},
        )


_ARRAYS = (
    *("human", "expected", "rounded", "sd", "p_dispute", "interval"),
    *("by_rule", "question", "generator", "histogram"),
)


@dataclass(slots=True)
class PairedPredictions:
    """The pairs of all dimensions, and the numbers of samples left out."""

    dimensions: dict[str, DimensionPairs]
    samples: int
    questions: int
    statuses: Counter[str]
    """Of the samples' predictions; ``missing`` counts samples without one."""
    not_blind: int
    """Samples whose labels may owe something to a judge, and which are left out."""
    foreign: int
    """Predictions of samples that are not among the labelled ones."""


def target_value(labelled: LabelledSample, key: str, target: Target) -> float | None:
    """Return the label to evaluate against: the final score or the mean.

    The mean is that of independent blind ratings.
    """
    if target == "final":
        return labelled.final.get(key)
    return labelled.mean.get(key)


def pair_predictions(
    labelled: Iterable[LabelledSample], predictions: Mapping[str, SamplePrediction], rubric: RubricSpec, target: Target
) -> PairedPredictions:
    """Return people's labels paired with a judge's predictions.

    Only labels that were given blind count. A failed prediction is counted and never averaged; its missing sides are
    still set by rules.
    """
    rows: dict[str, list[_PairedRow]] = {dimension.key: [] for dimension in rubric.dimensions}
    statuses: Counter[str] = Counter()
    numbers: dict[str, int] = {}
    samples = not_blind = matched = 0
    for sample in labelled:
        if sample.label_origin not in BLIND:
            not_blind += 1
            matched += sample.sample.id in predictions
            continue
        samples += 1
        question = numbers.setdefault(question_key(sample), len(numbers))
        prediction = predictions.get(sample.sample.id)
        statuses[prediction.status if prediction else "missing"] += 1
        if prediction is None:
            continue
        matched += 1
        locked = missing_side_rules.locked_keys(sample.sample, rubric)
        for key, dimension_prediction in missing_side_rules.apply_rules(
            prediction, sample.sample, rubric
        ).dimensions.items():
            human = target_value(sample, key, target)
            if human is None and target == "mean" and key in locked:
                human = locked[key].value
            if human is not None:
                rows[key].append(_PairedRow(sample, human, dimension_prediction, key in locked, question))
    return PairedPredictions(
        {dimension.key: _build_pairs(dimension, rows[dimension.key]) for dimension in rubric.dimensions},
        samples=samples,
        questions=len(numbers),
        statuses=statuses,
        not_blind=not_blind,
        foreign=len(predictions) - matched,
    )


@dataclass(slots=True)
class _PairedRow:
    labelled: LabelledSample
    human: float
    prediction: DimensionPrediction
    by_rule: bool
    question: int


def _build_pairs(dimension: RubricDimension, rows: Sequence[_PairedRow]) -> DimensionPairs:
    size = len(dimension.levels)
    nothing = [0] * size
    histograms = [row.labelled.histogram.get(dimension.key, nothing) for row in rows]
    intervals = [row.prediction.interval or (np.nan, np.nan) for row in rows]
    generators = np.empty(len(rows), dtype=object)
    generators[:] = [row.labelled.sample.generator for row in rows]
    return DimensionPairs(
        dimension,
        ids=[row.labelled.sample.id for row in rows],
        human=np.array([row.human for row in rows], dtype=np.float64),
        expected=np.array([row.prediction.expected for row in rows], dtype=np.float64),
        rounded=np.array([row.prediction.rounded for row in rows], dtype=np.float64),
        sd=np.array([row.prediction.sd for row in rows], dtype=np.float64),
        p_dispute=np.array([row.prediction.p_dispute for row in rows], dtype=np.float64),
        interval=np.array(intervals, dtype=np.float64).reshape(-1, 2),
        by_rule=np.array([row.by_rule for row in rows], dtype=bool),
        question=np.array([row.question for row in rows], dtype=np.int64),
        generator=generators,
        histogram=np.array(histograms, dtype=np.int64).reshape(-1, size),
    )
