"""Reads CSV and TSV files, whose first line names the columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotation.imports.line_reader import count_lines, read_lines
from judge.formats.csv_reader import ANY_DELIMITER, CsvReader
from judge.formats.json_line import RecordError

from .base import Source, SourceRow

Check = Callable[[Sequence[str]], None]
Interpret = Callable[[Mapping[str, str]], Mapping[str, Any]]


class TextTable(Source):
    """The rows of a CSV or TSV file.

    A row's number is that of the physical line on which it begins.
    """

    def __init__(
        self,
        path: Path,
        folders: tuple[Path, ...] = (),
        *,
        check: Check,
        interpret: Interpret,
        delimiters: str = ANY_DELIMITER,
        lines_per_row: int | None = None,
    ) -> None:
        super().__init__(folders)
        self._path, self._check, self._interpret = path, check, interpret
        self._delimiters, self._lines_per_row = delimiters, lines_per_row

    def rows(self) -> Iterator[SourceRow]:
        with self._path.open("rb") as file:
            try:
                reader = CsvReader(
                    read_lines(file),
                    check=self._check,
                    delimiters=self._delimiters,
                    lines_per_row=self._lines_per_row,
                )
            except RecordError as error:
                yield SourceRow(1, error, 0)
                return
            for number, cells in reader:
                if isinstance(cells, RecordError):
                    yield SourceRow(number, cells, 0)
                    continue
                try:
                    yield SourceRow(number, self._interpret(cells), sum(map(len, cells.values())))
                except RecordError as error:
                    yield SourceRow(number, error, 0)

    def count(self) -> int | None:
        return count_lines(self._path)
