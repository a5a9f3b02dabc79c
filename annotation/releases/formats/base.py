"""What every format is given and what it gives back: a sample at a time in, files and notes out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from annotation.releases.output_folder import OutputFolder, picture_path
from annotation.releases.record import FrozenRecord, ReleaseFacts
from judge.formats.sample_line import Image, SampleTurn, TextPart

from .sample_line import sample_line

PARTS = ("train", "test")
# Readers that break lines as Python's splitlines does would otherwise cut a line of JSON in two.
BREAKS = ("\x85", "\u2028", "\u2029")
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class RenderingOptions:
    """What is true of all files of one rendering."""

    facts: ReleaseFacts
    with_generator: bool
    with_metadata: bool


class SampleEntry:
    """One sample on its way into the files; what several formats need of it is made once."""

    def __init__(self, record: FrozenRecord, options: RenderingOptions) -> None:
        self.record = record
        self._options = options

    @cached_property
    def pictures(self) -> list[str]:
        """Paths of the pictures in the release's folder, in the record's order."""
        return [picture_path(picture) for picture in self.record["pictures"]]

    @cached_property
    def line(self) -> dict[str, Any]:
        """The sample line with the fields of a release."""
        options = self._options
        return sample_line(
            self.record,
            options.facts,
            self.pictures,
            with_generator=options.with_generator,
            with_metadata=options.with_metadata,
        )

    @cached_property
    def turns(self) -> list[SampleTurn]:
        """What was judged, as a judge is shown it."""
        return [
            SampleTurn(
                str(turn.get("question") or ""),
                [
                    Image(self.pictures[block["picture"]], "") if "picture" in block else TextPart(block["text"])
                    for block in turn["blocks"]
                ],
                bool(turn.get("context")),
            )
            for turn in self.record["turns"]
        ]

    @property
    def part(self) -> str:
        """Its part; calibration samples, which no training may see, are a part of their own."""
        return "calibration" if self.record["calibration"] else self.record["part"]


class ReleaseWriter(Protocol):
    """Writes one format, a sample at a time."""

    def add(self, entry: SampleEntry) -> None: ...

    def finish(self) -> list[str]:
        """Close all files, and say of this release what could not be carried."""


@dataclass(frozen=True, slots=True)
class LoadingPattern:
    """How `datasets.load_dataset` finds the files of a format: the pattern for a part, and its columns' types."""

    pattern: str
    """With ``{part}`` in the place of the part's name."""
    features: Any


@dataclass(frozen=True, slots=True)
class ReleaseFormat:
    """One kind of files: its name, what people are told of it, and who writes it."""

    name: str
    title: str
    sentence: str
    leaves_out: str
    """What it cannot carry, whatever the release; empty where it carries all."""
    use: str
    """How to read it, for the card."""
    writer: Callable[[RenderingOptions, OutputFolder], ReleaseWriter]
    refers_to_pictures: bool = True
    """Whether its lines name files under ``images/``."""
    loading: Callable[[RenderingOptions], LoadingPattern] | None = None


def json_text(value: Any) -> str:
    """Return a value as JSON on one line, readable as it is, in the order of its keys."""
    text = _encoder.encode(value)
    for letter in BREAKS:
        if letter in text:
            text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


class JsonLinesWriter:
    """Files of one JSON object a line, one per part; a part beside train and test is there if it has a sample."""

    def __init__(self, output: OutputFolder, pattern: str) -> None:
        self._output = output
        self._pattern = pattern
        self._files = {part: output.create(pattern.format(part=part)) for part in PARTS}

    def add(self, part: str, value: Any) -> None:
        if part not in self._files:
            self._files[part] = self._output.create(self._pattern.format(part=part))
        self._files[part].write(json_text(value).encode() + b"\n")

    def close(self) -> None:
        for file in self._files.values():
            file.close()


class JsonListWriter:
    """Files of one JSON list each, an element a line, one per part as in `JsonLines`."""

    def __init__(self, output: OutputFolder, pattern: str) -> None:
        self._output = output
        self._pattern = pattern
        self._files = {part: output.create(pattern.format(part=part)) for part in PARTS}
        self._begun: set[str] = set()

    @property
    def parts(self) -> Iterator[str]:
        return iter(self._files)

    def add(self, part: str, value: Any) -> None:
        if part not in self._files:
            self._files[part] = self._output.create(self._pattern.format(part=part))
        self._files[part].write((b",\n" if part in self._begun else b"[\n") + json_text(value).encode())
        self._begun.add(part)

    def close(self) -> None:
        for part, file in self._files.items():
            file.write(b"\n]\n" if part in self._begun else b"[]\n")
            file.close()


def count_note(count: int, one: str, many: str) -> list[str]:
    """Return a note about ``count`` samples, or none where there are none."""
    return [f"{count:,} {one if count == 1 else many}"] if count else []
