"""Reads a file line by line in bounded pieces, and remembers its keys."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from judge.formats.json_line import MAX_LINE_BYTES

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
Line = tuple[int, bytes]


def count_lines(path: Path) -> int:
    """Return the number of lines in a file."""
    count, last = 0, b"\n"
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            count += piece.count(b"\n")
            last = piece[-1:]
    return count + (last != b"\n")


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """Yield each line with its number from 1.

    Of a line that is too long only as much is read as shows that.
    """
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 2):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        yield number, line
        while line and not line.endswith(b"\n"):
            line = file.readline(1 << 20)


class SeenKeys:
    """The line on which each key occurred first.

    It is a database on disk, as a file may have millions of keys.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def first_line(self, key: str, line: int) -> int:
        """Return the line where ``key`` occurred first; ``line`` if it is new."""
        if self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, line)).rowcount:
            return line
        return int(self._database.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone()[0])

    def close(self) -> None:
        self._database.close()
