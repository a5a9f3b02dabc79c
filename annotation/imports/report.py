"""The report of an import: counts, and rejected lines with their reasons."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.jobs.rejected_lines import LineError

SPOOL_BYTES = 1_000_000


class LineErrors:
    """Rejected lines in the order of the file.

    Beyond a megabyte they are kept on disk.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES, mode="w+", encoding="utf-8")  # noqa: SIM115
        self._count = 0

    def add(self, error: LineError) -> None:
        self._file.write(json.dumps(error) + "\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[LineError]:
        self._file.seek(0)
        for line in self._file:
            yield LineError(*json.loads(line))
        self._file.seek(0, 2)


@dataclass(slots=True)
class ImportReport:
    """Counts of lines; every rejected one has an entry in ``errors``."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: LineErrors = field(default_factory=LineErrors)
    notes: list[str] = field(default_factory=list)
    """What the file held that could not be taken along."""
    preview: list[dict[str, Any]] = field(default_factory=list)
    """The first samples taken, as they would look; after a dry run alone."""

    @property
    def accepted(self) -> int:
        return self.created + self.updated + self.unchanged

    def refuse(self, line: int, at: str, message: str) -> None:
        """Count a rejected line with its reason."""
        self.refused += 1
        # A name from the file may hold what neither a terminal nor a database takes.
        at = at.replace("\0", "").encode(errors="backslashreplace").decode()
        self.errors.add(LineError(line, at, message))

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("created", "updated", "unchanged", "refused")}

    def as_data(self, *, most: int | None = None) -> dict[str, Any]:
        """Return the report as plain data, with all errors or the first ``most``."""
        errors = [error._asdict() for index, error in enumerate(self.errors) if most is None or index < most]
        return {**self.counts(), "errors": errors, "notes": self.notes, "preview": self.preview}
