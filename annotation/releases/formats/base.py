"""Defines the interface of release formats: samples in one by one, files and notes out."""

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
# Escaped, as readers that split lines like Python's splitlines would cut a line of JSON in two.
LINE_SEPARATORS = ("\x85", "\u2028", "\u2029")
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class RenderingOptions:
    """The options of all files of one rendering."""

    facts: ReleaseFacts
    with_generator: bool
    with_metadata: bool


class SampleEntry:
    """One sample to be written; what several formats need is computed once."""

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
        """The turns as a judge is shown them."""
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
        """The part; calibration samples, which are not for training, are a part of their own."""
        return "calibration" if self.record["calibration"] else self.record["part"]


class ReleaseWriter(Protocol):
    """A writer of one format, a sample at a time."""

    def add(self, entry: SampleEntry) -> None: ...

    def finish(self) -> list[str]:
        """Close all files, and return notes on what could not be carried."""


@dataclass(frozen=True, slots=True)
class LoadingPattern:
    """How `datasets.load_dataset` finds the files of a format.

    ``pattern`` is that of a part, ``features`` are the types of its columns.
    """

    pattern: str
    """With ``{part}`` in the place of the part's name."""
    features: Any


@dataclass(frozen=True, slots=True)
class ReleaseFormat:
    """One format: its name, its description for people, and its writer."""

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


def encode_json(value: Any) -> str:
    """Return a value as JSON on one line, in the order of its keys."""
    text = _encoder.encode(value)
    for separator in LINE_SEPARATORS:
        if separator in text:
            text = text.replace(separator, f"\\u{ord(separator):04x}")
    return text


class JsonLinesWriter:
    """Writes JSON Lines, a file per part.

    A part beside train and test has a file if it has a sample.
    """

    def __init__(self, output: OutputFolder, pattern: str) -> None:
        self._output = output
        self._pattern = pattern
        self._files = {part: output.create(pattern.format(part=part)) for part in PARTS}

    def add(self, part: str, value: Any) -> None:
        if part not in self._files:
            self._files[part] = self._output.create(self._pattern.format(part=part))
        self._files[part].write(encode_json(value).encode() + b"\n")

    def close(self) -> None:
        for file in self._files.values():
            file.close()


class JsonListWriter:
    """Writes JSON lists with an element a line, a file per part as in `JsonLinesWriter`."""

    def __init__(self, output: OutputFolder, pattern: str) -> None:
        self._output = output
        self._pattern = pattern
        self._files = {part: output.create(pattern.format(part=part)) for part in PARTS}
        self._started: set[str] = set()

    @property
    def parts(self) -> Iterator[str]:
        return iter(self._files)

    def add(self, part: str, value: Any) -> None:
        if part not in self._files:
            self._files[part] = self._output.create(self._pattern.format(part=part))
        self._files[part].write((b",\n" if part in self._started else b"[\n") + encode_json(value).encode())
        self._started.add(part)

    def close(self) -> None:
        for part, file in self._files.items():
            file.write(b"\n]\n" if part in self._started else b"[]\n")
            file.close()


def count_note(count: int, singular: str, plural: str) -> list[str]:
    """Return a note about ``count`` samples, or none for 0."""
    return [f"{count:,} {singular if count == 1 else plural}"] if count else []
