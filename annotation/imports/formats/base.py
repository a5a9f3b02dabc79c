"""What every source of lines has in common, whatever the format."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from annotation.core.errors import BadInput
from annotation.imports.temporary_folders import work_folder
from annotation.jobs.progress import ProgressCallback
from judge.formats.json_line import RecordError


class SourceRow(NamedTuple):
    """One line as found: its number from 1, the object of a line or why it is none, and about how many bytes it is.

    Number 0 stands for the file as a whole.
    """

    number: int
    content: Mapping[str, Any] | RecordError
    size: int


class Source:
    """Lines of a file or folder, read once from the beginning, with the folders that their pictures are named in."""

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
        """Return how many lines there are, to tell progress by; None where that cannot be told beforehand."""
        return None

    def notes(self) -> list[str]:
        """Say, after reading, what was found and could not be taken along."""
        return list(self._more_notes)

    def add_notes(self, notes: list[str]) -> None:
        """Have more said, by whoever found the lines."""
        self._more_notes += notes

    def place(self, number: int) -> str:
        """Return where a line is beyond its number, as the file of a folder; empty in a file by itself."""
        return ""


@dataclass(slots=True)
class SourceOptions:
    """What a source is opened with: the folder of pictures, words for a question, and who hears of progress."""

    images: Path | None = None
    question: str | None = None
    progress: ProgressCallback | None = None
    resources: ExitStack | None = None

    def folder(self) -> Path:
        """Return a new folder for files that are needed until the import has ended."""
        assert self.resources is not None
        return self.resources.enter_context(work_folder())


def unreadable_file(message: str) -> BadInput:
    """Return the refusal of a file as a whole."""
    return BadInput(message, code="unreadable_file", fields={"file": message})


Opener = Callable[[Path, SourceOptions], Source]
