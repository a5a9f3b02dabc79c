"""Stores rubrics, changes unused ones and adds versions of used ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound
from annotation.core.rubric_cache import DimensionDefinition, LevelDefinition, RubricDefinition, load_rubric
from annotation.core.transactions import write_transaction
from annotation.core.visibility import rubrics_visible_to
from annotation.models import Dimension, Level, Rubric, Sample, User
from annotation.models.rubrics import level_id
from judge.formats.rubric import RubricError, RubricSpec, parse_rubric

BUILT_IN = settings.BASE_DIR / "fixtures" / "rubrics"
# Earlier texts of the built-in rubrics, as KEY@VERSION.toml: studies that use them keep them.
FORMER = BUILT_IN / "former"
Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class StoredRubric:
    """The stored row of a rubric, and whether it was created or updated."""

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
        return store_rubric(parse_rubric(content))
    except RubricError as error:
        raise BadInput(str(error), fields={error.field: error.message}) from error


def store_rubric(file: RubricSpec) -> StoredRubric:
    """Store a checked rubric; see `import_rubric`."""
    digest = file.digest()
    with write_transaction():
        versions = list(Rubric.objects.select_for_update().filter(key=file.key).order_by("-version"))
        for row in versions:
            if row.digest == digest:
                return StoredRubric(row, "unchanged")
        if versions and _may_be_replaced(versions[0], file):
            row = versions[0]
            _write_rubric(row, file, digest)
            return StoredRubric(row, "updated")
        row = Rubric(key=file.key, version=versions[0].version + 1 if versions else 1)
        _write_rubric(row, file, digest)
        return StoredRubric(row, "created")


def get_or_load(key: str) -> Rubric:
    """Return the rubric ``key`` or ``key@version``, storing a built-in one when needed.

    Without a version it is the newest one.

    A built-in rubric that has a newer text is stored as its next version; a version of somebody's own is the newest.

    Raises:
        NotFound: there is none of that name.
    """
    row = find_rubric(key)
    if row is not None and (_has_version(key) or not _is_former(row)):
        return row
    return _store_built_in(_find_built_in(key))


def find_rubric(key: str) -> Rubric | None:
    """Return the stored rubric named ``key`` or ``key@version``."""
    name, _, version = key.partition("@")
    rows = Rubric.objects.filter(key=name).order_by("-version")
    if version:
        rows = rows.filter(version=int(version)) if version.isdecimal() and len(version) < 9 else rows.none()
    return rows.first()


def list_usable_rubrics(user: User) -> list[RubricDefinition]:
    """Return the rubrics that a user's study may have.

    They are those that the user may know of, and the built-in ones.

    A built-in one that nobody has used yet has the id 0; `get_or_load` stores it.
    """
    rubrics = {row.pk: load_rubric(row.pk) for row in rubrics_visible_to(user)}
    for path in sorted(BUILT_IN.glob("*.toml")):
        rubric = preview_rubric(path.stem)
        rubrics[rubric.id or -len(rubrics)] = rubric
    return sorted(rubrics.values(), key=lambda rubric: (rubric.key, -rubric.version))


def require_usable(user: User, rubric: Rubric) -> None:
    """Raise `NotFound` unless a user's study may have the rubric."""
    if rubric.pk not in {usable.id for usable in list_usable_rubrics(user)}:
        message = f"There is no rubric {str(rubric)!r} that you may use."
        raise NotFound(message, fields={"rubric": message})


def preview_rubric(key: str) -> RubricDefinition:
    """Return what `get_or_load` would return, without storing anything."""
    row = find_rubric(key)
    if row is not None and (_has_version(key) or not _is_former(row)):
        return load_rubric(row.pk)
    built_in = _find_built_in(key)
    return rubric_definition(built_in.file, version=built_in.version)


def rubric_definition(file: RubricSpec, *, version: int = 0) -> RubricDefinition:
    """Return a rubric file as a definition with made-up ids."""
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
    return RubricDefinition(0, file.key, version, file.title, file.description, False, tuple(dimensions))


def freeze_rubric(rubric: RubricDefinition | Rubric) -> None:
    """Make a rubric unchangeable.

    Call it in the transaction that stores the first value under it.
    """
    Rubric.objects.filter(pk=rubric.id, frozen_at=None).update(frozen_at=timezone.now())


@dataclass(frozen=True, slots=True)
class BuiltInRubric:
    """One version of a rubric that the product ships."""

    file: RubricSpec
    version: int


def _built_in_paths(key: str) -> dict[int, Path]:
    """Return the files of a built-in rubric by version; the newest is the current one."""
    paths = {int(path.stem.rpartition("@")[2]): path for path in FORMER.glob(f"{key}@*.toml")}
    return {**paths, max(paths, default=0) + 1: BUILT_IN / f"{key}.toml"}


def _find_built_in(key: str) -> BuiltInRubric:
    name, _, version = key.partition("@")
    keys = {path.stem for path in BUILT_IN.glob("*.toml")}
    paths = _built_in_paths(name) if name in keys else {}
    number = max(paths, default=0) if not version else next((n for n in paths if str(n) == version), 0)
    if number not in paths:
        names = sorted({*Rubric.objects.values_list("key", flat=True), *keys})
        message = f"There is no rubric {key!r}; there are {', '.join(names)}. Import one with import_rubric."
        raise NotFound(message, fields={"rubric": message})
    return BuiltInRubric(parse_rubric(paths[number].read_bytes()), number)


def _has_version(key: str) -> bool:
    return "@" in key


def _is_former(row: Rubric) -> bool:
    """Return whether a stored rubric is a built-in one whose text has a newer version."""
    paths = [path for path in FORMER.glob("*.toml") if path.stem.rpartition("@")[0] == row.key]
    return any(parse_rubric(path.read_bytes()).digest() == row.digest for path in paths)


def _store_built_in(built_in: BuiltInRubric) -> Rubric:
    """Store a version of a built-in rubric and return its row.

    Its number is its own, or the next free one.
    """
    digest = built_in.file.digest()
    with write_transaction():
        versions = list(Rubric.objects.select_for_update().filter(key=built_in.file.key))
        for row in versions:
            if row.digest == digest:
                return row
        numbers = {row.version for row in versions}
        number = built_in.version if built_in.version not in numbers else max(numbers) + 1
        row = Rubric(key=built_in.file.key, version=number)
        _write_rubric(row, built_in.file, digest)
        return row


def _may_be_replaced(row: Rubric, file: RubricSpec) -> bool:
    """Return whether a version may change in place.

    It may while it is not frozen and no sample was decided by what changes.
    """
    if row.frozen_at is not None:
        return False
    return _deciding_structure(rubric_definition(file)) == _deciding_structure(load_rubric(row.pk)) or (
        not Sample.objects.filter(study__rubric=row).exists()
    )


def _deciding_structure(rubric: RubricDefinition) -> list[tuple[object, ...]]:
    return [
        (d.key, d.needs_text, d.needs_image, d.missing_value, tuple(level.value for level in d.levels))
        for d in rubric.dimensions
    ]


def _write_rubric(row: Rubric, file: RubricSpec, digest: str) -> None:
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
