"""The base class of the sources of lines."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from annotation.core.errors import BadInput
from annotation.imports.temporary_folders import temporary_folder
from annotation.jobs.progress import ProgressCallback
from judge.formats.json_line import RecordError


class SourceRow(NamedTuple):
    """A line's number from 1, its object or error, and about its bytes.

    Number 0 stands for the file as a whole.
    """

    number: int
    content: Mapping[str, Any] | RecordError
    size: int


class Source:
    """The lines of a file or folder, read once from the beginning.

    ``folders`` are those that their pictures are looked up in.
    """

    def __init__(self, folders: tuple[Path, ...] = ()) -> None:
        self.folders = folders
        self._more_notes: list[str] = []

    def rows(self) -> Iterator[SourceRow]:
        """Yield every line with the number that a person finds it by.

        Raises:
            BadInput: the file as a whole cannot be read.
        """
        raise NotImplementedError

    def count(self) -> int | None:
        """Return the number of lines for the progress, None if unknown."""
        return None

    def notes(self) -> list[str]:
        """Return, after reading, notes on what could not be imported."""
        return list(self._more_notes)

    def add_notes(self, notes: list[str]) -> None:
        """Add notes from outside of the source."""
        self._more_notes += notes

    def location(self, number: int) -> str:
        """Return where a line is beyond its number, as the file of a folder.

        It is empty for a file by itself.
        """
        return ""


@dataclass(slots=True)
class SourceOptions:
    """The options that a source is opened with."""

    images: Path | None = None
    question: str | None = None
    progress: ProgressCallback | None = None
    resources: ExitStack | None = None

    def folder(self) -> Path:
        """Return a new folder for files that are needed until the import has ended."""
        assert self.resources is not None
        return self.resources.enter_context(temporary_folder())


def unreadable_file(message: str) -> BadInput:
    """Return the error for a file that cannot be read as a whole."""
    return BadInput(message, code="unreadable_file", fields={"file": message})


Opener = Callable[[Path, SourceOptions], Source]
