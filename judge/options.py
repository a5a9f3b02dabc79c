"""Parses the options of backends: dataclasses of simple types with defaults."""

import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

Options = TypeVar("Options")


class OptionError(ValueError):
    """An unknown option, or an impossible value."""


def parse_options(kind: type[Options], data: Mapping[str, Any]) -> Options:
    """Return options with the given values, else defaults.

    Raises:
        OptionError: naming the option.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    hints = typing.get_type_hints(kind)
    for name, value in data.items():
        if name not in names:
            raise OptionError(f"{name} is no option of this backend; they are {', '.join(names)}.")
        if not _has_type(value, hints[name]):
            raise OptionError(f"{name} is {value!r}; it must be {_type_name(hints[name])}.")
    return kind(**{name: float(value) if hints[name] is float else value for name, value in data.items()})


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return the ``name=value`` settings of a command line.

    A value is TOML, or else a text as it stands.

    Raises:
        OptionError: one has no name.
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"{setting!r} is no setting; write name=value.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text.strip()
        parsed[name.strip()] = value
    return parsed


def _has_type(value: Any, hint: Any) -> bool:
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(str, typing.get_args(hint)))
    return {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[hint]
