"""Reads what discussions moved, as plain data."""

from collections.abc import Mapping
from typing import Any

from annotation.core.rubric_cache import load_rubric
from annotation.models import Study
from annotation.statistics.stance_changes import Movement, StanceChange, measure_movements, total_movement

from . import agreement_sql


def read_stance_changes(study: Study, *, names: Mapping[int, str]) -> dict[str, Any]:
    """Return what discussions moved: ``moved`` per dimension, ``pairwise`` over all, and ``reasons`` of the moves.

    Dimensions that an admin overrode are only counted: nobody came to an agreement there.
    """
    dimensions = load_rubric(study.rubric_id).dimensions
    value = {level.id: level.value for one in dimensions for level in one.levels}
    key = {one.id: one.key for one in dimensions}
    rows = [row for row in agreement_sql.settled_stances(study.pk) if row.dimension in key]
    overridden = {(row.topic, row.dimension) for row in rows if row.overridden}
    stances = [
        StanceChange(
            topic=row.topic,
            dimension=key[row.dimension],
            person=names.get(row.member, "?"),
            first=value[row.first],
            last=value[row.last],
            counts=row.active,
        )
        for row in rows
        if not row.overridden
    ]
    found = measure_movements(stances)
    reasons: dict[str, dict[str, int]] = {one.key: {} for one in dimensions}
    for dimension, reason, n in agreement_sql.reasons_for_moving(study.pk):
        if dimension in key:
            reasons[key[dimension]][reason or "own words"] = n
    by_dimension = []
    for one in dimensions:
        movement = found.get(one.key)
        set_aside = sum(dimension == one.id for _, dimension in overridden)
        if movement is None and not set_aside:
            continue
        data = (movement or Movement()).as_data()
        by_dimension.append(
            {"dimension": one.key, "name": one.name, **data, "overridden": set_aside, "reasons": reasons[one.key]}
        )
    return {"moved": by_dimension, "pairwise": total_movement(found.values()).as_data()["whom"]}
