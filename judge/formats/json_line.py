"""Reads one line of a JSON Lines file, and checks its texts and numbers.

What fields a line has say the modules of its kind: `judge.formats.sample_line`,
`judge.formats.score_table`, `judge.formats.prediction_line` and `judge.formats.release_line`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_LINE_BYTES = 4_000_000
NULL = "null"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# Escapes of what no database text can hold; only a line with one of them is searched for it.
SUSPICIOUS = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
SUSPICIOUS_TEXT = re.compile(SUSPICIOUS.pattern.decode())


class RecordError(ValueError):
    """A rejected line: the field, what is wrong with it and how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


def decode_line(raw: bytes) -> dict[str, Any]:
    """Return the JSON object on a line.

    Raises:
        RecordError: it is too long, no UTF-8, no JSON, no object, names a field twice, or holds what cannot be stored.
    """
    if len(raw) > MAX_LINE_BYTES:
        raise RecordError("", f"The line is longer than {MAX_LINE_BYTES:,} bytes; split the sample.")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        message = f"Byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8."
        raise RecordError("", message) from None
    try:
        data = _decoder.decode(text)
    except RecordError:
        raise
    except RecursionError:
        raise RecordError("", "The line is nested too deeply.") from None
    except ValueError as error:
        reason = getattr(error, "msg", "a number is too long")
        place = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        message = f"The line is not valid JSON ({reason}{place}); write one JSON object per line."
        raise RecordError("", message) from None
    if not isinstance(data, dict):
        raise RecordError("", f"The line holds {describe_type(data)} in place of a JSON object; write {{…}}.")
    if SUSPICIOUS.search(raw):
        refuse_unstorable(data)
    return data


def decode_value(text: str, at: int) -> tuple[Any, int]:
    """Return the JSON value at a position of a text, and its end.

    Raises:
        RecordError: it names a field twice, or holds what cannot be stored.
        ValueError: it is no JSON, or does not end within ``text``.
    """
    value, end = _decoder.raw_decode(text, at)
    if SUSPICIOUS_TEXT.search(text, at, end):
        refuse_unstorable(value)
    return value, end


def decode_cell(text: str, field: str) -> Any:
    """Return what a cell of a table holds as JSON.

    Raises:
        RecordError: it is no JSON, names a field twice, or holds what cannot be stored.
    """
    try:
        value = _decoder.decode(text)
    except RecordError as error:
        raise RecordError(f"{field}.{error.field}"[:200], error.message) from None
    except (ValueError, RecursionError):
        raise RecordError(field, f"is {quote_value(text)}; write JSON in this cell.") from None
    if SUSPICIOUS_TEXT.search(text):
        refuse_unstorable(value, field)
    return value


def refuse_unstorable(value: Any, field: str = "") -> None:
    """Raise `RecordError` for texts in ``value`` that cannot be stored.

    They have a NUL character or half a surrogate pair.
    """
    if isinstance(value, str):
        for letter in value:
            if letter == "\0" or "\ud800" <= letter <= "\udfff":
                message = f"holds the character U+{ord(letter):04X}, which cannot be stored; remove it."
                raise RecordError(field, message)
    elif isinstance(value, dict):
        for name, part in value.items():
            refuse_unstorable(name, field or "(a field's name)")
            refuse_unstorable(part, f"{field}.{name}" if field else name)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            refuse_unstorable(part, f"{field}[{index}]")


def refuse_unknown_fields(data: Mapping[str, Any], known: frozenset[str], field: str = "") -> None:
    """Raise `RecordError` for the first field that the format does not have."""
    if data.keys() <= known:
        return
    name = next(name for name in data if name not in known)
    path = f"{field}.{name}" if field else name
    # The name is a stranger's text and may be of any length.
    raise RecordError(path[:200], f"is not a field of this format; the fields are {', '.join(sorted(known))}.")


def parse_name(data: Mapping[str, Any], field: str, longest: int) -> str:
    """Return a required name, as an id or an annotator.

    A whole number counts as its digits.
    """
    value = data.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        value = str(value)
    if value is None:
        raise RecordError(field, "is missing; every line needs one.")
    if not isinstance(value, str):
        raise RecordError(field, f"is {describe_type(value)}; write a text.")
    if not value.strip():
        raise RecordError(field, "is empty; every line needs one.")
    if len(value) > longest:
        raise RecordError(field, f"has {len(value):,} characters; at most {longest} are possible.")
    return value


def parse_number(value: Any, field: str) -> float:
    """Return a JSON number, or the number that a text cell holds."""
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise RecordError(field, f"is {quote_value(value)}; write a number.")
    return float(value)


def describe_type(value: Any) -> str:
    """Return the kind of a JSON value in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for types, words in ((str, "a text"), ((int, float), "a number"), (list, "a list"), (dict, "an object")):
        if isinstance(value, types):
            return words
    return type(value).__name__


def quote_value(value: Any) -> str:
    """Return a value quoted for a message, shortened."""
    if isinstance(value, list | dict):
        return describe_type(value)
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                raise RecordError(name[:200], "is given twice on this line; keep one.")
            names.add(name)
    return data


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_unique_fields, parse_constant=_refuse_constant)
