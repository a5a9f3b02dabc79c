"""Rubrics as plain values, cached once they are frozen."""

from dataclasses import dataclass, field

from annotation.models import Rubric
from judge.formats.rubric import RubricDimension as FileDimension
from judge.formats.rubric import RubricLevel as FileLevel
from judge.formats.rubric import RubricSpec as RubricFile


@dataclass(frozen=True, slots=True)
class LevelDefinition:
    id: int
    value: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class DimensionDefinition:
    id: int
    key: str
    name: str
    description: str
    needs_text: bool
    needs_image: bool
    missing_value: float | None
    levels: tuple[LevelDefinition, ...]
    level_of: dict[float, int]
    """Level id by value."""


@dataclass(frozen=True, slots=True)
class RubricDefinition:
    id: int
    key: str
    version: int
    title: str
    description: str
    frozen: bool
    dimensions: tuple[DimensionDefinition, ...]
    _values: dict[int, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values = {level.id: level.value for dimension in self.dimensions for level in dimension.levels}
        object.__setattr__(self, "_values", values)

    def value_of(self, level_id: int) -> float:
        """Return the value of a level of this rubric."""
        return self._values[level_id]


_frozen: dict[int, RubricDefinition] = {}


def load_rubric(rubric_id: int) -> RubricDefinition:
    """Return a rubric with its ordered dimensions and levels; a frozen one is cached per process."""
    known = _frozen.get(rubric_id)
    if known is None:
        known = _read_rubric(rubric_id)
        if known.frozen:
            _frozen[rubric_id] = known
    return known


def rubric_file(rubric: RubricDefinition) -> RubricFile:
    """Return a rubric in the form of its file."""
    dimensions = tuple(
        FileDimension(
            key=one.key,
            name=one.name,
            needs_text=one.needs_text,
            needs_image=one.needs_image,
            levels=tuple(FileLevel(level.value, level.label, level.anchor) for level in one.levels),
            missing_value=one.missing_value,
            description=one.description,
        )
        for one in rubric.dimensions
    )
    return RubricFile(rubric.key, rubric.title, dimensions, rubric.description)


def forget_definitions() -> None:
    """Empty the cache; tests that reuse ids need it."""
    _frozen.clear()


def _read_rubric(rubric_id: int) -> RubricDefinition:
    rubric = Rubric.objects.get(pk=rubric_id)
    dimensions = []
    for row in rubric.dimensions.prefetch_related("levels"):
        levels = tuple(LevelDefinition(level.id, level.value, level.label, level.anchor) for level in row.levels.all())
        dimensions.append(
            DimensionDefinition(
                id=row.pk,
                key=row.key,
                name=row.name,
                description=row.description,
                needs_text=row.needs_text,
                needs_image=row.needs_image,
                missing_value=row.missing_value,
                levels=levels,
                level_of={level.value: level.id for level in levels},
            )
        )
    return RubricDefinition(
        id=rubric.pk,
        key=rubric.key,
        version=rubric.version,
        title=rubric.title,
        description=rubric.description,
        frozen=rubric.frozen_at is not None,
        dimensions=tuple(dimensions),
    )
