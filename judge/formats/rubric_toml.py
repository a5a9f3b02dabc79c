"""Writes a rubric as TOML.

`judge.formats.rubric.parse_rubric` reads it back as the same rubric.
"""

import re
from collections.abc import Iterator

from .rubric import NOT_APPLICABLE, SIDES, RubricDimension, RubricSpec

# What a basic string of TOML may not hold as it is.
ESCAPED = re.compile('["\\\\\\x00-\\x1f\\x7f]')
SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def to_toml(rubric: RubricSpec) -> str:
    """Return the rubric's TOML text, without empty fields."""
    return "\n".join(_rubric_lines(rubric)) + "\n"


def _rubric_lines(rubric: RubricSpec) -> Iterator[str]:
    yield f"key = {_quote_text(rubric.key)}"
    yield f"title = {_quote_text(rubric.title)}"
    if rubric.description:
        yield f"description = {_quote_text(rubric.description)}"
    for dimension in rubric.dimensions:
        yield ""
        yield "[[dimensions]]"
        yield from _dimension_lines(dimension)


def _dimension_lines(dimension: RubricDimension) -> Iterator[str]:
    yield f"key = {_quote_text(dimension.key)}"
    yield f"name = {_quote_text(dimension.name)}"
    if dimension.description:
        yield f"description = {_quote_text(dimension.description)}"
    needs = [_quote_text(side) for side in SIDES if getattr(dimension, f"needs_{side}")]
    yield f"needs = [{', '.join(needs)}]"
    yield f"levels = [{', '.join(_format_number(value) for value in dimension.values)}]"
    missing = dimension.missing_value
    yield f"missing = {_quote_text(NOT_APPLICABLE) if missing is None else _format_number(missing)}"
    if any(level.label for level in dimension.levels):
        yield f"labels = [{', '.join(_quote_text(level.label) for level in dimension.levels)}]"
    if any(level.anchor for level in dimension.levels):
        yield "anchors = ["
        for level in dimension.levels:
            yield f"    {_quote_text(level.anchor)},"
        yield "]"


def _quote_text(value: str) -> str:
    return '"' + ESCAPED.sub(lambda match: SHORT.get(match[0], f"\\u{ord(match[0]):04x}"), value) + '"'


def _format_number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
