"""Reads the rows of a CSV or TSV file with their line numbers.

The number is that of the physical line on which a row begins.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence

from .json_line import MAX_LINE_BYTES, RecordError

ANY_DELIMITER = ",;\t"
# What bounds a cell is the length of its line; the module's own limit is for the whole process.
csv.field_size_limit(MAX_LINE_BYTES)


class CsvReader:
    """A reader of CSV rows; the first line is read at once.

    Takes a byte order mark, either line ending, quoted cells with line breaks, and whichever of ``delimiters`` the
    first line has most of. A quote that nobody closes ends its row after ``lines_per_row`` lines, where that is given:
    what it would have swallowed is read as rows of its own.

    Raises:
        RecordError: the first line cannot be read, names a column twice, or ``check`` refuses it.
    """

    def __init__(
        self,
        lines: Iterable[tuple[int, bytes]],
        *,
        check: Callable[[Sequence[str]], None],
        delimiters: str = ANY_DELIMITER,
        lines_per_row: int | None = None,
    ) -> None:
        self._lines = iter(lines)
        self._waiting: list[tuple[int, bytes]] = []
        self._lines_per_row = lines_per_row
        _, header = self._next() or (0, b"")
        text = _decode(header)
        self._delimiter = max(delimiters, key=text.count)
        self.columns = [cell.strip() for cell in self._cells(text)]
        check(self.columns)
        if len(set(self.columns)) < len(self.columns):
            raise RecordError("", "The first line names a column twice.")

    def __iter__(self) -> Iterator[tuple[int, dict[str, str] | RecordError]]:
        while (numbered_line := self._next()) is not None:
            number, raw = numbered_line
            if not raw.strip():
                continue
            try:
                yield number, self._row(raw)
            except RecordError as error:
                yield number, error

    def _row(self, raw: bytes) -> dict[str, str]:
        following: list[tuple[int, bytes]] = []
        try:
            if raw.count(b'"') % 2:
                raw = self._to_closing_quote(raw, following)
            cells = self._cells(_decode(raw))
            if len(cells) != len(self.columns):
                message = f"The line has {len(cells)} cells and the first line {len(self.columns)}."
                raise RecordError("", message)
        except RecordError:
            # What followed a stray quote may be rows of their own.
            self._waiting.extend(reversed(following))
            raise
        return dict(zip(self.columns, cells, strict=True))

    def _to_closing_quote(self, raw: bytes, following: list[tuple[int, bytes]]) -> bytes:
        """Return the row extended to the line that closes its quote.

        The lines added are noted in ``following``.
        """
        size = len(raw)
        while size <= MAX_LINE_BYTES and (self._lines_per_row is None or len(following) < self._lines_per_row):
            numbered_line = self._next()
            if numbered_line is None:
                break
            following.append(numbered_line)
            size += len(numbered_line[1])
            if numbered_line[1].count(b'"') % 2:
                return b"".join([raw, *(line for _, line in following)])
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
