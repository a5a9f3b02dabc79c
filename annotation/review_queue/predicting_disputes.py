"""Fits dispute models to a study's scores, and predicts its disputes.

It uses numpy, so it is for workers only. Fitted models are stored with the queues, so that an update fits none; see
`annotation.review_queue.dispute_model`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition

from .dispute_model import NO_SLOT, TO_COME, DisputeEvidence, DisputeModel, dispute_model_from, fit_dispute_model


class DisputeQuery(NamedTuple):
    """One dimension of one sample."""

    positions: Sequence[int]
    """Those of the levels that people gave by themselves."""
    to_come: int
    """How many scores it will have beside these."""
    p: Sequence[float] | None
    """The judge's distribution over the levels; None where it says nothing."""


class PredictedDispute(NamedTuple):
    """The predicted dispute of one dimension of one sample."""

    chance: float
    """That two annotators differ by a dispute, once all have scored."""
    disputes_per_score: float
    """Disputes shown per further score."""


DisputeModels = dict[str, DisputeModel]


def fit_dispute_models(queries: Mapping[str, Sequence[DisputeQuery]], rubric: RubricDefinition) -> DisputeModels:
    """Fit a model to all samples of a study for each dimension.

    A dimension without queries has none.
    """
    return {
        dimension.key: fit_dispute_model(_make_evidence(queries[dimension.key], dimension), _level_values(dimension))
        for dimension in rubric.dimensions
        if queries.get(dimension.key)
    }


def predict_disputes(
    queries: Mapping[str, Sequence[DisputeQuery]], rubric: RubricDefinition, models: DisputeModels
) -> dict[str, list[PredictedDispute]]:
    """Return the predicted disputes by dimension, in the order of the queries."""
    predictions: dict[str, list[PredictedDispute]] = {}
    for dimension in rubric.dimensions:
        dimension_queries, model = queries.get(dimension.key), models.get(dimension.key)
        if dimension_queries and model is not None:
            evidence = _make_evidence(dimension_queries, dimension)
            probabilities, plan = model.predict_chances(evidence), model.plan(evidence)
            predictions[dimension.key] = list(
                map(PredictedDispute, probabilities.tolist(), plan.disputes_per_score.tolist())
            )
    return predictions


def models_as_data(models: DisputeModels) -> dict[str, Any]:
    """Return the models as plain data."""
    return {key: model.as_data() for key, model in models.items()}


def models_from_data(data: Mapping[str, Any]) -> DisputeModels:
    """Return the models that `models_as_data` wrote."""
    return {key: dispute_model_from(model_data) for key, model_data in data.items()}


def _level_values(dimension: DimensionDefinition) -> list[float]:
    return [level.value for level in dimension.levels]


def _make_evidence(queries: Sequence[DisputeQuery], dimension: DimensionDefinition) -> DisputeEvidence:
    columns = max(1, *(len(query.positions) + query.to_come for query in queries))
    values = np.full((len(queries), columns), NO_SLOT, dtype=np.int64)
    for number, query in enumerate(queries):
        count = len(query.positions)
        values[number, :count] = query.positions
        values[number, count : count + query.to_come] = TO_COME
    if all(query.p is None for query in queries):
        return DisputeEvidence(values)
    silent = [np.nan] * len(dimension.levels)
    return DisputeEvidence(
        values, p=np.array([silent if query.p is None else query.p for query in queries], dtype=np.float64)
    )
