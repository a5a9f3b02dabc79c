"""The score table: one value of one annotator for one sample on one dimension per line."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .records import MAX_LINE_BYTES, RecordError, kind, name_of, no_unknown, number_of, show

COLUMNS = ("sample", "annotator", "dimension", "value", "round", "at", "seconds")
REQUIRED = COLUMNS[:4]
FIELDS = frozenset(COLUMNS)
LAST_ROUND = 32_767
LONGEST_SECONDS = 1e9
# A quote that nobody closes would otherwise swallow the rest of the file.
MAX_LINES_PER_ROW = 50


@dataclass(slots=True)
class ScoreRecord:
    """One value; ``at`` in UTC."""

    sample: str
    annotator: str
    dimension: str
    value: float
    round: int = 1
    at: datetime | None = None
    seconds: float | None = None


def parse_score(data: Mapping[str, Any]) -> ScoreRecord:
    """Check the object of a score line, or a row of a table with texts for values, and return it."""
    no_unknown(data, FIELDS)
    if data.get("value") is None or data["value"] == "":
        raise RecordError("value", "is missing; write one of the levels, or leave the whole line out.")
    return ScoreRecord(
        sample=name_of(data, "sample", 200),
        annotator=name_of(data, "annotator", 120),
        dimension=name_of(data, "dimension", 40),
        value=number_of(data["value"], "value"),
        round=_round(data.get("round")),
        at=_moment(data.get("at")),
        seconds=_seconds(data.get("seconds")),
    )


def _round(value: Any) -> int:
    if value is None or value == "":
        return 1
    number = number_of(value, "round")
    if not number.is_integer() or not 1 <= number <= LAST_ROUND:
        raise RecordError("round", f"is {show(value)}; write a whole number from 1 on.")
    return int(number)


def _moment(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise RecordError("at", f"is {kind(value)}; write a time as 2026-01-31T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RecordError("at", f"is {show(value)}; write a time as 2026-01-31T12:00:00Z.") from None


def _seconds(value: Any) -> float | None:
    if value is None or value == "":
        return None
    seconds = number_of(value, "seconds")
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise RecordError("seconds", f"is {show(value)}; write a number of seconds from 0 on.")
    return seconds


class ScoreTable:
    """The rows of a CSV file, each with the number of the physical line on which it begins.

    Takes a byte order mark, either line ending, quoted cells with line breaks, and a comma, a semicolon or a tab
    between cells.
    """

    def __init__(self, lines: Iterable[tuple[int, bytes]]) -> None:
        self._lines = iter(lines)
        self._waiting: list[tuple[int, bytes]] = []
        _, header = self._next() or (0, b"")
        text = _decode(header)
        self._delimiter = max(",;\t", key=text.count)
        self._columns = [cell.strip() for cell in self._cells(text)]
        for name in REQUIRED:
            if name not in self._columns:
                message = f"has no column of this name; the first line must name {', '.join(COLUMNS[:4])}."
                raise RecordError(name, message)
        no_unknown(dict.fromkeys(self._columns), FIELDS)
        if len(set(self._columns)) < len(self._columns):
            raise RecordError("", "The first line names a column twice.")

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any] | RecordError]]:
        while (found := self._next()) is not None:
            number, raw = found
            if not raw.strip():
                continue
            try:
                yield number, self._row(raw)
            except RecordError as error:
                yield number, error

    def _row(self, raw: bytes) -> dict[str, Any]:
        taken: list[tuple[int, bytes]] = []
        try:
            if raw.count(b'"') % 2:
                raw = self._to_closing_quote(raw, taken)
            cells = self._cells(_decode(raw))
            if len(cells) != len(self._columns):
                message = f"The line has {len(cells)} cells and the first line {len(self._columns)}."
                raise RecordError("", message)
        except RecordError:
            # What followed a stray quote may be rows of their own.
            self._waiting.extend(reversed(taken))
            raise
        return dict(zip(self._columns, cells, strict=True))

    def _to_closing_quote(self, raw: bytes, taken: list[tuple[int, bytes]]) -> bytes:
        """Add the lines up to the one that closes the quote, and note them in ``taken``."""
        while len(taken) < MAX_LINES_PER_ROW and len(raw) <= MAX_LINE_BYTES:
            found = self._next()
            if found is None:
                break
            taken.append(found)
            raw += found[1]
            if raw.count(b'"') % 2 == 0:
                return raw
        raise RecordError("", "A quote is opened and not closed on this line; close it, or double it inside a cell.")

    def _next(self) -> tuple[int, bytes] | None:
        return self._waiting.pop() if self._waiting else next(self._lines, None)

    def _cells(self, text: str) -> Sequence[str]:
        text = text.removesuffix("\n").removesuffix("\r")
        if '"' not in text:
            return text.split(self._delimiter)
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            raise RecordError("", f"The line is not valid CSV ({error}).") from None


def _decode(raw: bytes) -> str:
    if len(raw) > MAX_LINE_BYTES:
        raise RecordError("", f"The line is longer than {MAX_LINE_BYTES:,} bytes.")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise RecordError("", "The line is not UTF-8; save the file as UTF-8.") from None
    if "\0" in text:
        raise RecordError("", "The line holds a NUL character, which cannot be stored; remove it.")
    return text
