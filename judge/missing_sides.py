"""The rules of what a missing side means for each dimension."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Why = Literal["no_text", "no_image", "no_text_no_image"]


class DimensionLike(Protocol):
    """The fields of a dimension that the rules read.

    It is a row of the database or a line of a rubric file.
    """

    @property
    def key(self) -> str: ...
    @property
    def needs_text(self) -> bool: ...
    @property
    def needs_image(self) -> bool: ...
    @property
    def missing_value(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class LockedDimension:
    """A dimension set by rule: its level, or None if not applicable."""

    value: float | None
    why: Why


def locked_dimensions(
    dimensions: Iterable[DimensionLike], *, has_text: bool, has_image: bool
) -> dict[str, LockedDimension]:
    """Return the dimensions, by key, whose value follows from a missing side."""
    locked: dict[str, LockedDimension] = {}
    for dimension in dimensions:
        no_text = dimension.needs_text and not has_text
        no_image = dimension.needs_image and not has_image
        if no_text or no_image:
            why: Why = "no_text_no_image" if no_text and no_image else "no_text" if no_text else "no_image"
            locked[dimension.key] = LockedDimension(dimension.missing_value, why)
    return locked
