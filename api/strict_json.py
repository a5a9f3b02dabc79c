"""Parses JSON strictly: ambiguous or unstorable input is rejected, not repaired."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from annotation.core.errors import BadInput

MAX_DEPTH = 20
# Only an escape can bring a NUL or half a character pair into a string: raw ones are no JSON or no UTF-8.
_SUSPICIOUS_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _ObjectWithRepeatedKey(dict[str, Any]):
    """An object in which a key occurs twice."""

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
        raise _build_malformed_error("it is not UTF-8") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_build_object, parse_constant=_refuse_constant, parse_float=_parse_finite
        )
    except RecursionError:
        raise _build_depth_error() from None
    except json.JSONDecodeError as error:
        raise _build_malformed_error(f"{error.msg}, line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        # A number of thousands of digits, NaN and the like.
        raise _build_malformed_error(
            str(error) if isinstance(error, _BadNumberError) else "a number is too long"
        ) from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _measure_depth(value) > MAX_DEPTH:
        raise _build_depth_error()
    for path, item in _walk_values(value):
        if isinstance(item, _ObjectWithRepeatedKey):
            raise _build_field_error(path, item.key, "Given twice.")
    if _SUSPICIOUS_ESCAPE.search(text):
        _check_characters(value)
    if not isinstance(value, dict):
        raise BadInput(
            "The request body must be a JSON object.", fields={"body": f"An object, not {json_type_name(value)}."}
        )
    return value


def json_type_name(value: Any) -> str:
    """Return the name of a value's JSON type, with its article."""
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


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    repeating = _ObjectWithRepeatedKey(result)
    for key, _ in pairs:
        if key in seen:
            repeating.key = key
            break
        seen.add(key)
    return repeating


def _refuse_constant(name: str) -> NoReturn:
    raise _BadNumberError(f"{name} is no number of JSON")


def _parse_finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _BadNumberError(f"{digits[:20]} is out of range")
    return value


def _iterate_children(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}" if path else key, item
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{path}.{index}" if path else str(index), item


def _walk_values(value: Any) -> Iterator[tuple[str, Any]]:
    pending = [("", value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, (dict, list)):
            yield path, item
            pending.extend(_iterate_children(path, item))
        elif isinstance(item, str):
            yield path, item


def _measure_depth(value: Any) -> int:
    deepest, pending = 0, [(1, value)]
    while pending:
        depth, item = pending.pop()
        if isinstance(item, (dict, list)):
            deepest = max(deepest, depth)
            pending.extend((depth + 1, child) for _, child in _iterate_children("", item))
    return deepest


def _check_characters(value: Any) -> None:
    for path, item in _walk_values(value):
        texts = [item] if isinstance(item, str) else list(item) if isinstance(item, dict) else []
        for text in texts:
            if isinstance(text, str) and _UNSTORABLE.search(text):
                raise _build_field_error(path, "" if text is item else text, "Holds a character that cannot be stored.")


def _build_field_error(path: str, key: str, why: str) -> BadInput:
    field = ".".join(part for part in (path, key) if part) or "body"
    # The name itself goes back to the sender, and must be something that can be sent.
    field = _UNSTORABLE.sub("�", field)[:200]
    return BadInput(f"{field}: {why}", fields={field: why})


def _build_malformed_error(why: str) -> BadInput:
    return BadInput(f"The request body cannot be read: {why}.", code="malformed", fields={"body": "Malformed."})


def _build_depth_error() -> BadInput:
    return BadInput("The request body nests too deep.", code="malformed", fields={"body": "Nests too deep."})
