"""Fields that accept one JSON type each, without conversion."""

import math
import re
import uuid
from collections.abc import Container, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from api.strict_json import json_type_name

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


# Not a docstring: those of serializers are published with the schema, and this one would be inherited.
# It reads requests; nothing is saved through it.
class StrictSerializer(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        """Reject input that is no object or has unknown fields."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(f"An object, not {json_type_name(data)}.")
        unknown = find_unknown_names(data, self.fields)
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **unknown}) from None
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


@extend_schema_serializer(component_name="Nothing")
class EmptyRequestSerializer(StrictSerializer):
    """An empty object."""


def find_unknown_names(data: Mapping[str, Any], known: Container[str]) -> dict[str, str]:
    """Return an error for each name that is no field."""
    names = [name for name in data if name not in known]
    # They go back to the sender, and must be something that can be sent.
    return {UNSTORABLE.sub("�", name)[:80]: "There is no such field." for name in names[:20]}


class Text(serializers.CharField):
    """A string, as it was sent; the framework refuses characters that cannot be stored."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(f"A text, not {json_type_name(data)}.")
        return str(super().to_internal_value(data))


class WholeNumber(serializers.IntegerField):
    """A whole number, written as one."""

    def to_internal_value(self, data: Any) -> int:
        # Not handed on: turned into digits, a number of thousands of them is an error of its own.
        return parse_whole_number(data)


def parse_whole_number(data: Any) -> int:
    """Return a JSON number as an integer, or raise a validation error."""
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, bool) or not isinstance(data, int):
        what = "a fraction" if isinstance(data, float) else json_type_name(data)
        raise serializers.ValidationError(f"A whole number, not {what}.")
    return data


class Number(serializers.FloatField):
    """A finite number, written as one."""

    def to_internal_value(self, data: Any) -> float:
        return parse_finite_number(data)


def parse_finite_number(data: Any) -> float:
    """Return a JSON number as a float, or raise a validation error."""
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise serializers.ValidationError(f"A number, not {json_type_name(data)}.")
    try:
        value = float(data)
    except OverflowError:
        raise serializers.ValidationError("Out of range.") from None
    if not math.isfinite(value):
        raise serializers.ValidationError("A finite number.")
    return value


class ClientKey(serializers.UUIDField):
    """The UUID by which a repeated write is recognised."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        return parse_client_key(data)


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse_client_key(data: Any) -> uuid.UUID:
    """Return a UUID in its canonical form, or raise a validation error."""
    if not isinstance(data, str):
        raise serializers.ValidationError(f"A UUID, not {json_type_name(data)}.")
    if not _UUID.fullmatch(data):
        raise serializers.ValidationError("A UUID in the form 01234567-89ab-cdef-0123-456789abcdef.")
    return uuid.UUID(data)


class Choice(serializers.ChoiceField):
    """One of a few words."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(f"A text, not {json_type_name(data)}.")
        if data not in self.choices:
            raise serializers.ValidationError("One of " + ", ".join(map(str, self.choices)) + ".")
        return data


class Flag(serializers.BooleanField):
    """True or false, written as such."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError(f"true or false, not {json_type_name(data)}.")
        return data
