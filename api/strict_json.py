"""Reading JSON that somebody sent: what is ambiguous or cannot be stored is refused, not repaired."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from annotation.core.errors import BadInput

MAX_DEPTH = 20
# Only an escape can bring a NUL or half a character pair into a string: raw ones are no JSON or no UTF-8.
_SUSPICIOUS_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _Repeating(dict[str, Any]):
    """An object in which a key was given twice."""

    key: str


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``.

    Raises:
        BadInput: it is no JSON, no object, repeats a key, nests too deep, or holds NaN, an infinite number or
            characters that cannot be stored.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg}, line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        # A number of thousands of digits, NaN and the like.
        raise _malformed(str(error) if isinstance(error, _BadNumberError) else "a number is too long") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise _too_deep()
    for path, item in _walk(value):
        if isinstance(item, _Repeating):
            raise _refused(path, item.key, "Given twice.")
    if _SUSPICIOUS_ESCAPE.search(text):
        _check_characters(value)
    if not isinstance(value, dict):
        raise BadInput("The request body must be a JSON object.", fields={"body": f"An object, not {kind_of(value)}."})
    return value


def kind_of(value: Any) -> str:
    """Name the JSON type of a value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


class _BadNumberError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    repeating = _Repeating(made)
    for key, _ in pairs:
        if key in seen:
            repeating.key = key
            break
        seen.add(key)
    return repeating


def _refuse_constant(name: str) -> NoReturn:
    raise _BadNumberError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _BadNumberError(f"{digits[:20]} is out of range")
    return value


def _children(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}" if path else key, item
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield f"{path}.{place}" if path else str(place), item


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    waiting = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, (dict, list)):
            yield path, item
            waiting.extend(_children(path, item))
        elif isinstance(item, str):
            yield path, item


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(1, value)]
    while waiting:
        depth, item = waiting.pop()
        if isinstance(item, (dict, list)):
            deepest = max(deepest, depth)
            waiting.extend((depth + 1, child) for _, child in _children("", item))
    return deepest


def _check_characters(value: Any) -> None:
    for path, item in _walk(value):
        texts = [item] if isinstance(item, str) else list(item) if isinstance(item, dict) else []
        for text in texts:
            if isinstance(text, str) and _UNSTORABLE.search(text):
                raise _refused(path, "" if text is item else text, "Holds a character that cannot be stored.")


def _refused(path: str, key: str, why: str) -> BadInput:
    field = ".".join(part for part in (path, key) if part) or "body"
    # The name itself goes back to the sender, and must be something that can be sent.
    field = _UNSTORABLE.sub("�", field)[:200]
    return BadInput(f"{field}: {why}", fields={field: why})


def _malformed(why: str) -> BadInput:
    return BadInput(f"The request body cannot be read: {why}.", code="malformed", fields={"body": "Malformed."})


def _too_deep() -> BadInput:
    return BadInput("The request body nests too deep.", code="malformed", fields={"body": "Nests too deep."})
