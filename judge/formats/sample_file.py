"""A file of samples to judge: sample lines as they are imported, or lines of a release without looking at labels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .json_line import RecordError, decode_line
from .release_line import LABEL_FIELDS
from .sample_line import SampleRecord, parse_sample


@dataclass(slots=True)
class SampleLines:
    """Reads the samples of a file; pictures lie beside it. What cannot be read is kept in ``refused``, by line."""

    path: Path
    refused: list[tuple[int, RecordError]] = field(default_factory=list)

    def count(self) -> int:
        """Return how many lines have something on them."""
        with self.path.open("rb") as file:
            return sum(bool(raw.strip()) for raw in file)

    def __iter__(self) -> Iterator[SampleRecord]:
        self.refused.clear()
        seen: set[str] = set()
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.strip():
                    continue
                try:
                    data = decode_line(raw)
                    sample = parse_sample({name: value for name, value in data.items() if name not in LABEL_FIELDS})
                    if sample.id in seen:
                        raise RecordError("id", "is that of an earlier line, which is the one that is judged.")
                except RecordError as error:
                    self.refused.append((number, error))
                    continue
                seen.add(sample.id)
                yield sample
