"""JSON: a list of objects, or one object with such a list; read piece by piece, however long it is."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from annotation.imports.line_reader import BYTE_ORDER_MARK
from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_line, kind

from .base import Source, SourceRow, unreadable_file
from .json_stream import BrokenJson, JsonCursor


class JsonList(Source):
    """The elements of a JSON list; an element's number is its place in the list, from 1.

    In an object, the first list of objects is meant. One object by itself, of a kind that ``alone`` knows by its
    fields, is a list of one.
    """

    def __init__(self, path: Path, folders: tuple[Path, ...] = (), *, alone: frozenset[str] = frozenset()) -> None:
        super().__init__(folders)
        self._path, self._alone = path, alone
        self._beside: list[str] = []

    def rows(self) -> Iterator[SourceRow]:
        with self._path.open("rb") as file:
            pieces = JsonCursor(file)
            try:
                first = pieces.next_letter()
            except BrokenJson as error:
                raise unreadable_file(f"The file is not JSON: {error}.") from None
            if first == "[":
                yield from _elements(pieces)
            elif first == "{":
                whole = _whole(file)
                if whole is not None and whole.keys() & self._alone:
                    yield SourceRow(1, whole, self._path.stat().st_size)
                else:
                    yield from self._of_object(pieces)
            else:
                raise unreadable_file(
                    "The file is not JSON; write a list of objects, or one object per line as JSON Lines."
                )

    def notes(self) -> list[str]:
        if not self._beside:
            return super().notes()
        names = ", ".join(self._beside[:30])
        return [f"Beside the list, these fields of the file were left out: {names}.", *super().notes()]

    def _of_object(self, pieces: JsonCursor) -> Iterator[SourceRow]:
        found = False
        try:
            _expect(pieces, "{")
            while not pieces.take("}"):
                if (found or self._beside) and not pieces.take(","):
                    raise BrokenJson("a comma is missing")
                name, _ = pieces.value()
                if not isinstance(name, str):
                    raise BrokenJson("a field's name is missing")
                _expect(pieces, ":")
                if not found and pieces.begins_list_of_objects():
                    found = True
                    if not (yield from _elements(pieces)):
                        return
                else:
                    pieces.value()
                    self._beside.append(name[:200])
        except BrokenJson as error:
            yield _broken(0, error)
            return
        if not found:
            raise unreadable_file(
                "The file is one JSON object without a list of objects in it; write a list: [{…}, {…}]."
            )


def _elements(pieces: JsonCursor) -> Generator[SourceRow, None, bool]:
    """Yield the elements of a list, and return whether it came to its end."""
    number = 0
    try:
        _expect(pieces, "[")
        while not pieces.take("]"):
            if number and not pieces.take(","):
                raise BrokenJson("a comma is missing")
            number += 1
            content, size = pieces.value()
            if not isinstance(content, dict | RecordError):
                content = RecordError("", f"This element is {kind(content)} in place of an object; write {{…}}.")
            yield SourceRow(number, content, size)
    except BrokenJson as error:
        yield _broken(number, error)
        return False
    return True


def _expect(pieces: JsonCursor, letter: str) -> None:
    if not pieces.take(letter):
        raise BrokenJson(f"{letter} is missing")


def _broken(number: int, error: BrokenJson) -> SourceRow:
    message = f"The file is not valid JSON from here on ({error}); mend it and import it again."
    return SourceRow(number, RecordError("", message), 0)


def _whole(file: BinaryIO) -> dict[str, object] | None:
    """Return a small file as one object, or None where it is none."""
    at = file.tell()
    try:
        file.seek(0)
        return decode_line(file.read(MAX_LINE_BYTES + 1).removeprefix(BYTE_ORDER_MARK))
    except RecordError:
        return None
    finally:
        file.seek(at)
