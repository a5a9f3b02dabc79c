"""Decodes JSON text of any length value by value.

The file is read in pieces.
"""

import codecs
import json
import re
from typing import Any, BinaryIO

from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_value

PIECE_BYTES = 1 << 20
SPACE = re.compile(r"[ \t\r\n]*")
_lenient_decoder = json.JSONDecoder()


class BrokenJson(ValueError):
    """A JSON text of which nothing more can be read."""


class JsonCursor:
    """A position in a JSON text, which moves on as values are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """Return the next letter that is no space, without moving on.

        At the end of the text it is empty.
        """
        while True:
            spaces = SPACE.match(self._text, self._at)
            self._at = spaces.end() if spaces else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self, letter: str) -> bool:
        """Move past the next letter if it is this one."""
        if self.peek() != letter:
            return False
        self._at += 1
        return True

    def begins_list_of_objects(self) -> bool:
        """Return whether a list with an object as its first element comes next."""
        if self.peek() != "[":
            return False
        after = self._at + 1
        while (spaces := SPACE.match(self._text, after)) and spaces.end() == len(self._text):
            before = self._at
            if not self._more():
                return False
            after -= before
        return spaces is not None and self._text[spaces.end()] == "{"

    def read_value(self) -> tuple[Any | RecordError, int]:
        """Read a value or its error, with its length in characters.

        Raises:
            BrokenJson: there is no whole value.
        """
        self.peek()
        while True:
            result: Any
            try:
                result, end = decode_value(self._text, self._at)
            except RecordError as error:
                result, end = error, self._end_of_value()
            except (ValueError, RecursionError):
                # A number that is none, as NaN, has an end nevertheless.
                result, end = RecordError("", "holds what is no JSON."), self._end_of_value()
            if end and (end < len(self._text) or not self._more()):
                break
            if not end and not self._room():
                raise BrokenJson(f"no value ends within {MAX_LINE_BYTES:,} characters")
            if not end and not self._more():
                raise BrokenJson("it is cut short, or a comma, a quote or a bracket is wrong")
        length, self._at = end - self._at, end
        if length > MAX_LINE_BYTES:
            result = RecordError("", f"is longer than {MAX_LINE_BYTES:,} characters; split the sample.")
        return result, length

    def _end_of_value(self) -> int:
        """Return where a value ends that the strict decoder rejects.

        It is 0 where the value is not complete.
        """
        try:
            return _lenient_decoder.raw_decode(self._text, self._at)[1]
        except RecursionError:
            raise BrokenJson("it is nested too deeply") from None
        except ValueError:
            return 0

    def _room(self) -> bool:
        return len(self._text) - self._at <= MAX_LINE_BYTES

    def _more(self) -> bool:
        """Read the next piece of the file and drop what has been read.

        Returns False at the end of the file.
        """
        if self._ended:
            return False
        data = self._file.read(PIECE_BYTES)
        self._ended = not data
        try:
            text = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError:
            raise BrokenJson("it is not UTF-8; save the file as UTF-8") from None
        self._text, self._at = self._text[self._at :] + text, 0
        return not self._ended
