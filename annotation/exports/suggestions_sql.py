"""SQL that reads suggested values for the export, without numpy, as web processes run it."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from annotation.core.score_rules import first_round_sql
from annotation.core.sql import fetch_rows, prefer_indexes
from annotation.core.stored_values import BLIND


class SuggestionRow(NamedTuple):
    """One suggested value and the answer to it; levels by id, the time in ISO form."""

    sample: int
    member: int
    arm: int
    run: int
    shown: int
    first: int | None
    final: int | None
    touched: bool
    seconds: float | None
    at: str | None


def read_exported_suggestions(sample_ids: Iterable[int]) -> list[SuggestionRow]:
    """Return the suggestions of samples with valid scores, grouped by sample."""
    listed = ",".join(str(int(pk)) for pk in sample_ids)
    at = "(s.at AT TIME ZONE 'UTC')::text" if connection.vendor == "postgresql" else "CAST(s.at AS TEXT)"
    with prefer_indexes():
        rows = fetch_rows(
            f"""
            SELECT s.sample_id, s.member_id, s.arm, g.run_id, g.shown_id, g.first_id, g.final_id, g.touched,
                   s.seconds + COALESCE(r.seconds, 0), {at}
            FROM annotation_score s
            JOIN annotation_suggestion g ON g.assignment_id = s.assignment_id
            LEFT JOIN annotation_revision r ON r.assignment_id = s.assignment_id AND r.voided_at IS NULL
            WHERE s.sample_id IN ({listed}) AND {first_round_sql("s")} AND s.origin = 'given'
              AND s.arm <> {BLIND} AND g.shown_at IS NOT NULL
            ORDER BY s.sample_id, s.id, g.dimension_id
            """,  # noqa: S608 - only whole numbers are put in
            [],
        )
    return [SuggestionRow._make((*row[:7], bool(row[7]), *row[8:])) for row in rows]
