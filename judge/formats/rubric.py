"""Reads rubrics: dimensions, their levels, and the meaning of missing sides."""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MAX_DIMENSIONS = 40
MAX_LEVELS = 100
MAX_FILE_BYTES = 1_000_000
MAX_LEVEL = 1e9
SIDES = ("text", "image")
NOT_APPLICABLE = "not_applicable"
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
LINE_IN_TOML = re.compile(r"\(at line (\d+), column \d+\)")

RUBRIC_FIELDS = frozenset({"key", "title", "description", "dimensions"})
DIMENSION_FIELDS = frozenset({"key", "name", "needs", "levels", "missing", "anchors", "labels", "description"})


class RubricError(ValueError):
    """A rejected rubric file: the field, the fault and the remedy."""

    def __init__(self, field: str, message: str, *, line: int = 0) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class RubricLevel:
    """One value of a dimension with its label and anchor."""

    value: float
    label: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class RubricDimension:
    """One dimension that every sample is scored on.

    ``missing_value`` None means: not applicable without a needed side.
    """

    key: str
    name: str
    needs_text: bool
    needs_image: bool
    levels: tuple[RubricLevel, ...]
    missing_value: float | None = None
    description: str = ""

    @property
    def missing(self) -> Literal["level", "not_applicable"]:
        return "not_applicable" if self.missing_value is None else "level"

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(level.value for level in self.levels)


