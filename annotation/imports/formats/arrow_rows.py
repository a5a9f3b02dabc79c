"""Rows of Arrow and Parquet as objects of a line: what is null is left out, and every value is one that JSON has."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_cell, kind
from judge.formats.sample_table import IN_JSON, PREFIXES, gather, refuse_unknown

from .embedded_pictures import EmbeddedPictures

# What pandas writes beside the columns of a table.
INDEX = "__index_level_"


def check_columns(columns: Iterable[str]) -> None:
    """Raise `RecordError` unless the columns are those of samples."""
    names = [name for name in columns if not name.startswith(INDEX)]
    for name in names:
        refuse_unknown(name)
    if "id" not in names:
        raise RecordError("id", "has no column of this name; every sample needs an id.")
    if "question" not in names and "turns" not in names:
        raise RecordError("question", "has no column of this name; write the question that was answered.")


def sample_of_row(row: Mapping[str, Any], embedded: EmbeddedPictures) -> tuple[dict[str, Any], int]:
    """Return a row as the object of a sample line, and about how many bytes it would be there.

    Raises:
        RecordError: a value is of no kind that a line can hold.
    """
    data: dict[str, Any] = {}
    parts: list[tuple[str, Any]] = []
    for name, value in row.items():
        if value is None or name.startswith(INDEX):
            continue
        if name == "image":
            data[name] = _picture(value, name, embedded)
        elif name == "images":
            data[name] = [_picture(part, name, embedded) for part in _list(value, name)]
        elif name == "turns":
            data[name] = _turns(value, embedded)
        elif name in IN_JSON and isinstance(value, str):
            if value:
                data[name] = decode_cell(value, name)
        else:
            there = plain_value(value, name)
            if there is not None and name.startswith(PREFIXES):
                parts.append((name, there))
            elif there is not None:
                data[name] = there
    gather(data, parts)
    size = _weight(data, "")
    if size > MAX_LINE_BYTES:
        raise RecordError("", f"The row is longer than {MAX_LINE_BYTES:,} bytes; split the sample.")
    return data, size


def plain_value(value: Any, field: str) -> Any:
    """Return a value as JSON has it; not a number is nothing, and fields of an object that are null are left out.

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
        field[:200], f"is {_kind_of_value(value)}, which a line cannot hold; convert it to a text or a number."
    )


def _turns(value: Any, embedded: EmbeddedPictures) -> Any:
    if isinstance(value, str):
        return decode_cell(value, "turns") if value else None
    turns = []
    for index, turn in enumerate(_list(value, "turns")):
        if not isinstance(turn, dict):
            raise RecordError(
                f"turns[{index}]", f"is {_kind_of_value(turn)}; write an object with question and blocks."
            )
        told = {name: part for name, part in turn.items() if part is not None}
        if "blocks" in told:
            place = f"turns[{index}].blocks"
            told["blocks"] = [_block(block, place, embedded) for block in _list(told["blocks"], place)]
        turns.append(told)
    return turns


def _block(block: Any, field: str, embedded: EmbeddedPictures) -> Any:
    """Return a block with the one of its two fields that is not null."""
    if not isinstance(block, dict):
        raise RecordError(field, f"holds {_kind_of_value(block)}; write objects with either text or image.")
    told = {name: part for name, part in block.items() if part is not None}
    if not told and block.keys() <= {"text", "image"}:
        return {"text": None}
    if "image" in told:
        told["image"] = _picture(told["image"], f"{field}.image", embedded)
    return told


def _picture(value: Any, field: str, embedded: EmbeddedPictures) -> Any:
    """Return the path of a picture, which may be given by its content, as Hugging Face's images are."""
    if isinstance(value, bytes):
        return embedded.put(value, None)
    if isinstance(value, dict) and value.keys() <= {"bytes", "path"}:
        content, path = value.get("bytes"), value.get("path")
        return path if content is None else embedded.put(content, path)
    return plain_value(value, field)


def _list(value: Any, field: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordError(field, f"is {_kind_of_value(value)}; write a list.")
    return value


def _kind_of_value(value: Any) -> str:
    return "binary data" if isinstance(value, bytes) else kind(value)


def _weight(value: Any, field: str) -> int:
    """Return about how many bytes a value is, having refused a NUL in any of its texts."""
    if isinstance(value, str):
        if "\0" in value:
            raise RecordError(field[:200], "holds the character U+0000, which cannot be stored; remove it.")
        return len(value)
    if isinstance(value, dict):
        inner = ((name, part, f"{field}.{name}" if field else name) for name, part in value.items())
        return sum(_weight(name, at) + _weight(part, at) for name, part, at in inner)
    if isinstance(value, list):
        return sum(_weight(part, field) for part in value)
    return 8


def score_of_row(row: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a row of a score table as the object of a score line; its size does not matter."""
    data = {name: plain_value(value, name) for name, value in row.items() if not name.startswith(INDEX)}
    _weight(data, "")
    return data, 0
