"""Converts rows of Arrow and Parquet into the objects of lines.

Null is left out, and every value is one that JSON has.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_cell, describe_type
from judge.formats.sample_table import JSON_COLUMNS, PREFIXES, group_columns, refuse_unknown_column

from .embedded_pictures import EmbeddedPictures

# What pandas writes beside the columns of a table.
INDEX_PREFIX = "__index_level_"


def check_columns(columns: Iterable[str]) -> None:
    """Raise `RecordError` unless the columns are those of samples."""
    names = [name for name in columns if not name.startswith(INDEX_PREFIX)]
    for name in names:
        refuse_unknown_column(name)
    if "id" not in names:
        raise RecordError("id", "has no column of this name; every sample needs an id.")
    if "question" not in names and "turns" not in names:
        raise RecordError("question", "has no column of this name; write the question that was answered.")


def row_to_sample(row: Mapping[str, Any], embedded: EmbeddedPictures) -> tuple[dict[str, Any], int]:
    """Return a row as the object of a sample line, and about its bytes.

    Raises:
        RecordError: a value is of no kind that a line can hold.
    """
    data: dict[str, Any] = {}
    parts: list[tuple[str, Any]] = []
    for name, value in row.items():
        if value is None or name.startswith(INDEX_PREFIX):
            continue
        if name == "image":
            data[name] = _convert_picture(value, name, embedded)
        elif name == "images":
            data[name] = [_convert_picture(part, name, embedded) for part in _require_list(value, name)]
        elif name == "turns":
            data[name] = _convert_turns(value, embedded)
        elif name in JSON_COLUMNS and isinstance(value, str):
            if value:
                data[name] = decode_cell(value, name)
        else:
            converted = plain_value(value, name)
            if converted is not None and name.startswith(PREFIXES):
                parts.append((name, converted))
            elif converted is not None:
                data[name] = converted
    group_columns(data, parts)
    size = _estimate_size(data, "")
    if size > MAX_LINE_BYTES:
        raise RecordError("", f"The row is longer than {MAX_LINE_BYTES:,} bytes; split the sample.")
    return data, size


def plain_value(value: Any, field: str) -> Any:
    """Return a value as JSON has it.

    Not a number becomes None, and fields of an object that are null are left out.

    Raises:
        RecordError: JSON has no such value.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return (
            int(value) if value.is_finite() and value == value.to_integral_value() else plain_value(float(value), field)
        )
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        parts = ((name, plain_value(part, f"{field}.{name}")) for name, part in value.items())
        return {name: part for name, part in parts if part is not None}
    if isinstance(value, list):
        if value and all(isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str) for part in value):
            # How Arrow hands over a map.
            return plain_value(dict(value), field)
        return [plain_value(part, field) for part in value]
    raise RecordError(
        field[:200], f"is {_describe_value(value)}, which a line cannot hold; convert it to a text or a number."
    )


def _convert_turns(value: Any, embedded: EmbeddedPictures) -> Any:
    if isinstance(value, str):
        return decode_cell(value, "turns") if value else None
    turns = []
    for index, turn in enumerate(_require_list(value, "turns")):
        if not isinstance(turn, dict):
            raise RecordError(
                f"turns[{index}]", f"is {_describe_value(turn)}; write an object with question and blocks."
            )
        fields = {name: part for name, part in turn.items() if part is not None}
        if "blocks" in fields:
            place = f"turns[{index}].blocks"
            fields["blocks"] = [
                _convert_block(block, place, embedded) for block in _require_list(fields["blocks"], place)
            ]
        turns.append(fields)
    return turns


def _convert_block(block: Any, field: str, embedded: EmbeddedPictures) -> Any:
    """Return a block with the one of its two fields that is not null."""
    if not isinstance(block, dict):
        raise RecordError(field, f"holds {_describe_value(block)}; write objects with either text or image.")
    fields = {name: part for name, part in block.items() if part is not None}
    if not fields and block.keys() <= {"text", "image"}:
        return {"text": None}
    if "image" in fields:
        fields["image"] = _convert_picture(fields["image"], f"{field}.image", embedded)
    return fields


def _convert_picture(value: Any, field: str, embedded: EmbeddedPictures) -> Any:
    """Return the path of a picture, saving one that is given by content.

    Hugging Face's images are given so.
    """
    if isinstance(value, bytes):
        return embedded.save(value, None)
    if isinstance(value, dict) and value.keys() <= {"bytes", "path"}:
        content, path = value.get("bytes"), value.get("path")
        return path if content is None else embedded.save(content, path)
    return plain_value(value, field)


def _require_list(value: Any, field: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordError(field, f"is {_describe_value(value)}; write a list.")
    return value


def _describe_value(value: Any) -> str:
    return "binary data" if isinstance(value, bytes) else describe_type(value)


def _estimate_size(value: Any, field: str) -> int:
    """Return about how many bytes a value has.

    A NUL in any of its texts raises `RecordError`.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise RecordError(field[:200], "holds the character U+0000, which cannot be stored; remove it.")
        return len(value)
    if isinstance(value, dict):
        inner = ((name, part, f"{field}.{name}" if field else name) for name, part in value.items())
        return sum(_estimate_size(name, at) + _estimate_size(part, at) for name, part, at in inner)
    if isinstance(value, list):
        return sum(_estimate_size(part, field) for part in value)
    return 8


def row_to_score(row: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a row of a score table as the object of a score line.

    Its size is given as 0.
    """
    data = {name: plain_value(value, name) for name, value in row.items() if not name.startswith(INDEX_PREFIX)}
    _estimate_size(data, "")
    return data, 0
