"""What stands behind the figures of a scorecard: of each test sample what people agreed on, and what a judge expected.

Stored as columns, all of one length, so that two runs can be compared without reading releases again::

    {"ids": […], "questions": […], "dimensions": {"TCC": {"human": […], "expected": […], "rounded": […],
     "sd": […], "low": […], "high": […]}}}

A value is null where there is no label or no prediction, or where a rule decides and no judge was asked.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from judge.evaluating.pairing import pair
from judge.labels import LabelledSample, question_key
from judge.predictions import Prediction
from judge.rubric import Rubric

NAMES = ("human", "expected", "rounded", "sd", "low", "high")


def pairs_of(rubric: Rubric, labelled: Iterable[LabelledSample], predictions: Iterable[Prediction]) -> dict[str, Any]:
    """Return the columns of labelled samples and the predictions of them, held to the final scores."""
    samples = list(labelled)
    found = pair(samples, {one.id: one for one in predictions}, rubric, "final")
    place = {one.sample.id: number for number, one in enumerate(samples)}
    numbers: dict[str, int] = {}
    dimensions = {}
    for key, pairs in found.dimensions.items():
        columns: dict[str, list[float | None]] = {name: [None] * len(samples) for name in NAMES}
        asked = pairs.where(~pairs.by_rule)
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


def rows_of(pairs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each sample and dimension that a judge was asked about, for a table."""
    for key, columns in pairs["dimensions"].items():
        for place, sample in enumerate(pairs["ids"]):
            if columns["human"][place] is not None:
                yield {"sample": sample, "dimension": key} | {name: columns[name][place] for name in NAMES}
