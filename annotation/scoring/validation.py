"""Validates submitted values against the rubric, and reports all faults."""

import math
from collections.abc import Collection, Mapping

from annotation.core.errors import BadInput
from annotation.core.rubric_cache import RubricDefinition
from judge.missing_sides import LockedDimension

NOTE_LENGTH = 4000
LONGEST_SECONDS = 24 * 3600.0


def add_locked_values(
    values: Mapping[str, float | None], locked: Mapping[str, LockedDimension]
) -> dict[str, float | None]:
    """Return values by dimension, with the locked ones of a missing side added."""
    return {**values, **{key: lock.value for key, lock in locked.items()}}


def check_values(
    rubric: RubricDefinition,
    locked: Mapping[str, LockedDimension],
    ratings: Mapping[str, float],
    notes: Mapping[str, str],
    seconds: float | None,
    *,
    touched: Collection[str] = (),
    prefilled: Collection[str] = (),
) -> list[tuple[int, int, str]]:
    """Return ``(dimension, level, note)`` per scored dimension, or raise naming every fault.

    ``touched`` are the dimensions that the annotator says to have answered by hand, as they must where they were
    ``prefilled``.
    """
    faults: dict[str, str] = {}
    rows: list[tuple[int, int, str]] = []
    known = {dimension.key for dimension in rubric.dimensions}
    for key in ratings:
        if key not in known:
            faults[f"ratings.{key}"] = "No such dimension in this rubric."
    if not set(touched) <= known:
        faults["touched"] = "Some of it is no dimension of this rubric."
    for key, note in notes.items():
        if key not in known:
            faults[f"notes.{key}"] = "No such dimension in this rubric."
        elif len(note) > NOTE_LENGTH:
            faults[f"notes.{key}"] = f"At most {NOTE_LENGTH} characters."
        elif key in locked and note.strip():
            faults[f"notes.{key}"] = "A side of the answer is missing, so this dimension takes no note."
    for dimension in rubric.dimensions:
        field = f"ratings.{dimension.key}"
        if dimension.key in locked:
            if dimension.key in ratings and ratings[dimension.key] != locked[dimension.key].value:
                faults[field] = "A side of the answer is missing, so this value is set by rule. Leave it out."
            continue
        if dimension.key not in ratings:
            faults[field] = "Missing: every dimension needs a value."
            continue
        value = ratings[dimension.key]
        level = dimension.level_of.get(value) if type(value) in (int, float) else None
        if level is None:
            allowed = ", ".join(f"{option.value:g}" for option in dimension.levels)
            faults[field] = f"Not a level of this dimension; choose one of {allowed}."
            continue
        if dimension.key in prefilled and dimension.key not in touched:
            faults[field] = "Answer it yourself: this value is the judge's, and nobody has chosen it yet."
            continue
        rows.append((dimension.id, level, notes.get(dimension.key, "").strip()))
    if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_SECONDS):
        faults["seconds"] = f"From 0 to {LONGEST_SECONDS:g} seconds."
    if faults:
        raise BadInput("Some values cannot be stored; nothing was.", fields=faults)
    return rows
