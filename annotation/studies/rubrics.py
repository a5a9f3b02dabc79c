"""Rubrics come in: stored, changed while nobody has rated under them, versioned from then on."""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound
from annotation.core.rubric_cache import DimensionDefinition, LevelDefinition, RubricDefinition, definition
from annotation.core.transactions import write_transaction
from annotation.core.visibility import rubrics_visible_to
from annotation.models import Dimension, Level, Rubric, Sample, User
from annotation.models.rubrics import level_id
from judge.formats.rubric import Rubric as RubricFile
from judge.formats.rubric import RubricError, parse_rubric

BUILT_IN = settings.BASE_DIR / "fixtures" / "rubrics"
Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class StoredRubric:
    """The row that now says what the file says, and how it came to be."""

    rubric: Rubric
    outcome: Outcome


def import_rubric(*, by: User | None, content: bytes | str) -> StoredRubric:
    """Store the rubric of a TOML file; ``by=None`` is the command line.

    The same definition again is the same row, whichever version it is. A changed one replaces the newest version as
    long as that is not in use; otherwise it becomes the next version, and studies stay on the one that they have.

    Raises:
        BadInput: the file is not a rubric; ``fields`` says where.
    """
    if by is not None:
        permissions.require_site_admin(by)
    try:
        return store(parse_rubric(content))
    except RubricError as error:
        raise BadInput(str(error), fields={error.field: error.message}) from error


def store(file: RubricFile) -> StoredRubric:
    """Store a checked rubric; see `import_rubric`."""
    digest = file.digest()
    with write_transaction():
        versions = list(Rubric.objects.select_for_update().filter(key=file.key).order_by("-version"))
        for row in versions:
            if row.digest == digest:
                return StoredRubric(row, "unchanged")
        if versions and _may_be_replaced(versions[0], file):
            row = versions[0]
            _write(row, file, digest)
            return StoredRubric(row, "updated")
        row = Rubric(key=file.key, version=versions[0].version + 1 if versions else 1)
        _write(row, file, digest)
        return StoredRubric(row, "created")


def get_or_load(key: str) -> Rubric:
    """Return the rubric named ``key`` (its newest version) or ``key@version``, storing a built-in one when needed.

    Raises:
        NotFound: there is none of that name.
    """
    row = find(key)
    if row is not None:
        return row
    return store(_built_in(key)).rubric


def find(key: str) -> Rubric | None:
    """Return the stored rubric named ``key`` or ``key@version``."""
    name, _, version = key.partition("@")
    rows = Rubric.objects.filter(key=name).order_by("-version")
    if version:
        rows = rows.filter(version=int(version)) if version.isdecimal() and len(version) < 9 else rows.none()
    return rows.first()


def usable_by(user: User) -> list[RubricDefinition]:
    """Return the rubrics that a study of the user's may have: those that they may know of, and the built-in ones.

    A built-in one that nobody has used yet has the id 0; `get_or_load` stores it.
    """
    found = {row.pk: definition(row.pk) for row in rubrics_visible_to(user)}
    for path in sorted(BUILT_IN.glob("*.toml")):
        rubric = preview(path.stem)
        found[rubric.id or -len(found)] = rubric
    return sorted(found.values(), key=lambda rubric: (rubric.key, -rubric.version))


def require_usable(user: User, rubric: Rubric) -> None:
    """Raise `NotFound` unless a study of the user's may have the rubric."""
    if rubric.pk not in {one.id for one in usable_by(user)}:
        message = f"There is no rubric {str(rubric)!r} that you may use."
        raise NotFound(message, fields={"rubric": message})


def preview(key: str) -> RubricDefinition:
    """Return what `get_or_load` would give, without storing anything."""
    row = find(key)
    if row is not None:
        return definition(row.pk)
    return as_definition(_built_in(key))


def as_definition(file: RubricFile) -> RubricDefinition:
    """Return a rubric file in the shape of a stored rubric, under made-up ids."""
    dimensions = []
    for number, dimension in enumerate(file.dimensions, 1):
        levels = tuple(
            LevelDefinition(level_id(number, place), level.value, level.label, level.anchor)
            for place, level in enumerate(dimension.levels)
        )
        dimensions.append(
            DimensionDefinition(
                id=number,
                key=dimension.key,
                name=dimension.name,
                description=dimension.description,
                needs_text=dimension.needs_text,
                needs_image=dimension.needs_image,
                missing_value=dimension.missing_value,
                levels=levels,
                level_of={level.value: level.id for level in levels},
            )
        )
    return RubricDefinition(0, file.key, 0, file.title, file.description, False, tuple(dimensions))


def freeze(rubric: RubricDefinition | Rubric) -> None:
    """Make a rubric unchangeable; call it in the transaction that stores the first value under it."""
    Rubric.objects.filter(pk=rubric.id, frozen_at=None).update(frozen_at=timezone.now())


def _built_in(key: str) -> RubricFile:
    name, _, version = key.partition("@")
    paths = {path.stem: path for path in sorted(BUILT_IN.glob("*.toml"))}
    if name not in paths or version not in ("", "1"):
        known = sorted({*Rubric.objects.values_list("key", flat=True), *paths})
        message = f"There is no rubric {key!r}; there are {', '.join(known)}. Import one with import_rubric."
        raise NotFound(message, fields={"rubric": message})
    return parse_rubric(paths[name].read_bytes())


def _may_be_replaced(row: Rubric, file: RubricFile) -> bool:
    """Whether a version may change in place: it is not frozen, and no sample's fate was decided by what changes."""
    if row.frozen_at is not None:
        return False
    return _structure(as_definition(file)) == _structure(definition(row.pk)) or (
        not Sample.objects.filter(study__rubric=row).exists()
    )


def _structure(rubric: RubricDefinition) -> list[tuple[object, ...]]:
    return [
        (d.key, d.needs_text, d.needs_image, d.missing_value, tuple(level.value for level in d.levels))
        for d in rubric.dimensions
    ]


def _write(row: Rubric, file: RubricFile, digest: str) -> None:
    row.title, row.description, row.digest = file.title, file.description, digest
    row.save()
    row.dimensions.all().delete()
    for position, dimension in enumerate(file.dimensions):
        stored = Dimension.objects.create(
            rubric=row,
            key=dimension.key,
            name=dimension.name,
            description=dimension.description,
            position=position,
            needs_text=dimension.needs_text,
            needs_image=dimension.needs_image,
            missing=dimension.missing,
            missing_value=dimension.missing_value,
        )
        Level.objects.bulk_create(
            Level(
                id=level_id(stored.pk, place),
                dimension=stored,
                position=place,
                value=level.value,
                label=level.label,
                anchor=level.anchor,
            )
            for place, level in enumerate(dimension.levels)
        )
