"""Builds the prompt of a judge, and the line of scores."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from .formats.rubric import RubricDimension, RubricSpec
from .formats.sample_line import Image, SampleTurn, TextPart

TASK = (
    "Below is a question that somebody asked a model, and what the model answered: texts, pictures, or both, in the "
    "order in which they were shown. Score the answer on every dimension listed here. Each dimension stands by itself: "
    "do not let one score move another."
)
CONTEXT = (
    "Earlier turns are marked as context. Read them to understand what follows; they are not part of what is scored."
)
FORM = "Reply with nothing but one line of JSON that gives a number for every dimension, like this:"
NO_ANSWER = "(The model answered with nothing.)"
NOT_APPLICABLE = "null, meaning that it does not apply"
VERSION = 1


def build_prompt(rubric: RubricSpec, turns: Iterable[SampleTurn]) -> list[TextPart | Image]:
    """Return the prompt about a sample: texts with pictures between them.

    No two texts follow each other.
    """
    turns = list(turns)
    parts: list[str | Image] = [_instructions(rubric, any(turn.context for turn in turns))]
    for number, turn in enumerate(turns, 1):
        parts += _turn_parts(turn, f" {number}" if len(turns) > 1 else "")
    return list(_join_texts(parts))


def format_answer(rubric: RubricSpec, values: Mapping[str, float | None]) -> str:
    """Return the line of scores in the rubric's order.

    It has null where a dimension is not applicable.
    """
    line = {dimension.key: _whole_if_integer(values.get(dimension.key)) for dimension in rubric.dimensions}
    return json.dumps(line)


def prompt_sha(rubric: RubricSpec) -> str:
    """Return the SHA-256 of the prompt's wording under a rubric."""
    words = build_prompt(rubric, _EVERY_CASE)
    text = json.dumps([VERSION, [part.text if isinstance(part, TextPart) else None for part in words]])
    return hashlib.sha256(text.encode()).hexdigest()


# Has every kind of turn and block, so that all of the wording is in its prompt.
_EVERY_CASE = (
    SampleTurn("q", [TextPart("a"), Image("i", "")], context=True),
    SampleTurn("", [TextPart("a"), TextPart("b")]),
    SampleTurn("q", []),
)


@lru_cache(maxsize=16)
def _instructions(rubric: RubricSpec, has_context: bool) -> str:
    return "\n".join(_instruction_lines(rubric, has_context=has_context))


def _instruction_lines(rubric: RubricSpec, *, has_context: bool) -> Iterator[str]:
    yield TASK
    if has_context:
        yield CONTEXT
    yield ""
    for dimension in rubric.dimensions:
        yield f"{dimension.key}: {dimension.name}"
        if dimension.description:
            yield dimension.description
        for level in dimension.levels:
            words = ". ".join(text.rstrip(".") for text in (level.label, level.anchor) if text)
            yield f"  {_format_number(level.value)}" + (f" = {words}" if words else "")
        if needed := _needed_sides(dimension):
            value = dimension.missing_value
            yield f"  Without {needed} it is {NOT_APPLICABLE if value is None else _format_number(value)}."
        yield ""
    yield FORM
    yield format_answer(rubric, {dimension.key: dimension.values[-1] for dimension in rubric.dimensions})


def _needed_sides(dimension: RubricDimension) -> str:
    sides = [name for name, needed in (("text", dimension.needs_text), ("picture", dimension.needs_image)) if needed]
    return "a " + " or without a ".join(sides) if sides else ""


def _turn_parts(turn: SampleTurn, number: str) -> Iterator[str | Image]:
    note = " (context)" if turn.context else ""
    if turn.question:
        yield f"\n\n## Question{number}{note}\n{turn.question}"
    yield f"\n\n## Answer{number}{note}"
    for block in turn.blocks:
        yield "\n"
        yield block.text if isinstance(block, TextPart) else block
    if not turn.blocks:
        yield f"\n{NO_ANSWER}"


def _join_texts(parts: Sequence[str | Image]) -> Iterator[TextPart | Image]:
    words: list[str] = []
    for part in parts:
        if isinstance(part, str):
            words.append(part)
            continue
        if words:
            yield TextPart("".join(words))
            words = []
        yield part
    if words:
        yield TextPart("".join(words))


def _format_number(value: float) -> str:
    return str(_whole_if_integer(value))


def _whole_if_integer(value: float | None) -> float | None:
    return value if value is None or not float(value).is_integer() else int(value)
