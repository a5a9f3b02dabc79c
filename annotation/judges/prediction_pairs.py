"""Columns of what people agreed on and what judges expected: made of a release's labels, and compared judge by judge.

Reads with numpy, so import it only where something is worked out.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from annotation.core.errors import BadInput
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.models import Scorecard
from judge.evaluation.comparison import JudgeScores, compare_scores
from judge.evaluation.pairs import pair_predictions
from judge.formats.prediction_line import SamplePrediction
from judge.formats.release_line import LabelledSample, question_key
from judge.formats.rubric import RubricSpec

from .scorecard_columns import NAMES, Columns


def columns_of(
    rubric: RubricSpec, labelled: Iterable[LabelledSample], predictions: Iterable[SamplePrediction]
) -> dict[str, Any]:
    """Return the columns of labelled samples and the predictions of them, held to the final scores."""
    samples = list(labelled)
    found = pair_predictions(samples, {one.id: one for one in predictions}, rubric, "final")
    place = {one.sample.id: number for number, one in enumerate(samples)}
    numbers: dict[str, int] = {}
    dimensions = {}
    for key, pairs in found.dimensions.items():
        columns: dict[str, list[float | None]] = {name: [None] * len(samples) for name in NAMES}
        asked = pairs.select(~pairs.by_rule)
        values = {
            "human": asked.human,
            "expected": asked.expected,
            "rounded": asked.rounded,
            "sd": asked.sd,
            "low": asked.interval[:, 0],
            "high": asked.interval[:, 1],
        }
        for name, column in values.items():
            for sample, value in zip(asked.ids, column.tolist(), strict=True):
                columns[name][place[sample]] = None if math.isnan(value) else round(value, 4)
        dimensions[key] = columns
    return {
        "ids": [one.sample.id for one in samples],
        "questions": [numbers.setdefault(question_key(one), len(numbers)) for one in samples],
        "dimensions": dimensions,
    }


def compare_runs(first: Scorecard, second: Scorecard) -> dict[str, Any]:
    """Return how two judges compare on the samples of a release that both have judged.

    Raises:
        BadInput: the two were not held to the same release.
    """
    if first.release_id != second.release_id:
        message = "Two judges can be compared on one release alone: hold both to the same one first."
        raise BadInput(message, fields={"with": message})
    rubric = rubric_file(load_rubric(first.release.rubric_id))
    return compare_scores(rubric, _sides(first.pairs), _sides(second.pairs), "final")


def _sides(columns: Columns) -> dict[str, JudgeScores]:
    question = np.array(columns["questions"], dtype=np.int64)
    sides = {}
    for key, values in columns["dimensions"].items():
        human, expected, rounded = (
            np.array(values[name], dtype=np.float64) for name in ("human", "expected", "rounded")
        )
        asked = ~np.isnan(human)
        ids = [name for name, taken in zip(columns["ids"], asked.tolist(), strict=True) if taken]
        sides[key] = JudgeScores(ids, question[asked], human[asked], expected[asked], rounded[asked])
    return sides
