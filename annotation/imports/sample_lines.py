"""Interprets sample lines by a rubric: digest, question and labels."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from annotation.core.rubric_cache import RubricDefinition
from judge.formats.json_line import RecordError, quote_value
from judge.formats.sample_line import SampleRecord, TextPart
from judge.missing_sides import LockedDimension, locked_dimensions


@dataclass(slots=True)
class IncomingSample:
    """A sample line with what follows from it, before it is stored."""

    line: int
    record: SampleRecord
    sha256: list[str] = field(default_factory=list)
    labels: dict[str, float] | None = None
    locked: dict[str, LockedDimension] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    turns_text: str = ""
    metadata_text: str = ""
    digest: str = ""
    question_key: str = ""
    by_rule: bool = False

    @property
    def decided(self) -> bool:
        """Whether nobody has to score it."""
        return self.by_rule or self.labels is not None


def interpret_line(incoming: IncomingSample, rubric: RubricDefinition) -> None:
    """Fill in what follows from the line and the rubric.

    The digests of its pictures must be known by then.

    Raises:
        RecordError: the labels do not fit the rubric.
    """
    record = incoming.record
    incoming.locked = locked_dimensions(rubric.dimensions, has_text=record.has_text, has_image=record.has_image)
    incoming.by_rule = len(incoming.locked) == len(rubric.dimensions)
    if record.labels is not None:
        incoming.labels = _check_labels(record.labels, incoming.locked, rubric)
    incoming.turns = _turns(record)
    incoming.question_key = record.question_id or _question_key(record)
    incoming.turns_text = _encode_json(incoming.turns)
    incoming.metadata_text = _encode_json(record.metadata) if record.metadata else "{}"
    described = (
        incoming.question_key,
        record.generator,
        record.domain,
        record.category,
        record.topic,
        record.language,
        incoming.labels,
        incoming.sha256,
    )
    digest = hashlib.sha256(_encode_json(described).encode())
    digest.update(incoming.turns_text.encode())
    digest.update(incoming.metadata_text.encode())
    incoming.digest = digest.hexdigest()


_encode_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False, allow_nan=False).encode


def _turns(record: SampleRecord) -> list[dict[str, Any]]:
    position = 0
    turns: list[dict[str, Any]] = []
    for turn in record.turns:
        blocks: list[dict[str, Any]] = []
        for block in turn.blocks:
            if isinstance(block, TextPart):
                blocks.append({"text": block.text})
            else:
                blocks.append({"picture": position})
                position += 1
        turns.append({"question": turn.question, "context": turn.context, "blocks": blocks})
    return turns


def _question_key(record: SampleRecord) -> str:
    """Return a question's key by its words, ignoring how they are spaced.

    The same question has the same key everywhere.
    """
    words = "\n".join(" ".join(turn.question.split()) for turn in record.turns)
    return "text:" + hashlib.sha256(words.encode()).hexdigest()[:32]


def _check_labels(
    labels: list[float | None] | dict[str, float | None],
    locked: dict[str, LockedDimension],
    rubric: RubricDefinition,
) -> dict[str, float]:
    """Return the labels by dimension, checked against the rubric.

    Those that follow from a missing side are left to the rule.
    """
    keys = [dimension.key for dimension in rubric.dimensions]
    if isinstance(labels, list):
        if len(labels) != len(keys):
            raise RecordError("labels", f"has {len(labels)} values; the rubric has {len(keys)}: {', '.join(keys)}.")
        labels = dict(zip(keys, labels, strict=True))
    for key in labels:
        if key not in keys:
            raise RecordError("labels", f"names {quote_value(key)}; the rubric's dimensions are {', '.join(keys)}.")
    checked = {}
    for dimension in rubric.dimensions:
        at = f"labels.{dimension.key}"
        value = labels.get(dimension.key)
        if dimension.key in locked:
            rule = locked[dimension.key]
            if value is not None and value != rule.value:
                raise RecordError(at, f"is {value:g}; {describe_rule(rule)}. Leave it out, or add what is missing.")
        elif value is None:
            raise RecordError(at, "is missing; labels need a value on every dimension.")
        elif value not in dimension.level_of:
            levels = ", ".join(f"{level.value:g}" for level in dimension.levels)
            raise RecordError(at, f"is {quote_value(value)}, which is no level; the levels are {levels}.")
        else:
            checked[dimension.key] = float(value)
    return checked


def describe_rule(rule: LockedDimension) -> str:
    """Return in words what a missing side makes of a dimension."""
    side = {"no_text": "a text", "no_image": "an image", "no_text_no_image": "a text and an image"}[rule.why]
    result = "not applicable" if rule.value is None else f"{rule.value:g}"
    return f"without {side} this dimension is {result} by rule"
