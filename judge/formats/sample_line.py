"""Reads sample lines: turns of a question and its blocks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .json_line import NULL, RecordError, describe_type, parse_name, quote_value, refuse_unknown_fields

FLAT_FIELDS = ("question", "answer", "image", "images")
LONGEST = {"generator": 120, "domain": 120, "category": 120, "topic": 120, "language": 40}
FIELDS = frozenset({"id", "question_id", "turns", "metadata", "labels", *FLAT_FIELDS, *LONGEST})
TURN_FIELDS = frozenset({"question", "blocks", "context"})
BLOCK_FIELDS = frozenset({"text", "image"})
LONGEST_NAME = 200
LONGEST_PATH = 300
MAX_PICTURES = 100


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by its path in the picture folder.

    ``field`` is where the line names it.
    """

    path: str
    field: str


@dataclass(slots=True)
class SampleTurn:
    """A question and its blocks.

    A ``context`` turn is shown and not scored.
    """

    question: str
    blocks: list[TextPart | Image]
    context: bool = False


@dataclass(slots=True)
class SampleRecord:
    """A sample as its line gives it, normalised.

    ``labels`` are as written, for a rubric to interpret.
    """

    id: str
    turns: list[SampleTurn]
    question_id: str = ""
    generator: str = ""
    domain: str = ""
    category: str = ""
    topic: str = ""
    language: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    labels: list[float | None] | dict[str, float | None] | None = None

    @property
    def has_text(self) -> bool:
        """Whether a judged turn is answered by a text."""
        return any(isinstance(block, TextPart) for turn in self.turns if not turn.context for block in turn.blocks)

    @property
    def has_image(self) -> bool:
        """Whether a judged turn is answered by a picture."""
        return any(isinstance(block, Image) for turn in self.turns if not turn.context for block in turn.blocks)

    @property
    def images(self) -> list[Image]:
        return [block for turn in self.turns for block in turn.blocks if isinstance(block, Image)]


def parse_sample(data: Mapping[str, Any]) -> SampleRecord:
    """Return the sample of a line's object, checked and normalised.

    Raises:
        RecordError: naming the first field that cannot be taken.
    """
    refuse_unknown_fields(data, FIELDS)
    record = SampleRecord(id=parse_name(data, "id", LONGEST_NAME), turns=_parse_turns(data))
    if data.get("question_id") not in (None, "", NULL):
        record.question_id = parse_name(data, "question_id", LONGEST_NAME)
    for name, longest in LONGEST.items():
        value = data.get(name)
        if value is not None:
            if not isinstance(value, str):
                raise RecordError(name, f"is {describe_type(value)}; write a text or leave it out.")
            if len(value) > longest:
                raise RecordError(name, f"has {len(value):,} characters; at most {longest} are possible.")
            setattr(record, name, value)
    metadata = data.get("metadata")
    if metadata is not None:
        if not isinstance(metadata, dict):
            raise RecordError("metadata", f"is {describe_type(metadata)}; write an object or leave it out.")
        _refuse_infinite(metadata, "metadata")
        record.metadata = metadata
    record.labels = _check_labels(data.get("labels"))
    return record


def _parse_turns(data: Mapping[str, Any]) -> list[SampleTurn]:
    entries = data.get("turns")
    if entries is None:
        return [_parse_flat_turn(data)]
    for name in FLAT_FIELDS:
        if data.get(name) is not None:
            raise RecordError(name, "is given beside turns, which replaces it; keep one of the two.")
    if not isinstance(entries, list) or not entries:
        raise RecordError("turns", "must be a list of at least one {question, blocks}.")
    turns = [_parse_turn(turn, f"turns[{index}]") for index, turn in enumerate(entries)]
    if all(turn.context for turn in turns):
        raise RecordError("turns", "are all context; at least one must be there to be judged.")
    if not any(turn.question for turn in turns):
        raise RecordError("turns[0].question", "is missing; no turn has a question.")
    _refuse_too_many(turns, "turns")
    return turns


