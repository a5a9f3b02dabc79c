"""Reads files of samples: imported sample lines or release lines without labels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .json_line import RecordError, decode_line
from .release_line import LABEL_FIELDS
from .sample_line import SampleRecord, parse_sample


@dataclass(slots=True)
class SampleLines:
    """The samples of a file; rejected lines are kept in ``refused``.

    Pictures lie beside the file.
    """

    path: Path
    refused: list[tuple[int, RecordError]] = field(default_factory=list)

    def count(self) -> int:
        """Return the number of lines that are not blank."""
        with self.path.open("rb") as file:
            return sum(bool(raw.strip()) for raw in file)

    def __iter__(self) -> Iterator[SampleRecord]:
        self.refused.clear()
        ids: set[str] = set()
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.strip():
                    continue
                try:
                    data = decode_line(raw)
                    sample = parse_sample({name: value for name, value in data.items() if name not in LABEL_FIELDS})
                    if sample.id in ids:
                        raise RecordError("id", "is that of an earlier line, which is the one that is judged.")
                except RecordError as error:
                    self.refused.append((number, error))
                    continue
                ids.add(sample.id)
                yield sample
