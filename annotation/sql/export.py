"""Ratings read by the hundred thousand.

Through the mapper a third of the time goes into statements with hundreds of parameters, and as much into times that are
parsed only to be written out again.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .run import rows


def standing_scores(sample_ids: Iterable[int]) -> list[tuple[int, int, int, int, Any, float | None]]:
    """Return id, sample, member, round, time and seconds of the samples' standing scores, a sample's together."""
    return rows(
        f"""
        SELECT s.id, s.sample_id, s.member_id, s.round, s.at, s.seconds FROM annotation_score s
        WHERE s.sample_id IN ({_listed(sample_ids)}) AND s.voided_at IS NULL ORDER BY s.sample_id, s.id
        """,  # noqa: S608 - only whole numbers are put in
        [],
    )


def standing_levels(sample_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return score and level of every rating of those scores, in the same order."""
    return rows(
        f"""
        SELECT r.score_id, r.level_id FROM annotation_score s JOIN annotation_rating r ON r.score_id = s.id
        WHERE s.sample_id IN ({_listed(sample_ids)}) AND s.voided_at IS NULL
        ORDER BY s.sample_id, s.id, r.dimension_id
        """,  # noqa: S608 - only whole numbers are put in
        [],
    )


def _listed(ids: Iterable[int]) -> str:
    return ",".join(str(int(pk)) for pk in ids)


def moment_text(value: Any) -> str:
    """Write a time as read from the database in ISO form, in UTC; nothing for an unknown one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value).replace(" ", "T") + "Z"
