"""What stands behind the figures of a scorecard: of each test sample what people agreed on, and what a judge expected.

Stored as columns, all of one length, so that two runs can be compared without reading releases again::

    {"ids": […], "questions": […], "dimensions": {"TCC": {"human": […], "expected": […], "rounded": […],
     "sd": […], "low": […], "high": […]}}}

A value is null where there is no label or no prediction, or where a rule decides and no judge was asked. Questions are
numbered within the columns.
"""

from collections.abc import Iterator, Mapping
from typing import Any

NAMES = ("human", "expected", "rounded", "sd", "low", "high")

Columns = Mapping[str, Any]


def rows_of(columns: Columns) -> Iterator[dict[str, Any]]:
    """Yield a row for each sample and dimension that a judge was asked about, for a table."""
    for key, values in columns["dimensions"].items():
        for place, sample in enumerate(columns["ids"]):
            if values["human"][place] is not None:
                yield {"sample": sample, "dimension": key} | {name: values[name][place] for name in NAMES}
