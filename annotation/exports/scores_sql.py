"""SQL that reads many ratings for the export.

Through the mapper a third of the time goes into statements with hundreds of parameters, and as much into times.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from annotation.core.sql import fetch_rows, prefer_indexes


def valid_scores(sample_ids: Iterable[int]) -> list[tuple[int, int, int, int, str | None, float | None]]:
    """Return id, sample, member, round, time and seconds of valid scores, grouped by sample."""
    # As text: of every four seconds one would go into times that are parsed only to be written out again.
    at = "(s.at AT TIME ZONE 'UTC')::text" if connection.vendor == "postgresql" else "CAST(s.at AS TEXT)"
    return _query_by_index(
        f"""
        SELECT s.id, s.sample_id, s.member_id, s.round, {at}, s.seconds FROM annotation_score s
        WHERE s.sample_id IN ({_id_list(sample_ids)}) AND s.voided_at IS NULL ORDER BY s.sample_id, s.id
        """,  # noqa: S608 - only whole numbers are put in
    )


def valid_levels(sample_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return score and level of every rating of those scores, in the same order."""
    return _query_by_index(
        f"""
        SELECT r.score_id, r.level_id FROM annotation_score s JOIN annotation_rating r ON r.score_id = s.id
        WHERE s.sample_id IN ({_id_list(sample_ids)}) AND s.voided_at IS NULL
        ORDER BY s.sample_id, s.id, r.dimension_id
        """,  # noqa: S608 - only whole numbers are put in
    )


def _query_by_index(sql: str) -> list[tuple[Any, ...]]:
    """Run a query for one page of many."""
    with prefer_indexes():
        return fetch_rows(sql, [])


def _id_list(ids: Iterable[int]) -> str:
    return ",".join(str(int(pk)) for pk in ids)
