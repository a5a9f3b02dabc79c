"""Builds the scorecard of a judge, as data that JSON can hold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from judge import missing_side_rules
from judge.formats.prediction_line import SamplePrediction, nearest
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


def build_scorecard(
    labelled: EvaluationData, predictions: Iterable[SamplePrediction], target: Target
) -> dict[str, Any]:
    """Return the scorecard of a judge on the test part.

    Every figure stands in the scorecard twice where rules set values: of what the judge was asked (``asked``), and with
    the values that missing sides decide (``with_rules``), which no judge can get wrong.
    """
    by_id = {one.id: one for one in predictions}
    rubric = labelled.rubric
    paired = pair_predictions(labelled.test, by_id, rubric, target)
    return {
        "version": VERSION,
        "target": target,
        "judges": sorted({one.judge for one in by_id.values() if one.judge}),
        "prompts": sorted({one.prompt_sha for one in by_id.values() if one.prompt_sha}),
        "readouts": sorted({one.readout for one in by_id.values() if one.readout}),
        "samples": paired.samples,
        "questions": paired.questions,
        "statuses": dict(sorted(paired.statuses.items())),
        "not_blind": paired.not_blind,
        "foreign": paired.foreign,
        "dimensions": [_build_dimension_card(labelled, paired, dimension, target) for dimension in rubric.dimensions],
    }


def _build_dimension_card(
    labelled: EvaluationData, paired: PairedPredictions, dimension: RubricDimension, target: Target
) -> dict[str, Any]:
    everything = paired.dimensions[dimension.key]
    asked = everything.select(~everything.by_rule)
    ceiling = human_ceiling(asked.histogram, dimension.values)
    return {
        "key": dimension.key,
        "name": dimension.name,
        "levels": list(dimension.values),
        "asked": metrics_table.compute_pair_metrics(asked, target),
        "with_rules": metrics_table.compute_pair_metrics(everything, target),
        "by_rule": int(everything.by_rule.sum()),
        "generators": _generator_metrics(asked, target),
        "baselines": _baseline_metrics(labelled, asked, target),
        "ceiling": ceiling._asdict() if ceiling else None,
        "sureness": metrics_table.compute_uncertainty_metrics(asked),
        "dispute": metrics_table.compute_dispute_metrics(asked),
        "worst": _worst_misses(asked),
    }


def _generator_metrics(pairs: DimensionPairs, target: Target) -> list[dict[str, Any]]:
    """Return the metrics of each generator; empty where the release names none."""
    names = sorted(set(pairs.generator.tolist()))
    if names in ([], [""]):
        return []
    found = []
    for name in names:
        chosen = pairs.select(pairs.generator == name)
        found.append({"generator": name} | metrics_table.compute_pair_metrics(chosen, target, intervals=False))
    return found


def _baseline_metrics(labelled: EvaluationData, asked: DimensionPairs, target: Target) -> list[dict[str, Any]]:
    key = asked.dimension.key
    learned = [
        (position, value, one)
        for position, one in enumerate(labelled.train)
        if not one.calibration
        and one.label_origin in BLIND
        and key not in missing_side_rules.locked_keys(one.sample, labelled.rubric)
        and (value := target_value(one, key, target)) is not None
    ]
    known = baselines.BaselineLabels(
        np.array([value for _, value, _ in learned], dtype=np.float64),
        [one.sample.generator for _, _, one in learned],
    )
    guesses: dict[str, Floats | None] = {
        "constant": baselines.predict_constant(known, len(asked)),
        "generator": baselines.predict_generator_means(known, asked.generator.tolist()),
        "features": _predict_from_features(labelled, asked, [position for position, _, _ in learned], known),
    }
    return [
        {"baseline": name} | _score_baseline(values, asked, target)
        for name, values in guesses.items()
        if values is not None and len(asked)
    ]


def _predict_from_features(
    labelled: EvaluationData, asked: DimensionPairs, learned: Sequence[int], known: baselines.BaselineLabels
) -> Floats | None:
    train, test = labelled.feature_rows("train"), labelled.feature_rows("test")
    if train is None or test is None:
        return None
    place = {one.sample.id: position for position, one in enumerate(labelled.test)}
    return baselines.predict_ridge(train[list(learned)], known.human, test[[place[name] for name in asked.ids]])


def _score_baseline(values: Floats, asked: DimensionPairs, target: Target) -> dict[str, Any]:
    levels = asked.dimension.values
    clipped = np.clip(values, levels[0], levels[-1])
    rounded = np.array([nearest(value, levels) for value in clipped.tolist()])
    return metrics_table.compute_metrics(asked.human, clipped, rounded, asked.question, levels, target)


def _worst_misses(pairs: DimensionPairs) -> list[dict[str, Any]]:
    """Return the worst misses by the judge's own uncertainty, the worst first."""
    apart = compute_surprise(pairs.expected - pairs.human, pairs.sd, pairs.dimension.values)
    order = sorted(range(len(pairs)), key=lambda place: (-apart[place], pairs.ids[place]))[:WORST_COUNT]
    return [
        {
            "id": pairs.ids[place],
            "human": float(pairs.human[place]),
            "expected": float(pairs.expected[place]),
            "rounded": float(pairs.rounded[place]),
            "sd": float(pairs.sd[place]),
            "surprise": float(apart[place]),
            "interval": None if np.isnan(pairs.interval[place, 0]) else pairs.interval[place].tolist(),
        }
        for place in order
    ]
