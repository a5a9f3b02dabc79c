"""Reads score tables: one value per annotator, sample and dimension."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .csv_reader import ANY_DELIMITER, CsvReader
from .json_line import RecordError, describe_type, parse_name, parse_number, quote_value, refuse_unknown_fields

COLUMNS = ("sample", "annotator", "dimension", "value", "round", "at", "seconds")
REQUIRED = COLUMNS[:4]
FIELDS = frozenset(COLUMNS)
LAST_ROUND = 32_767
LONGEST_SECONDS = 1e9
# A quote that nobody closes would otherwise swallow the rest of the file.
MAX_LINES_PER_ROW = 50


@dataclass(slots=True)
class ScoreRecord:
    """One value of one annotator; ``at`` is in UTC."""

    sample: str
    annotator: str
    dimension: str
    value: float
    round: int = 1
    at: datetime | None = None
    seconds: float | None = None


def parse_score(data: Mapping[str, Any]) -> ScoreRecord:
    """Return the score of a line's object or of a row of texts."""
    refuse_unknown_fields(data, FIELDS)
    if data.get("value") is None or data["value"] == "":
        raise RecordError("value", "is missing; write one of the levels, or leave the whole line out.")
    return ScoreRecord(
        sample=parse_name(data, "sample", 200),
        annotator=parse_name(data, "annotator", 120),
        dimension=parse_name(data, "dimension", 40),
        value=parse_number(data["value"], "value"),
        round=_parse_round(data.get("round")),
        at=_parse_time(data.get("at")),
        seconds=_parse_seconds(data.get("seconds")),
    )


def _parse_round(value: Any) -> int:
    if value is None or value == "":
        return 1
    number = parse_number(value, "round")
    if not number.is_integer() or not 1 <= number <= LAST_ROUND:
        raise RecordError("round", f"is {quote_value(value)}; write a whole number from 1 on.")
    return int(number)


def _parse_time(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise RecordError("at", f"is {describe_type(value)}; write a time as 2026-01-31T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RecordError("at", f"is {quote_value(value)}; write a time as 2026-01-31T12:00:00Z.") from None


def _parse_seconds(value: Any) -> float | None:
    if value is None or value == "":
        return None
    seconds = parse_number(value, "seconds")
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise RecordError("seconds", f"is {quote_value(value)}; write a number of seconds from 0 on.")
    return seconds


def quote_cell(text: str) -> str:
    """Return a text as a CSV cell, quoted where necessary.

    It is quoted where `ScoreTable` could misread it.
    """
    if any(letter in text for letter in ',";\t\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def number_text(value: float) -> str:
    """Return a number as text, whole numbers without a fraction."""
    return str(int(value)) if float(value).is_integer() else repr(value)


class ScoreTable(CsvReader):
    """The rows of a score table."""

    def __init__(self, lines: Iterable[tuple[int, bytes]], *, delimiters: str = ANY_DELIMITER) -> None:
        super().__init__(lines, check=check_columns, delimiters=delimiters, lines_per_row=MAX_LINES_PER_ROW)


def check_columns(columns: Sequence[str]) -> None:
    """Raise `RecordError` unless a score table may have these columns."""
    for name in REQUIRED:
        if name not in columns:
            raise RecordError(name, f"has no column of this name; the first line must name {', '.join(REQUIRED)}.")
    refuse_unknown_fields(dict.fromkeys(columns), FIELDS)
