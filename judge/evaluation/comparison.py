"""Compares two judges on the same samples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge.formats.prediction_line import SamplePrediction
from judge.formats.release_line import LabelledSample
from judge.formats.rubric import RubricDimension, RubricSpec
from judge.metrics import gaps
from judge.metrics.gaps import Floats
from judge.metrics.resampling import bootstrap_interval

from .pairs import DimensionPairs, Target, pair_predictions

VERSION = 1
_NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class JudgeScores:
    """One judge's scores on one dimension beside people's, in parallel arrays."""

    ids: Sequence[str]
    question: npt.NDArray[np.int64]
    human: Floats
    expected: Floats
    rounded: Floats

    def select(self, names: Iterable[str]) -> "JudgeScores":
        """Return the named samples in the order of the names."""
        index_of = {name: number for number, name in enumerate(self.ids)}
        chosen = [index_of[name] for name in names]
        return JudgeScores(
            [self.ids[number] for number in chosen],
            self.question[chosen],
            self.human[chosen],
            self.expected[chosen],
            self.rounded[chosen],
        )


def compare_judges(
    rubric: RubricSpec,
    labelled: Iterable[LabelledSample],
    first: Iterable[SamplePrediction],
    second: Iterable[SamplePrediction],
    target: Target,
) -> dict[str, Any]:
    """Return the comparison of two judges on samples that both predicted, as JSON data.

    Differences are the first judge's figure less the second's, in points for the RMSE of expected scores and as a share
    for A@1 of rounded ones: an RMSE difference below zero says that the first is nearer to people. They are paired, and
    their 95 % intervals draw questions; an interval is None with fewer than five questions. Values that a rule sets are
    left out, as no judge can get them wrong.
    """
    samples = list(labelled)
    sides = [
        {
            key: _scores_without_rules(pairs)
            for key, pairs in pair_predictions(
                samples, {prediction.id: prediction for prediction in predictions}, rubric, target
            ).dimensions.items()
        }
        for predictions in (first, second)
    ]
    return compare_scores(rubric, sides[0], sides[1], target)


def compare_scores(
    rubric: RubricSpec, first: Mapping[str, JudgeScores], second: Mapping[str, JudgeScores], target: Target
) -> dict[str, Any]:
    """Return the comparison of scores by dimension; see `compare_judges`."""
    shared = {
        dimension.key: _select_shared(first[dimension.key], second[dimension.key]) for dimension in rubric.dimensions
    }
    return {
        "version": VERSION,
        "target": target,
        "samples": len({name for scores, _ in shared.values() for name in scores.ids}),
        "questions": len({number for scores, _ in shared.values() for number in scores.question.tolist()}),
        "dimensions": [_compare_dimension(dimension, *shared[dimension.key]) for dimension in rubric.dimensions],
    }


def _scores_without_rules(pairs: DimensionPairs) -> JudgeScores:
    """Return the scores that no rule set."""
    modelled = pairs.select(~pairs.by_rule)
    return JudgeScores(modelled.ids, modelled.question, modelled.human, modelled.expected, modelled.rounded)


def _select_shared(first: JudgeScores, second: JudgeScores) -> tuple[JudgeScores, JudgeScores]:
    """Return the samples that both have predicted, in the first one's order."""
    second_ids = set(second.ids)
    shared = [name for name in first.ids if name in second_ids]
    return first.select(shared), second.select(shared)


def _compare_dimension(dimension: RubricDimension, first: JudgeScores, second: JudgeScores) -> dict[str, Any]:
    squared_errors = [(scores.expected - scores.human) ** 2 for scores in (first, second)]
    within_tolerance = [
        np.asarray(np.abs(scores.rounded - scores.human) <= gaps.TOLERANCE + _NEARLY, float)
        for scores in (first, second)
    ]
    metrics = [
        {"rmse": gaps.rmse(scores.expected, scores.human), "a1": gaps.agreement_within(scores.rounded, scores.human)}
        for scores in (first, second)
    ]
    error_difference = np.abs(first.expected - first.human) - np.abs(second.expected - second.human)
    same_rounded = np.abs(first.rounded - second.rounded) <= _NEARLY
    return {
        "key": dimension.key,
        "name": dimension.name,
        "levels": list(dimension.values),
        "samples": len(first.ids),
        "questions": len(np.unique(first.question)),
        "first": metrics[0],
        "second": metrics[1],
        "rmse_difference": _metric_difference(metrics, "rmse"),
        "rmse_interval": _difference_interval(squared_errors, first.question, root=True),
        "a1_difference": _metric_difference(metrics, "a1"),
        "a1_interval": _difference_interval(within_tolerance, first.question, root=False),
        "nearer": {
            "first": _share_of_true(error_difference < -_NEARLY),
            "second": _share_of_true(error_difference > _NEARLY),
            "neither": _share_of_true(np.abs(error_difference) <= _NEARLY),
        },
        "same_rounded": _share_of_true(same_rounded),
    }


def _metric_difference(metrics: Sequence[dict[str, float | None]], name: str) -> float | None:
    first, second = (judge_metrics[name] for judge_metrics in metrics)
    return None if first is None or second is None else first - second


def _share_of_true(flags: npt.NDArray[np.bool_]) -> float | None:
    return float(flags.mean()) if len(flags) else None


def _difference_interval(terms: Sequence[Floats], question: npt.NDArray[np.int64], *, root: bool) -> list[float] | None:
    """Return the bootstrap interval of a difference of two means or their roots.

    Both means come from the same draws of questions.
    """

    def difference(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            means = sums[:, :2] / sums[:, 2:]
        sides = np.sqrt(means) if root else means
        return np.asarray(sides[:, 0] - sides[:, 1], dtype=np.float64)

    if not len(question):
        return None
    bounds = bootstrap_interval(np.stack([*terms, np.ones(len(question))], axis=1), question, difference)
    return list(bounds) if bounds else None
