"""Everything that figures of a study rest on, read by the hundred thousand into columns.

Numbers go straight into arrays of a few bytes each: as tuples the ratings of a large study would take ten times that.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
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


class IndependentScores(NamedTuple):
    """Standing independent scores, ascending by id."""

    id: Ints
    sample: Ints
    member: Ints
    seconds: Floats
    """NaN where unknown, as for ``at``."""
    at: Floats
    """Seconds since 1970."""


class AgreementSamples(NamedTuple):
    """Samples of a study, ascending by id."""

    id: Ints
    has_text: npt.NDArray[np.bool_]
    has_image: npt.NDArray[np.bool_]
    groups: dict[str, list[str]]
    """Generator and domain of each."""


class StanceRow(NamedTuple):
    """Where somebody began and ended in a discussed dimension that is settled."""

    topic: int
    dimension: int
    member: int
    first: int
    last: int
    active: bool
    overridden: bool


def independent_scores(study_id: int) -> IndependentScores:
    """Return who scored what, when and for how long."""
    at = "CAST(EXTRACT(EPOCH FROM s.at) AS double precision)"
    if connection.vendor == "sqlite":
        at = "CAST(strftime('%%s', s.at) AS REAL)"
    table = _table(f"SELECT s.id, s.sample_id, s.member_id, s.seconds, {at} {_INDEPENDENT}", [study_id], 5, np.float64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    whole = table[:, :3].astype(np.int64)
    return IndependentScores(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3], table[:, 4])


def independent_levels(study_id: int) -> Ints:
    """Return score and level of every rating of those scores; a level's number tells its dimension and position."""
    joined = _INDEPENDENT.replace("WHERE", "JOIN annotation_rating r ON r.score_id = s.id WHERE", 1)
    return _table(f"SELECT r.score_id, r.level_id {joined}", [study_id], 2, np.int64)


def read_agreement_samples(study_id: int) -> AgreementSamples:
    """Return the samples with the sides that they have and what they are grouped by."""
    sql = """SELECT id, has_text, has_image, generator, domain FROM annotation_sample
             WHERE study_id = %s ORDER BY id"""
    ids: list[int] = []
    sides: list[tuple[bool, bool]] = []
    generators: list[str] = []
    domains: list[str] = []
    known: dict[str, str] = {}
    for chunk in _chunks(sql, [study_id]):
        for pk, has_text, has_image, generator, domain in chunk:
            ids.append(pk)
            sides.append((bool(has_text), bool(has_image)))
            # A few names stand in many rows.
            generators.append(known.setdefault(generator, generator))
            domains.append(known.setdefault(domain, domain))
    has = np.array(sides, dtype=np.bool_).reshape(-1, 2)
    return AgreementSamples(
        np.array(ids, dtype=np.int64), has[:, 0], has[:, 1], {"generator": generators, "domain": domains}
    )


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


def _table(sql: str, parameters: Sequence[Any], columns: int, kind: type[np.int64] | type[np.float64]) -> Any:
    parts = [np.array(chunk, dtype=kind) for chunk in _chunks(sql, parameters)]
    return np.concatenate(parts) if parts else np.empty((0, columns), dtype=kind)


def _chunks(sql: str, parameters: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a query some thousands at a time; PostgreSQL would otherwise send all of them at once."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while chunk := cursor.fetchmany(AT_ONCE):
            yield chunk