def _parse_flat_turn(data: Mapping[str, Any]) -> SampleTurn:
    question = _parse_side(data.get("question"), "question")
    if question is None:
        raise RecordError("question", "is missing; write the question that was answered.")
    blocks: list[TextPart | Image] = []
    answer = _parse_side(data.get("answer"), "answer")
    if answer is not None:
        blocks.append(TextPart(answer))
    image = _parse_path(data.get("image"), "image")
    images = data.get("images")
    if images is None or images == NULL or images == "":
        images = []
    if not isinstance(images, list):
        raise RecordError("images", f"is {describe_type(images)}; write a list of paths.")
    paths = [_parse_path(path, f"images[{index}]") for index, path in enumerate(images)]
    listed = [path for path in paths if path is not None]
    if image is not None and listed:
        raise RecordError("images", "is given beside image; keep one of the two.")
    blocks += [image] if image is not None else listed
    turn = SampleTurn(question, blocks)
    _refuse_too_many([turn], "images")
    return turn


def _parse_turn(data: Any, location: str) -> SampleTurn:
    if not isinstance(data, dict):
        raise RecordError(location, f"is {describe_type(data)}; write an object with question and blocks.")
    refuse_unknown_fields(data, TURN_FIELDS, location)
    context = data.get("context")
    if context is not None and not isinstance(context, bool):
        raise RecordError(f"{location}.context", f"is {quote_value(context)}; write true or false.")
    entries = data.get("blocks")
    if entries is None:
        entries = []
    if not isinstance(entries, list):
        raise RecordError(f"{location}.blocks", f"is {describe_type(entries)}; write a list of {{text}} and {{image}}.")
    blocks: list[TextPart | Image] = []
    for index, block in enumerate(entries):
        place = f"{location}.blocks[{index}]"
        if not isinstance(block, dict) or len(block) != 1:
            raise RecordError(place, "must be an object with either text or image.")
        refuse_unknown_fields(block, BLOCK_FIELDS, place)
        if "text" in block:
            text = _parse_side(block["text"], f"{place}.text")
            if text is not None:
                blocks.append(TextPart(text))
        else:
            path = _parse_path(block["image"], f"{place}.image")
            if path is not None:
                blocks.append(path)
    return SampleTurn(_parse_side(data.get("question"), f"{location}.question") or "", blocks, bool(context))


def _parse_side(value: Any, location: str) -> str | None:
    """Return a text, or None where this side is missing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordError(location, f"is {describe_type(value)}; write a text, or null where there is none.")
    stripped = value.strip()
    return None if not stripped or stripped == NULL else value


def _parse_path(value: Any, location: str) -> Image | None:
    path = _parse_side(value, location)
    if path is None:
        return None
    if len(path) > LONGEST_PATH:
        raise RecordError(location, f"has {len(path):,} characters; at most {LONGEST_PATH} are possible for a path.")
    return Image(path, location)


def _refuse_too_many(turns: list[SampleTurn], location: str) -> None:
    if sum(len(turn.blocks) for turn in turns) <= MAX_PICTURES:
        return
    count = sum(isinstance(block, Image) for turn in turns for block in turn.blocks)
    if count > MAX_PICTURES:
        raise RecordError(location, f"name {count} pictures; a sample can have {MAX_PICTURES}.")


def _check_labels(value: Any) -> list[float | None] | dict[str, float | None] | None:
    if value is None:
        return None
    if not isinstance(value, list | dict):
        raise RecordError(
            "labels", f"is {describe_type(value)}; write a list of values, or an object from dimension to value."
        )
    for label in value.values() if isinstance(value, dict) else value:
        if label is not None and (isinstance(label, bool) or not isinstance(label, int | float)):
            raise RecordError("labels", f"holds {quote_value(label)}; write numbers.")
    return value


def _refuse_infinite(value: Any, location: str) -> None:
    """Raise `RecordError` for infinite numbers, as 1e999.

    JSON can write them, and no JSON column can hold them.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(location, "holds a number that is too large.")
    elif isinstance(value, dict):
        for name, part in value.items():
            _refuse_infinite(part, f"{location}.{name}"[:200])
    elif isinstance(value, list):
        for part in value:
            _refuse_infinite(part, location)