@dataclass(frozen=True, slots=True)
class RubricSpec:
    """A set of dimensions in the order in which they are shown."""

    key: str
    title: str
    dimensions: tuple[RubricDimension, ...]
    description: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the normalised definition.

        Two files that say the same give the same data.
        """
        return {
            "key": self.key,
            "title": self.title,
            "description": self.description,
            "dimensions": [
                {
                    "key": dimension.key,
                    "name": dimension.name,
                    "description": dimension.description,
                    "needs": [side for side in SIDES if getattr(dimension, f"needs_{side}")],
                    "missing": dimension.missing_value if dimension.missing == "level" else NOT_APPLICABLE,
                    "levels": [[level.value, level.label, level.anchor] for level in dimension.levels],
                }
                for dimension in self.dimensions
            ],
        }

    def digest(self) -> str:
        """Return the SHA-256 of the normalised definition."""
        text = json.dumps(self.as_data(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def parse_rubric(content: bytes | str) -> RubricSpec:
    """Return the rubric in the text of a TOML file."""
    if len(content) > MAX_FILE_BYTES:
        raise RubricError("", f"The file is larger than {MAX_FILE_BYTES:,} bytes; is it a rubric?")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise RubricError("", "The file is not UTF-8 text; save it as UTF-8.") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = LINE_IN_TOML.search(str(error))
        line = int(place.group(1)) if place else text.count("\n") + 1
        raise RubricError("", f"The file is not valid TOML: {error}.", line=line) from None
    except RecursionError:
        raise RubricError("", "The file is nested too deeply to be a rubric.") from None
    return rubric_from_data(data)


def rubric_from_data(data: Mapping[str, Any]) -> RubricSpec:
    """Return a rubric from its definition, checked and normalised."""
    _refuse_unknown_fields(data, RUBRIC_FIELDS, "")
    key = _parse_key(data, "key", 60)
    title = _parse_text(data, "title", 200, required=True)
    entries = data.get("dimensions")
    if not isinstance(entries, list) or not entries:
        raise RubricError("dimensions", "has no entry; write one [[dimensions]] table per dimension.")
    if len(entries) > MAX_DIMENSIONS:
        raise RubricError("dimensions", f"has {len(entries)} entries; at most {MAX_DIMENSIONS} are possible.")
    dimensions: list[RubricDimension] = []
    for index, entry in enumerate(entries):
        place = f"dimensions[{index}]"
        if not isinstance(entry, dict):
            raise RubricError(place, "is not a table; write it as [[dimensions]].")
        dimension = _parse_dimension(entry, place)
        if any(dimension.key == other.key for other in dimensions):
            raise RubricError(f"{place}.key", f"is the second dimension called {dimension.key}; rename one.")
        dimensions.append(dimension)
    return RubricSpec(key, title, tuple(dimensions), _parse_text(data, "description", 10_000))


def _parse_dimension(data: Mapping[str, Any], place: str) -> RubricDimension:
    _refuse_unknown_fields(data, DIMENSION_FIELDS, place)
    values = _parse_levels(data, place)
    labels = _parse_level_texts(data, "labels", values, place, 40)
    anchors = _parse_level_texts(data, "anchors", values, place, 2_000)
    needs = data.get("needs")
    if not isinstance(needs, list) or any(side not in SIDES for side in needs) or len(set(needs)) < len(needs):
        raise RubricError(f"{place}.needs", 'must be a list of "text" and "image", as needs = ["image"].')
    return RubricDimension(
        key=_parse_key(data, "key", 40, place),
        name=_parse_text(data, "name", 120, place, required=True),
        needs_text="text" in needs,
        needs_image="image" in needs,
        levels=tuple(RubricLevel(value, labels[value], anchors[value]) for value in sorted(values)),
        missing_value=_parse_missing(data, needs, values, place),
        description=_parse_text(data, "description", 10_000, place),
    )


def _parse_levels(data: Mapping[str, Any], place: str) -> list[float]:
    levels = data.get("levels")
    if not isinstance(levels, list) or not 2 <= len(levels) <= MAX_LEVELS:
        message = f"must be a list of 2 to {MAX_LEVELS} numbers, as levels = [1, 2, 3, 4, 5]."
        raise RubricError(f"{place}.levels", message)
    for value in levels:
        if not _is_number(value):
            message = f"holds {value!r}, which is no number between -{MAX_LEVEL:g} and {MAX_LEVEL:g}."
            raise RubricError(f"{place}.levels", message)
    values = [float(value) + 0.0 for value in levels]
    if len(set(values)) < len(values):
        raise RubricError(f"{place}.levels", "names a level twice; each can occur once.")
    return values


def _parse_missing(data: Mapping[str, Any], needs: Sequence[str], values: list[float], place: str) -> float | None:
    missing = data.get("missing", NOT_APPLICABLE)
    if missing == NOT_APPLICABLE:
        return None
    if not needs:
        raise RubricError(f"{place}.missing", "has no meaning for a dimension that needs no side; leave it out.")
    if not _is_number(missing) or float(missing) not in values:
        message = f'is {missing!r}; it must be one of the levels, or "{NOT_APPLICABLE}".'
        raise RubricError(f"{place}.missing", message)
    return float(missing) + 0.0


def _parse_level_texts(
    data: Mapping[str, Any], field: str, values: list[float], place: str, longest: int
) -> dict[float, str]:
    """Return texts by level, given as a list or as a table."""
    entries = data.get(field, {})
    path = f"{place}.{field}"
    if isinstance(entries, list):
        if len(entries) != len(values):
            raise RubricError(path, f"has {len(entries)} texts for {len(values)} levels; write one for each.")
        texts = dict(zip(values, entries, strict=True))
    elif isinstance(entries, dict):
        texts = {}
        for name, text in entries.items():
            try:
                value = float(name)
            except ValueError:
                value = math.nan
            if value not in values or value in texts:
                raise RubricError(path, f"has a text for {name!r}, which is not one of the levels, or a second time.")
            texts[value] = text
    else:
        raise RubricError(path, "must be a list with a text for each level, or a table from level to text.")
    for text in texts.values():
        if not isinstance(text, str) or len(text) > longest or "\0" in text:
            raise RubricError(path, f"holds {str(text)[:40]!r}, which is no text of at most {longest} characters.")
    return {value: texts.get(value, "").strip() for value in values}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_LEVEL


def _refuse_unknown_fields(data: Mapping[str, Any], fields: frozenset[str], place: str) -> None:
    for name in data:
        if name not in fields:
            path = f"{place}.{name}" if place else name
            raise RubricError(path, f"is not a field of a rubric; the fields are {', '.join(sorted(fields))}.")


def _parse_text(data: Mapping[str, Any], field: str, longest: int, place: str = "", *, required: bool = False) -> str:
    value = data.get(field, "")
    path = f"{place}.{field}" if place else field
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise RubricError(path, f"must be a text of at most {longest} characters.")
    if required and not value.strip():
        raise RubricError(path, "is missing; write a text.")
    return value.strip()


def _parse_key(data: Mapping[str, Any], field: str, longest: int, place: str = "") -> str:
    value = _parse_text(data, field, longest, place, required=True)
    if not KEY.fullmatch(value):
        path = f"{place}.{field}" if place else field
        raise RubricError(path, f"is {value!r}; use letters, digits, hyphens and underscores only.")
    return value
