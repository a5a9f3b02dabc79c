"""Reads JSON files: a list of objects, or one object with such a list.

A file is read in pieces, however long it is.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from annotation.imports.line_reader import BYTE_ORDER_MARK
from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_line, describe_type

from .base import Source, SourceRow, unreadable_file
from .json_stream import BrokenJson, JsonCursor


class JsonList(Source):
    """The elements of a JSON list, numbered by their place from 1.

    In an object, the first list of objects is meant. One object by itself, of a kind that ``alone`` knows by its
    fields, is a list of one.
    """

    def __init__(self, path: Path, folders: tuple[Path, ...] = (), *, alone: frozenset[str] = frozenset()) -> None:
        super().__init__(folders)
        self._path, self._alone = path, alone
        self._beside: list[str] = []

    def rows(self) -> Iterator[SourceRow]:
        with self._path.open("rb") as file:
            cursor = JsonCursor(file)
            try:
                first_letter = cursor.peek()
            except BrokenJson as error:
                raise unreadable_file(f"The file is not JSON: {error}.") from None
            if first_letter == "[":
                yield from _read_elements(cursor)
            elif first_letter == "{":
                single_object = _read_single_object(file)
                if single_object is not None and single_object.keys() & self._alone:
                    yield SourceRow(1, single_object, self._path.stat().st_size)
                else:
                    yield from self._read_object(cursor)
            else:
                raise unreadable_file(
                    "The file is not JSON; write a list of objects, or one object per line as JSON Lines."
                )

    def notes(self) -> list[str]:
        if not self._beside:
            return super().notes()
        names = ", ".join(self._beside[:30])
        return [f"Beside the list, these fields of the file were left out: {names}.", *super().notes()]

    def _read_object(self, cursor: JsonCursor) -> Iterator[SourceRow]:
        has_list = False
        try:
            _expect(cursor, "{")
            while not cursor.skip("}"):
                if (has_list or self._beside) and not cursor.skip(","):
                    raise BrokenJson("a comma is missing")
                name, _ = cursor.read_value()
                if not isinstance(name, str):
                    raise BrokenJson("a field's name is missing")
                _expect(cursor, ":")
                if not has_list and cursor.begins_list_of_objects():
                    has_list = True
                    if not (yield from _read_elements(cursor)):
                        return
                else:
                    cursor.read_value()
                    self._beside.append(name[:200])
        except BrokenJson as error:
            yield _broken_row(0, error)
            return
        if not has_list:
            raise unreadable_file(
                "The file is one JSON object without a list of objects in it; write a list: [{…}, {…}]."
            )


def _read_elements(cursor: JsonCursor) -> Generator[SourceRow, None, bool]:
    """Yield the elements of a list, and return whether it is complete."""
    number = 0
    try:
        _expect(cursor, "[")
        while not cursor.skip("]"):
            if number and not cursor.skip(","):
                raise BrokenJson("a comma is missing")
            number += 1
            content, size = cursor.read_value()
            if not isinstance(content, dict | RecordError):
                content = RecordError(
                    "", f"This element is {describe_type(content)} in place of an object; write {{…}}."
                )
            yield SourceRow(number, content, size)
    except BrokenJson as error:
        yield _broken_row(number, error)
        return False
    return True


def _expect(cursor: JsonCursor, letter: str) -> None:
    if not cursor.skip(letter):
        raise BrokenJson(f"{letter} is missing")


def _broken_row(number: int, error: BrokenJson) -> SourceRow:
    message = f"The file is not valid JSON from here on ({error}); mend it and import it again."
    return SourceRow(number, RecordError("", message), 0)


def _read_single_object(file: BinaryIO) -> dict[str, object] | None:
    """Return the object of a small file, None if it holds none."""
    at = file.tell()
    try:
        file.seek(0)
        return decode_line(file.read(MAX_LINE_BYTES + 1).removeprefix(BYTE_ORDER_MARK))
    except RecordError:
        return None
    finally:
        file.seek(at)
