"""The columns behind a scorecard: people's scores and a judge's, by test sample.

Stored as columns, all of one length, so that two runs can be compared without reading releases again::

    {"ids": […], "questions": […], "dimensions": {"TCC": {"human": […], "expected": […], "rounded": […],
     "sd": […], "low": […], "high": […]}}}

A value is null where there is no label or no prediction, or where a rule decides and no judge was asked. Questions are
numbered within the columns.
"""

from collections.abc import Iterator, Mapping
from typing import Any

VALUE_COLUMNS = ("human", "expected", "rounded", "sd", "low", "high")

Columns = Mapping[str, Any]


def iter_pair_rows(columns: Columns) -> Iterator[dict[str, Any]]:
    """Yield a row for each sample and dimension that a judge predicted."""
    for key, values in columns["dimensions"].items():
        for position, sample in enumerate(columns["ids"]):
            if values["human"][position] is not None:
                yield {"sample": sample, "dimension": key} | {name: values[name][position] for name in VALUE_COLUMNS}
