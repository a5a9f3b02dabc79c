"""How likely each sample of a study is to be disputed: learned from its own scores, dimension by dimension.

With numpy: for workers only. What was learned is kept with the queues, so that following what happens takes no
learning; see `annotation.review_queue.dispute_model`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition

from .dispute_model import NO_SLOT, TO_COME, DisputeEvidence, DisputeModel, dispute_model_from, fit_dispute_model


class DisputeQuery(NamedTuple):
    """One dimension of one sample."""

    given: Sequence[int]
    """Positions of the levels that people gave by themselves."""
    to_come: int
    """How many scores it will have beside these."""
    p: Sequence[float] | None
    """The judge's distribution over the levels; None where it says nothing."""


class PredictedDispute(NamedTuple):
    """What is foreseen of one dimension of one sample."""

    chance: float
    """That two annotators differ by a dispute, once all have scored."""
    promise: float
    """Disputes shown per further score."""


Learned = dict[str, DisputeModel]


def fit_dispute_models(asked: Mapping[str, Sequence[DisputeQuery]], rubric: RubricDefinition) -> Learned:
    """Learn from all samples of a study, by dimension; of one that no sample is scored on, nothing."""
    return {
        dimension.key: fit_dispute_model(_evidence(asked[dimension.key], dimension), _levels(dimension))
        for dimension in rubric.dimensions
        if asked.get(dimension.key)
    }


def predict_disputes(
    asked: Mapping[str, Sequence[DisputeQuery]], rubric: RubricDefinition, learned: Learned
) -> dict[str, list[PredictedDispute]]:
    """Return what is foreseen of each sample by dimension, in the order in which they are given."""
    found: dict[str, list[PredictedDispute]] = {}
    for dimension in rubric.dimensions:
        rows, foresight = asked.get(dimension.key), learned.get(dimension.key)
        if rows and foresight is not None:
            evidence = _evidence(rows, dimension)
            chances, plan = foresight.chances(evidence), foresight.plan(evidence)
            found[dimension.key] = list(map(PredictedDispute, chances.tolist(), plan.promise.tolist()))
    return found


def models_as_data(learned: Learned) -> dict[str, Any]:
    """Return what was learned as plain data."""
    return {key: foresight.as_data() for key, foresight in learned.items()}


def models_from_data(data: Mapping[str, Any]) -> Learned:
    """Return what `kept` wrote."""
    return {key: dispute_model_from(one) for key, one in data.items()}


def _levels(dimension: DimensionDefinition) -> list[float]:
    return [level.value for level in dimension.levels]


def _evidence(rows: Sequence[DisputeQuery], dimension: DimensionDefinition) -> DisputeEvidence:
    most = max(1, *(len(row.given) + row.to_come for row in rows))
    values = np.full((len(rows), most), NO_SLOT, dtype=np.int64)
    for number, row in enumerate(rows):
        given = len(row.given)
        values[number, :given] = row.given
        values[number, given : given + row.to_come] = TO_COME
    if all(row.p is None for row in rows):
        return DisputeEvidence(values)
    silent = [np.nan] * len(dimension.levels)
    return DisputeEvidence(values, p=np.array([silent if row.p is None else row.p for row in rows], dtype=np.float64))
