"""Reads JSON Lines files, one object on each line."""

from collections.abc import Iterator
from pathlib import Path

from annotation.imports.line_reader import count_lines, read_lines
from judge.formats.json_line import RecordError, decode_line

from .base import Source, SourceRow


class JsonLinesReader(Source):
    """The objects of a JSON Lines file.

    A line's number is that of the physical line.
    """

    def __init__(self, path: Path, folders: tuple[Path, ...] = ()) -> None:
        super().__init__(folders)
        self._path = path

    def rows(self) -> Iterator[SourceRow]:
        with self._path.open("rb") as file:
            for number, raw in read_lines(file):
                if not raw.strip():
                    continue
                try:
                    yield SourceRow(number, decode_line(raw), len(raw))
                except RecordError as error:
                    yield SourceRow(number, error, len(raw))

    def count(self) -> int | None:
        return count_lines(self._path)
