"""Options of a backend: dataclasses whose fields presets and the command line set, checked by their types."""

import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

Options = TypeVar("Options")


class OptionError(ValueError):
    """An option that does not exist, or a value that it cannot have."""


def options_from(kind: type[Options], data: Mapping[str, Any]) -> Options:
    """Return the options that data set, the others as they are by default.

    Raises:
        OptionError: naming the option.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(kind)
    for name, value in data.items():
        if name not in known:
            raise OptionError(f"{name} is no option of this backend; they are {', '.join(known)}.")
        if not _fits(value, hints[name]):
            raise OptionError(f"{name} is {value!r}; it must be {_named(hints[name])}.")
    missing = [name for name, field in known.items() if field.default is MISSING and name not in data]
    if missing:
        raise OptionError(f"{missing[0]} has no default; give it with --set {missing[0]}=…")
    return kind(**{name: _as(value, hints[name]) for name, value in data.items()})


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return ``name=value`` settings of a command line; a value is TOML, or else a text as it stands.

    Raises:
        OptionError: one has no name.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"{setting!r} is no setting; write name=value.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        found[name.strip()] = value
    return found


def _fits(value: Any, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in typing.get_args(hint))
    if origin in (tuple, list):
        return isinstance(value, list | tuple) and all(_fits(one, typing.get_args(hint)[0]) for one in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _as(value: Any, hint: Any) -> Any:
    if hint is float:
        return float(value)
    return tuple(value) if typing.get_origin(hint) is tuple else value


def _named(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(str, typing.get_args(hint)))
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(hint, f"of the kind {hint}")
