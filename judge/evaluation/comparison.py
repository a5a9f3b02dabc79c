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
        place = {name: number for number, name in enumerate(self.ids)}
        chosen = [place[name] for name in names]
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
                samples, {one.id: one for one in some}, rubric, target
            ).dimensions.items()
        }
        for some in (first, second)
    ]
    return compare_scores(rubric, sides[0], sides[1], target)


def compare_scores(
    rubric: RubricSpec, first: Mapping[str, JudgeScores], second: Mapping[str, JudgeScores], target: Target
) -> dict[str, Any]:
    """Return the comparison of scores by dimension; see `compare_judges`."""
    both = {
        dimension.key: _select_shared(first[dimension.key], second[dimension.key]) for dimension in rubric.dimensions
    }
    return {
        "version": VERSION,
        "target": target,
        "samples": len({name for one, _ in both.values() for name in one.ids}),
        "questions": len({number for one, _ in both.values() for number in one.question.tolist()}),
        "dimensions": [_compare_dimension(dimension, *both[dimension.key]) for dimension in rubric.dimensions],
    }


def _scores_without_rules(pairs: DimensionPairs) -> JudgeScores:
    """Return the scores that no rule set."""
    asked = pairs.select(~pairs.by_rule)
    return JudgeScores(asked.ids, asked.question, asked.human, asked.expected, asked.rounded)


def _select_shared(first: JudgeScores, second: JudgeScores) -> tuple[JudgeScores, JudgeScores]:
    """Return the samples that both have predicted, in the first one's order."""
    known = set(second.ids)
    shared = [name for name in first.ids if name in known]
    return first.select(shared), second.select(shared)


def _compare_dimension(dimension: RubricDimension, first: JudgeScores, second: JudgeScores) -> dict[str, Any]:
    squares = [(one.expected - one.human) ** 2 for one in (first, second)]
    near = [np.asarray(np.abs(one.rounded - one.human) <= gaps.TOLERANCE + _NEARLY, float) for one in (first, second)]
    sides = [
        {"rmse": gaps.rmse(one.expected, one.human), "a1": gaps.agreement_within(one.rounded, one.human)}
        for one in (first, second)
    ]
    apart = np.abs(first.expected - first.human) - np.abs(second.expected - second.human)
    same = np.abs(first.rounded - second.rounded) <= _NEARLY
    return {
        "key": dimension.key,
        "name": dimension.name,
        "levels": list(dimension.values),
        "samples": len(first.ids),
        "questions": len(np.unique(first.question)),
        "first": sides[0],
        "second": sides[1],
        "rmse_difference": _metric_difference(sides, "rmse"),
        "rmse_interval": _difference_interval(squares, first.question, root=True),
        "a1_difference": _metric_difference(sides, "a1"),
        "a1_interval": _difference_interval(near, first.question, root=False),
        "nearer": {
            "first": _share_of_true(apart < -_NEARLY),
            "second": _share_of_true(apart > _NEARLY),
            "neither": _share_of_true(np.abs(apart) <= _NEARLY),
        },
        "same_rounded": _share_of_true(same),
    }


def _metric_difference(sides: Sequence[dict[str, float | None]], name: str) -> float | None:
    first, second = (side[name] for side in sides)
    return None if first is None or second is None else first - second


def _share_of_true(those: npt.NDArray[np.bool_]) -> float | None:
    return float(those.mean()) if len(those) else None


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
    found = bootstrap_interval(np.stack([*terms, np.ones(len(question))], axis=1), question, difference)
    return list(found) if found else None
