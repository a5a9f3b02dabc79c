"""What is known of the samples on a page of the review queue: what people gave, and what the judge says. Read-only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.core.rubric_cache import RubricDefinition
from annotation.core.score_rules import INDEPENDENT_ARMS, first_round_scores
from annotation.models import Arm, Prediction, Rating, ReviewQueue
from annotation.suggestions.unseen_predictions import fair_predictions


@dataclass(frozen=True, slots=True)
class FirstRoundValues:
    """What people gave one sample in its first round."""

    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Independent ones, ascending, by dimension."""
    met: int = 0
    """How many of its scores were given in view of the judge."""
    prefilled: int = 0
    """How many of those began with the judge's values, so that they are not independent."""


NOTHING = FirstRoundValues()


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """What the judge says of one dimension."""

    expected: float
    sd: float
    interval: tuple[float, float] | None
    p_dispute: float
    ensemble_sd: float | None


def first_round_values(samples: list[int], rubric: RubricDefinition) -> dict[int, FirstRoundValues]:
    """Return what people gave each of these samples and did not take back."""
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    given = Rating.objects.filter(first_round_scores("score__"), score__sample__in=samples)
    values: dict[int, dict[str, list[float]]] = {sample: {} for sample in samples}
    arms: dict[int, dict[int, int]] = {sample: {} for sample in samples}
    columns = ("score__sample_id", "score_id", "score__arm", "dimension_id", "level_id")
    for sample, score, arm, dimension, level in given.values_list(*columns):
        arms[sample][score] = arm
        if arm in INDEPENDENT_ARMS:
            values[sample].setdefault(keys[dimension], []).append(rubric.value_of(level))
    return {
        sample: FirstRoundValues(
            values={key: tuple(sorted(own[key])) for key in keys.values() if key in own},
            met=sum(arm != Arm.BLIND for arm in arms[sample].values()),
            prefilled=sum(arm == Arm.PREFILLED for arm in arms[sample].values()),
        )
        for sample, own in values.items()
    }


def read_predicted_values(queue: ReviewQueue | None, samples: list[int]) -> dict[int, dict[str, PredictedValue]]:
    """Return what the judge that the queue rests on says of each sample by dimension."""
    if queue is None or queue.run is None:
        return {}
    predictions = fair_predictions(queue.run).filter(sample__in=samples, status=Prediction.Status.OK)
    return {
        sample: {key: _predicted_value(words) for key, words in dimensions.items() if words.get("rule") is None}
        for sample, dimensions in predictions.values_list("sample_id", "dimensions")
    }


def _predicted_value(words: Mapping[str, object]) -> PredictedValue:
    interval = words.get("interval")
    return PredictedValue(
        expected=float(words["expected"]),  # type: ignore[arg-type]
        sd=float(words["sd"]),  # type: ignore[arg-type]
        interval=(float(interval[0]), float(interval[1])) if isinstance(interval, list) else None,
        p_dispute=float(words["p_dispute"]),  # type: ignore[arg-type]
        ensemble_sd=words.get("ensemble_sd"),  # type: ignore[arg-type]
    )
