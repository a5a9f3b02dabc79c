"""The stances of a discussion on one dimension, as rows of cells, one per level."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.core.rubric_cache import DimensionDefinition
from annotation.discussions.view_types import ParticipantView, StanceView


@dataclass(frozen=True, slots=True)
class StanceCell:
    """One level of one participant, with the marks and lines in it.

    ``left`` and ``right`` tell which way the line to the other mark goes.
    """

    first: bool
    now: bool
    left: bool
    right: bool
    band: bool
    """Inside the range of the values held now."""


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """One participant's first and current value."""

    participant: ParticipantView
    stance: StanceView
    cells: tuple[StanceCell, ...]


@dataclass(frozen=True, slots=True)
class StanceAxis:
    """All participants on the levels of one dimension, with their first and current range."""

    dimension: DimensionDefinition
    rows: tuple[ParticipantRow, ...]
    first: tuple[float, float] | None
    """Lowest and highest first value."""
    now: tuple[float, float] | None
    """Lowest and highest current value of those who have not been excused."""


def build_stance_axis(
    dimension: DimensionDefinition, stances: Sequence[StanceView], participants: Sequence[ParticipantView]
) -> StanceAxis:
    """Return the stances on the levels of their dimension."""
    values = [level.value for level in dimension.levels]
    by_alias = {participant.alias: participant for participant in participants}
    first = _value_range([stance.first for stance in stances])
    now = _value_range([stance.current for stance in stances if not stance.excused])
    return StanceAxis(
        dimension=dimension,
        rows=tuple(
            ParticipantRow(by_alias[stance.alias], stance, tuple(_stance_cell(value, stance, now) for value in values))
            for stance in stances
            if stance.alias in by_alias
        ),
        first=first,
        now=now,
    )


def _value_range(values: Sequence[float | None]) -> tuple[float, float] | None:
    numbers = [value for value in values if value is not None]
    return (min(numbers), max(numbers)) if numbers else None


def _stance_cell(value: float, stance: StanceView, now: tuple[float, float] | None) -> StanceCell:
    first, current = stance.first, stance.current
    low, high = sorted((first, current)) if first is not None and current is not None else (value, value)
    return StanceCell(
        first=value == first,
        now=value == current,
        left=low < value <= high,
        right=low <= value < high,
        band=now is not None and now[0] < now[1] and now[0] <= value <= now[1],
    )
