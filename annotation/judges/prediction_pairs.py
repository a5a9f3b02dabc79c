"""Pairs a release's labels with predictions as columns, and compares judges.

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

from .scorecard_columns import VALUE_COLUMNS, Columns


def build_pair_columns(
    rubric: RubricSpec, labelled: Iterable[LabelledSample], predictions: Iterable[SamplePrediction]
) -> dict[str, Any]:
    """Return the columns that pair predictions with the final scores of samples."""
    samples = list(labelled)
    paired = pair_predictions(samples, {prediction.id: prediction for prediction in predictions}, rubric, "final")
    positions = {labelled_sample.sample.id: number for number, labelled_sample in enumerate(samples)}
    question_numbers: dict[str, int] = {}
    dimensions = {}
    for key, pairs in paired.dimensions.items():
        columns: dict[str, list[float | None]] = {name: [None] * len(samples) for name in VALUE_COLUMNS}
        judged = pairs.select(~pairs.by_rule)
        values = {
            "human": judged.human,
            "expected": judged.expected,
            "rounded": judged.rounded,
            "sd": judged.sd,
            "low": judged.interval[:, 0],
            "high": judged.interval[:, 1],
        }
        for name, column in values.items():
            for sample, value in zip(judged.ids, column.tolist(), strict=True):
                columns[name][positions[sample]] = None if math.isnan(value) else round(value, 4)
        dimensions[key] = columns
    return {
        "ids": [labelled_sample.sample.id for labelled_sample in samples],
        "questions": [
            question_numbers.setdefault(question_key(labelled_sample), len(question_numbers))
            for labelled_sample in samples
        ],
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
    return compare_scores(rubric, _to_judge_scores(first.pairs), _to_judge_scores(second.pairs), "final")


def _to_judge_scores(columns: Columns) -> dict[str, JudgeScores]:
    question = np.array(columns["questions"], dtype=np.int64)
    scores = {}
    for key, values in columns["dimensions"].items():
        human, expected, rounded = (
            np.array(values[name], dtype=np.float64) for name in ("human", "expected", "rounded")
        )
        judged = ~np.isnan(human)
        ids = [name for name, is_judged in zip(columns["ids"], judged.tolist(), strict=True) if is_judged]
        scores[key] = JudgeScores(ids, question[judged], human[judged], expected[judged], rounded[judged])
    return scores
