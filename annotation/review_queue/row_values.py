"""Reads people's values and the judge's predictions for a page of the queue."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.core.rubric_cache import RubricDefinition
from annotation.core.score_rules import INDEPENDENT_ARMS, first_round_scores
from annotation.models import Arm, Prediction, Rating, ReviewQueue
from annotation.suggestions.unseen_predictions import fair_predictions


@dataclass(frozen=True, slots=True)
class FirstRoundValues:
    """The values that people gave one sample in its first round."""

    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Independent ones, ascending, by dimension."""
    met: int = 0
    """How many of its scores were given in view of the judge."""
    prefilled: int = 0
    """How many of those began with the judge's values, so that they are not independent."""


NO_VALUES = FirstRoundValues()


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """The judge's prediction of one dimension."""

    expected: float
    sd: float
    interval: tuple[float, float] | None
    p_dispute: float
    ensemble_sd: float | None


def read_first_round_values(samples: list[int], rubric: RubricDefinition) -> dict[int, FirstRoundValues]:
    """Return the first-round values of samples that were not taken back."""
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    ratings = Rating.objects.filter(first_round_scores("score__"), score__sample__in=samples)
    values: dict[int, dict[str, list[float]]] = {sample: {} for sample in samples}
    arms: dict[int, dict[int, int]] = {sample: {} for sample in samples}
    columns = ("score__sample_id", "score_id", "score__arm", "dimension_id", "level_id")
    for sample, score, arm, dimension, level in ratings.values_list(*columns):
        arms[sample][score] = arm
        if arm in INDEPENDENT_ARMS:
            values[sample].setdefault(keys[dimension], []).append(rubric.value_of(level))
    return {
        sample: FirstRoundValues(
            values={key: tuple(sorted(sample_values[key])) for key in keys.values() if key in sample_values},
            met=sum(arm != Arm.BLIND for arm in arms[sample].values()),
            prefilled=sum(arm == Arm.PREFILLED for arm in arms[sample].values()),
        )
        for sample, sample_values in values.items()
    }


def read_predicted_values(queue: ReviewQueue | None, samples: list[int]) -> dict[int, dict[str, PredictedValue]]:
    """Return the predictions of the queue's judge, by sample and dimension."""
    if queue is None or queue.run is None:
        return {}
    predictions = fair_predictions(queue.run).filter(sample__in=samples, status=Prediction.Status.OK)
    return {
        sample: {key: _parse_prediction(data) for key, data in dimensions.items() if data.get("rule") is None}
        for sample, dimensions in predictions.values_list("sample_id", "dimensions")
    }


def _parse_prediction(data: Mapping[str, object]) -> PredictedValue:
    interval = data.get("interval")
    return PredictedValue(
        expected=float(data["expected"]),  # type: ignore[arg-type]
        sd=float(data["sd"]),  # type: ignore[arg-type]
        interval=(float(interval[0]), float(interval[1])) if isinstance(interval, list) else None,
        p_dispute=float(data["p_dispute"]),  # type: ignore[arg-type]
        ensemble_sd=data.get("ensemble_sd"),  # type: ignore[arg-type]
    )
