"""Writes the YAML at the head of a dataset card.

It knows lists, mappings and quoted texts, no more of the language than that.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

# What YAML takes for no text, or not for part of a line.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def render_front_matter(value: dict[str, Any]) -> str:
    """Return a mapping as a YAML block between two rules."""
    return "\n".join(["---", *_mapping(value), "---", ""])


def _mapping(value: dict[str, Any]) -> Iterator[str]:
    for name, part in value.items():
        if isinstance(part, dict | list) and part:
            yield f"{_scalar(name)}:"
            lines = _mapping(part) if isinstance(part, dict) else _sequence(part)
            yield from (f"  {line}" for line in lines)
        else:
            yield f"{_scalar(name)}: {_scalar(part)}"


def _sequence(value: list[Any]) -> Iterator[str]:
    for part in value:
        if isinstance(part, dict | list) and part:
            for number, line in enumerate(_mapping(part) if isinstance(part, dict) else _sequence(part)):
                yield f"{'  ' if number else '- '}{line}"
        else:
            yield f"- {_scalar(part)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        return UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))
    # Words that YAML takes for something else than a text.
    if isinstance(value, str) and value not in {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}:
        return value
    return json.dumps(value)
