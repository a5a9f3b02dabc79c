"""Builds the scorecard of a judge, as data that JSON can hold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from judge import missing_side_rules
from judge.formats.prediction_line import SamplePrediction, nearest_level
from judge.formats.release_line import BLIND, LabelledSample
from judge.formats.rubric import RubricDimension, RubricSpec
from judge.metrics.ceiling import human_ceiling
from judge.metrics.gaps import Floats

from . import baselines, metrics_table
from .pairs import DimensionPairs, PairedPredictions, Target, pair_predictions, target_value
from .worst_misses import compute_surprise

WORST_COUNT = 20
VERSION = 1
# Features made by hand of samples, a row each in their order.
FeatureFunction = Callable[[Sequence[LabelledSample]], Floats]


@dataclass(slots=True)
class EvaluationData:
    """The labelled samples of a release that an evaluation reads."""

    rubric: RubricSpec
    train: list[LabelledSample]
    test: list[LabelledSample]
    features: FeatureFunction | None = None
    """What the third baseline learns from; without it that baseline is left out."""
    _feature_rows: dict[str, Floats] = field(default_factory=dict)

    def feature_rows(self, part: str) -> Floats | None:
        """Return the hand-made features of a part, computed once."""
        if self.features is None:
            return None
        if part not in self._feature_rows:
            self._feature_rows[part] = self.features(self.train if part == "train" else self.test)
        return self._feature_rows[part]


def build_scorecard(data: EvaluationData, predictions: Iterable[SamplePrediction], target: Target) -> dict[str, Any]:
    """Return the scorecard of a judge on the test part.

    Every figure stands in the scorecard twice where rules set values: of what the judge was asked (``asked``), and with
    the values that missing sides decide (``with_rules``), which no judge can get wrong.
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    rubric = data.rubric
    paired = pair_predictions(data.test, by_id, rubric, target)
    return {
        "version": VERSION,
        "target": target,
        "judges": sorted({prediction.judge for prediction in by_id.values() if prediction.judge}),
        "prompts": sorted({prediction.prompt_sha for prediction in by_id.values() if prediction.prompt_sha}),
        "readouts": sorted({prediction.readout for prediction in by_id.values() if prediction.readout}),
        "samples": paired.samples,
        "questions": paired.questions,
        "statuses": dict(sorted(paired.statuses.items())),
        "not_blind": paired.not_blind,
        "foreign": paired.foreign,
        "dimensions": [_build_dimension_card(data, paired, dimension, target) for dimension in rubric.dimensions],
    }


def _build_dimension_card(
    data: EvaluationData, paired: PairedPredictions, dimension: RubricDimension, target: Target
) -> dict[str, Any]:
    pairs = paired.dimensions[dimension.key]
    modelled = pairs.select(~pairs.by_rule)
    ceiling = human_ceiling(modelled.histogram, dimension.values)
    return {
        "key": dimension.key,
        "name": dimension.name,
        "levels": list(dimension.values),
        "asked": metrics_table.compute_pair_metrics(modelled, target),
        "with_rules": metrics_table.compute_pair_metrics(pairs, target),
        "by_rule": int(pairs.by_rule.sum()),
        "generators": _generator_metrics(modelled, target),
        "baselines": _baseline_metrics(data, modelled, target),
        "ceiling": ceiling._asdict() if ceiling else None,
        "sureness": metrics_table.compute_uncertainty_metrics(modelled),
        "dispute": metrics_table.compute_dispute_metrics(modelled),
        "worst": _worst_misses(modelled),
    }


def _generator_metrics(pairs: DimensionPairs, target: Target) -> list[dict[str, Any]]:
    """Return the metrics of each generator; empty where the release names none."""
    names = sorted(set(pairs.generator.tolist()))
    if names in ([], [""]):
        return []
    metrics = []
    for name in names:
        chosen = pairs.select(pairs.generator == name)
        metrics.append({"generator": name} | metrics_table.compute_pair_metrics(chosen, target, intervals=False))
    return metrics


def _baseline_metrics(data: EvaluationData, pairs: DimensionPairs, target: Target) -> list[dict[str, Any]]:
    key = pairs.dimension.key
    training = [
        (position, value, sample)
        for position, sample in enumerate(data.train)
        if not sample.calibration
        and sample.label_origin in BLIND
        and key not in missing_side_rules.locked_keys(sample.sample, data.rubric)
        and (value := target_value(sample, key, target)) is not None
    ]
    labels = baselines.BaselineLabels(
        np.array([value for _, value, _ in training], dtype=np.float64),
        [sample.sample.generator for _, _, sample in training],
    )
    predictions: dict[str, Floats | None] = {
        "constant": baselines.predict_constant(labels, len(pairs)),
        "generator": baselines.predict_generator_means(labels, pairs.generator.tolist()),
        "features": _predict_from_features(data, pairs, [position for position, _, _ in training], labels),
    }
    return [
        {"baseline": name} | _score_baseline(values, pairs, target)
        for name, values in predictions.items()
        if values is not None and len(pairs)
    ]


def _predict_from_features(
    data: EvaluationData, pairs: DimensionPairs, training_rows: Sequence[int], labels: baselines.BaselineLabels
) -> Floats | None:
    train, test = data.feature_rows("train"), data.feature_rows("test")
    if train is None or test is None:
        return None
    row_of = {sample.sample.id: position for position, sample in enumerate(data.test)}
    return baselines.predict_ridge(train[list(training_rows)], labels.human, test[[row_of[name] for name in pairs.ids]])


def _score_baseline(values: Floats, pairs: DimensionPairs, target: Target) -> dict[str, Any]:
    levels = pairs.dimension.values
    clipped = np.clip(values, levels[0], levels[-1])
    rounded = np.array([nearest_level(value, levels) for value in clipped.tolist()])
    return metrics_table.compute_metrics(pairs.human, clipped, rounded, pairs.question, levels, target)


def _worst_misses(pairs: DimensionPairs) -> list[dict[str, Any]]:
    """Return the worst misses by the judge's own uncertainty, the worst first."""
    surprises = compute_surprise(pairs.expected - pairs.human, pairs.sd, pairs.dimension.values)
    order = sorted(range(len(pairs)), key=lambda index: (-surprises[index], pairs.ids[index]))[:WORST_COUNT]
    return [
        {
            "id": pairs.ids[index],
            "human": float(pairs.human[index]),
            "expected": float(pairs.expected[index]),
            "rounded": float(pairs.rounded[index]),
            "sd": float(pairs.sd[index]),
            "surprise": float(surprises[index]),
            "interval": None if np.isnan(pairs.interval[index, 0]) else pairs.interval[index].tolist(),
        }
        for index in order
    ]
