"""Reads and writes the labelled lines of a release."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .json_line import RecordError, decode_line, describe_type, quote_value
from .rubric import RubricDimension, RubricSpec, parse_rubric
from .sample_line import LONGEST, SampleRecord, TextPart, parse_sample

Part = Literal["train", "test"]
PARTS: tuple[Part, ...] = ("train", "test")
LABEL_FIELDS = frozenset(
    {"part", "calibration", "final", "histogram", "mean", "outcome", "label_origin", "annotators", "rubric"}
)
# Of these nothing says that a judge was looked at before they were given.
BLIND = frozenset({"blind", "imported", ""})


@dataclass(slots=True)
class LabelledSample:
    """A sample and its labels by dimension.

    A dimension without a value is left out of them.
    """

    sample: SampleRecord
    part: Part
    calibration: bool
    """Kept from training, so that intervals can be measured on it."""
    final: dict[str, float]
    histogram: dict[str, list[int]]
    """Independent blind ratings per level, in the rubric's order; all nothing where there were none."""
    mean: dict[str, float]
    label_origin: str


class ReleaseFolder:
    """The folder of a release in the format ``jsonl``.

    It holds the rubric and the labelled lines of both parts.

    Raises:
        FileNotFoundError: the folder has no rubric, or not both parts.
        RubricError: the rubric cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rubric: RubricSpec = parse_rubric(self._file("rubric.toml").read_bytes())
        for part in PARTS:
            self._file(f"{part}.jsonl")

    def samples(self, part: Part) -> Iterator[LabelledSample]:
        """Yield the samples of a part in their order.

        Raises:
            RecordError: naming the file, the line and the field that cannot be taken.
        """
        name = f"{part}.jsonl"
        with self._file(name).open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.strip():
                    continue
                try:
                    yield parse_labelled(decode_line(raw), self.rubric)
                except RecordError as error:
                    raise RecordError(f"{name}:{number}: {error.field}".rstrip(": "), error.message) from None

    def checksum(self) -> str:
        """Return the SHA-256 of the manifest, else of the lines.

        The manifest names every file with its own checksum.
        """
        manifest = self.folder / "manifest.json"
        names = ["manifest.json"] if manifest.exists() else ["rubric.toml", *(f"{part}.jsonl" for part in PARTS)]
        digest = hashlib.sha256()
        for name in names:
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    def name(self) -> str:
        """Return the release's name as its manifest gives it, or the folder's."""
        try:
            return str(json.loads((self.folder / "manifest.json").read_text())["release"]["name"])
        except (OSError, ValueError, KeyError, TypeError):
            return self.folder.name

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(f"{self.folder} has no {name}; name the folder of a release in the format jsonl.")
        return path


def question_key(labelled: LabelledSample) -> str:
    """Return the key of a labelled sample's question.

    It is its id where it has one, else its words.
    """
    return question_of_record(labelled.sample)


def question_of_record(sample: SampleRecord) -> str:
    """Return the key of a sample's question; see `question_key`."""
    return sample.question_id or "\n".join(turn.question for turn in sample.turns)


def parse_labelled(data: Mapping[str, Any], rubric: RubricSpec) -> LabelledSample:
    """Return the labelled sample of a line's object, checked.

    Raises:
        RecordError: naming the first field that cannot be taken.
    """
    sample = parse_sample({name: value for name, value in data.items() if name not in LABEL_FIELDS})
    part = data.get("part")
    if part not in PARTS:
        raise RecordError("part", f"is {quote_value(part)}; it is train or test in a release.")
    dimensions = {dimension.key: dimension for dimension in rubric.dimensions}
    return LabelledSample(
        sample=sample,
        part=part,
        calibration=data.get("calibration") is True,
        final={key: _parse_level(value, dimensions[key]) for key, value in _iter_dimensions(data, "final", dimensions)},
        histogram={
            key: _parse_counts(value, dimensions[key]) for key, value in _iter_dimensions(data, "histogram", dimensions)
        },
        mean={key: _parse_mean(value, dimensions[key]) for key, value in _iter_dimensions(data, "mean", dimensions)},
        label_origin=str(data.get("label_origin") or ""),
    )


def format_labelled_line(labelled: LabelledSample) -> str:
    """Return a labelled sample as a line without its end.

    Reading it gives the same sample.
    """
    sample = labelled.sample
    fields = {name: getattr(sample, name) for name in ("id", "question_id", *LONGEST) if getattr(sample, name)}
    turns = [
        {
            "question": turn.question,
            "blocks": [
                {"text": block.text} if isinstance(block, TextPart) else {"image": block.path} for block in turn.blocks
            ],
            "context": turn.context,
        }
        for turn in sample.turns
    ]
    metadata = {"metadata": sample.metadata} if sample.metadata else {}
    labels = {name: getattr(labelled, name) for name in LABEL_FIELDS if hasattr(labelled, name)}
    return json.dumps(fields | {"turns": turns} | metadata | labels, ensure_ascii=False)


def _iter_dimensions(
    data: Mapping[str, Any], field: str, dimensions: Mapping[str, RubricDimension]
) -> Iterator[tuple[str, Any]]:
    values = data.get(field)
    if values is None:
        return
    if not isinstance(values, dict):
        raise RecordError(field, f"is {describe_type(values)}; write an object from dimension to value.")
    for key, value in values.items():
        if key not in dimensions:
            raise RecordError(f"{field}.{key}"[:200], f"is no dimension; they are {', '.join(dimensions)}.")
        if value is not None:
            yield key, value


def _parse_level(value: Any, dimension: RubricDimension) -> float:
    if isinstance(value, bool) or value not in dimension.values:
        raise RecordError(f"final.{dimension.key}", f"is {quote_value(value)}, which is none of the levels.")
    return float(value)


def _parse_counts(value: Any, dimension: RubricDimension) -> list[int]:
    size = len(dimension.levels)
    if (
        not isinstance(value, list)
        or len(value) != size
        or not all(type(count) is int and count >= 0 for count in value)
    ):
        raise RecordError(f"histogram.{dimension.key}", f"must be a list of {size} counts, one for each level.")
    return list(value)


def _parse_mean(value: Any, dimension: RubricDimension) -> float:
    low, high = dimension.values[0], dimension.values[-1]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RecordError(f"mean.{dimension.key}", f"is {quote_value(value)}; it lies between {low:g} and {high:g}.")
    return float(value)
