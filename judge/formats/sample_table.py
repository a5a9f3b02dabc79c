"""Reads table rows as sample lines.

A column is a field of the flat sample line; ``images`` are paths with | between them. ``turns``, ``metadata`` and
``labels`` are JSON in a cell; a field of the metadata or one label may have a column of its own, as
``metadata.source`` or ``labels.TCC``. An empty cell is no field.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .json_line import RecordError, decode_cell, parse_number
from .sample_line import FIELDS

JSON_COLUMNS = frozenset({"turns", "metadata", "labels"})
PREFIXES = ("metadata.", "labels.")
PATH_SEPARATOR = "|"


def check_columns(columns: Sequence[str]) -> None:
    """Raise `RecordError` unless a table of samples may have these columns."""
    for name in columns:
        refuse_unknown_column(name)
    if "id" not in columns:
        raise RecordError("id", "has no column of this name; every sample needs an id.")
    if "question" not in columns and "turns" not in columns:
        raise RecordError("question", "has no column of this name; write the question that was answered.")


def refuse_unknown_column(column: str) -> None:
    """Raise `RecordError` for a column that samples do not have."""
    if column in FIELDS or any(column.startswith(prefix) and column != prefix for prefix in PREFIXES):
        return
    name = column[:200]
    message = f"is no column of this format; name it metadata.{name} to keep it. The columns are {_join_names(FIELDS)}."
    raise RecordError(name, message)


def cells_to_sample(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of texts as the object of a sample line.

    Raises:
        RecordError: a cell does not hold what its column asks for.
    """
    data: dict[str, Any] = {}
    parts: list[tuple[str, Any]] = []
    for column, text in cells.items():
        if not text:
            continue
        if column in JSON_COLUMNS:
            data[column] = decode_cell(text, column)
        elif column == "images":
            data[column] = _split_paths(text)
        elif column.startswith("labels."):
            parts.append((column, parse_number(text, column)))
        elif column.startswith("metadata."):
            parts.append((column, text))
        else:
            data[column] = text
    group_columns(data, parts)
    return data


def group_columns(data: dict[str, Any], parts: Iterable[tuple[str, Any]]) -> None:
    """Add the values of columns such as ``metadata.source`` to their field."""
    for column, value in parts:
        field, _, name = column.partition(".")
        parent = data.setdefault(field, {})
        if not isinstance(parent, dict) or name in parent:
            raise RecordError(column[:200], f"is given beside {field}; keep one of the two.")
        parent[name] = value


def _split_paths(text: str) -> Any:
    if text.lstrip().startswith("["):
        return decode_cell(text, "images")
    return [path.strip() for path in text.split(PATH_SEPARATOR) if path.strip()]


def _join_names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
