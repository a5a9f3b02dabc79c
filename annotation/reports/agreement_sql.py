"""Reads the ratings, samples and stances of a study into tables."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from django.db import connection

from annotation.core.score_rules import independent_sql

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
AT_ONCE = 20_000

# Independent: given before the values of others, or a judge's, were seen. What was signed in a discussion has a later
# round; of those who were shown a judge's after locking their own, the own ones are the ratings.
_INDEPENDENT = f"""
    FROM annotation_sample sa JOIN annotation_score s ON s.sample_id = sa.id
    WHERE sa.study_id = %s AND sa.state <> 'withdrawn'
      AND {independent_sql("s")}
"""


class StanceRow(NamedTuple):
    """Where somebody began and ended in a discussed dimension that is settled."""

    topic: int
    dimension: int
    member: int
    first: int
    last: int
    active: bool
    overridden: bool


def read_independent_scores(study_id: int) -> pd.DataFrame:
    """Return the independent scores, ascending by ``score``.

    ``score``, ``sample`` and ``member`` are primary keys. ``seconds``, and ``at`` in seconds since 1970, are NaN where
    unknown.
    """
    at = "CAST(EXTRACT(EPOCH FROM s.at) AS double precision)"
    if connection.vendor == "sqlite":
        at = "CAST(strftime('%%s', s.at) AS REAL)"
    columns = ["score", "sample", "member", "seconds", "at"]
    rows = _read_table(
        f"SELECT s.id, s.sample_id, s.member_id, s.seconds, {at} {_INDEPENDENT}", study_id, columns, float
    )
    return rows.astype(dict.fromkeys(columns[:3], int)).sort_values("score", kind="stable", ignore_index=True)


def read_independent_levels(study_id: int) -> pd.DataFrame:
    """Return ``score`` and ``level`` of every rating of those scores; a level's key tells dimension and position."""
    joined = _INDEPENDENT.replace("WHERE", "JOIN annotation_rating r ON r.score_id = s.id WHERE", 1)
    return _read_table(f"SELECT r.score_id, r.level_id {joined}", study_id, ["score", "level"], int)


def read_agreement_samples(study_id: int) -> pd.DataFrame:
    """Return each ``sample`` with the sides that it has and what it is grouped by, ascending by ``sample``.

    ``has_text`` and ``has_image`` are boolean, ``generator`` and ``domain`` categories.
    """
    sql = """SELECT id, has_text, has_image, generator, domain FROM annotation_sample
             WHERE study_id = %s ORDER BY id"""
    keys = ["sample", "has_text", "has_image", "generator", "domain"]
    kinds = {"sample": int, "has_text": bool, "has_image": bool, "generator": "category", "domain": "category"}
    return pd.DataFrame.from_records(chain.from_iterable(_chunks(sql, [study_id])), columns=keys).astype(kinds)


def settled_stances(study_id: int) -> list[StanceRow]:
    """Return every stance on a dimension whose discussion is over, with a value at both ends."""
    sql = """
        SELECT t.id, t.dimension_id, p.member_id, st.first_id, st.level_id, p.state,
               EXISTS (SELECT 1 FROM annotation_finalscore f WHERE f.discussion_id = d.id
                       AND f.dimension_id = t.dimension_id AND f.outcome = 'overridden')
        FROM annotation_discussion d
        JOIN annotation_sample sa ON sa.id = d.sample_id AND sa.state <> 'withdrawn'
        JOIN annotation_topic t ON t.discussion_id = d.id AND t.closed_at IS NOT NULL
        JOIN annotation_participant p ON p.discussion_id = d.id
        JOIN annotation_stance st ON st.participant_id = p.id AND st.dimension_id = t.dimension_id
        WHERE d.study_id = %s AND st.first_id IS NOT NULL AND st.level_id IS NOT NULL
        ORDER BY t.id, p.number
    """
    return [
        StanceRow(topic, dimension, member, first, last, state == "active", bool(overridden))
        for chunk in _chunks(sql, [study_id])
        for topic, dimension, member, first, last, state, overridden in chunk
    ]


def reasons_for_moving(study_id: int) -> list[tuple[int, str, int]]:
    """Return dimension, listed reason and how many moved for it, over the dimensions that are settled."""
    sql = """
        SELECT po.dimension_id, po.reason, count(*)
        FROM annotation_discussion d
        JOIN annotation_sample sa ON sa.id = d.sample_id AND sa.state <> 'withdrawn'
        JOIN annotation_topic t ON t.discussion_id = d.id AND t.closed_at IS NOT NULL
        JOIN annotation_post po ON po.discussion_id = d.id AND po.dimension_id = t.dimension_id
        WHERE d.study_id = %s AND po.kind = 'move'
        GROUP BY po.dimension_id, po.reason ORDER BY po.dimension_id, count(*) DESC, po.reason
    """
    return [row for chunk in _chunks(sql, [study_id]) for row in chunk]


def _read_table(sql: str, study_id: int, columns: Sequence[str], kind: type[int] | type[float]) -> pd.DataFrame:
    # Numbers go straight into arrays: as tuples the ratings of a large study would take ten times as much memory.
    parts = [np.array(chunk, dtype=kind) for chunk in _chunks(sql, [study_id])]
    return pd.DataFrame(np.concatenate(parts) if parts else np.empty((0, len(columns)), dtype=kind), columns=columns)


def _chunks(sql: str, parameters: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a query some thousands at a time; PostgreSQL would otherwise send all of them at once."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while chunk := cursor.fetchmany(AT_ONCE):
            yield chunk
