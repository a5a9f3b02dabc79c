"""What was shown of a judge, what annotators made of it, and what they say without it, read into columns."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from annotation.core.score_rules import first_round_sql
from annotation.core.sql import fetch_rows
from annotation.core.stored_values import BLIND
from annotation.suggestions.unseen_predictions import unseen_sql

from .agreement_sql import Floats, Ints

AT_ONCE = 20_000
_GIVEN = f"{first_round_sql('s')} AND s.origin = 'given'"


class AnsweredSuggestions(NamedTuple):
    """Suggestions of standing scores of samples that are not withdrawn; levels by id, -1 where there is none yet."""

    sample: Ints
    member: Ints
    arm: Ints
    run: Ints
    shown: Ints
    first: Ints
    final: Ints
    touched: Ints
    expected: Floats


class ScoreTimes(NamedTuple):
    """Scores with their times; NaN where unknown."""

    member: Ints
    arm: Ints
    seconds: Floats
    """In the delayed arm with those of the answer to the judge."""


class BlindRatings(NamedTuple):
    """Values that were given blind; levels by id."""

    sample: Ints
    member: Ints
    level: Ints


class InfluenceSamples(NamedTuple):
    """Samples with their questions, and 1 where they have the side."""

    id: Ints
    question: Ints
    has_text: Ints
    has_image: Ints


class ExpectedValues(NamedTuple):
    """What a judge expects of samples on one dimension."""

    sample: Ints
    shown: Floats
    """The nearest level's value."""
    expected: Floats


def first_shown_at(study_id: int) -> Any:
    """Return when the first sample was opened that somebody met the judge on, as the database stores it, or None.

    Not when the judge was first met: the blind slot of that sample may have been scored before.
    """
    sql = f"""
        SELECT MIN(b.leased_at) FROM annotation_sample sa
        JOIN annotation_assignment a ON a.sample_id = sa.id AND a.arm <> {BLIND}
        JOIN annotation_assignment b ON b.sample_id = sa.id
        WHERE sa.study_id = %s
    """  # noqa: S608 - only a constant is put in
    return fetch_rows(sql, [study_id])[0][0]


def read_answered_suggestions(study_id: int) -> AnsweredSuggestions:
    """Return all that was suggested with scores that stand."""
    table = _table(
        f"""
        SELECT s.sample_id, s.member_id, s.arm, g.run_id, g.shown_id, g.first_id, g.final_id,
               CASE WHEN g.touched THEN 1 ELSE 0 END, g.expected
        FROM annotation_sample sa
        JOIN annotation_score s ON s.sample_id = sa.id
        JOIN annotation_suggestion g ON g.assignment_id = s.assignment_id
        WHERE sa.study_id = %s AND sa.state <> 'withdrawn' AND {_GIVEN} AND s.arm <> {BLIND}
          AND g.shown_at IS NOT NULL
        """,  # noqa: S608 - ours
        [study_id],
        9,
    )
    whole = np.nan_to_num(table[:, :8], nan=-1).astype(np.int64)
    sample, member, arm, run, shown, first, final, touched = whole.T
    return AnsweredSuggestions(sample, member, arm, run, shown, first, final, touched, table[:, 8])


def scores_with_and_without_judge(study_id: int, since: Any) -> ScoreTimes:
    """Return every score that was given with the judge, and every blind one since then."""
    table = _table(
        f"""
        SELECT s.member_id, s.arm, s.seconds + COALESCE(r.seconds, 0)
        FROM annotation_sample sa
        JOIN annotation_score s ON s.sample_id = sa.id
        LEFT JOIN annotation_revision r ON r.assignment_id = s.assignment_id AND r.voided_at IS NULL
        WHERE sa.study_id = %s AND sa.state <> 'withdrawn' AND {_GIVEN} AND s.at >= %s
        """,  # noqa: S608 - ours
        [study_id, since],
        3,
    )
    whole = table[:, :2].astype(np.int64)
    return ScoreTimes(whole[:, 0], whole[:, 1], table[:, 2])


def read_blind_ratings(study_id: int, since: Any) -> BlindRatings:
    """Return the values that were given blind since then."""
    table = _table(
        f"""
        SELECT s.sample_id, s.member_id, r.level_id
        FROM annotation_sample sa
        JOIN annotation_score s ON s.sample_id = sa.id
        JOIN annotation_rating r ON r.score_id = s.id
        WHERE sa.study_id = %s AND sa.state <> 'withdrawn' AND {_GIVEN} AND s.arm = {BLIND} AND s.at >= %s
        """,  # noqa: S608 - ours
        [study_id, since],
        3,
    ).astype(np.int64)
    return BlindRatings(*table.T)


def read_influence_samples(study_id: int) -> InfluenceSamples:
    """Return the samples of a study, those that were withdrawn too, ascending by id."""
    sql = """
        SELECT id, question_id, CASE WHEN has_text THEN 1 ELSE 0 END, CASE WHEN has_image THEN 1 ELSE 0 END
        FROM annotation_sample WHERE study_id = %s ORDER BY id
    """
    return InfluenceSamples(*_table(sql, [study_id], 4).astype(np.int64).T)


def read_expected_values(study_id: int, run_id: int, dimension: str) -> ExpectedValues:
    """Return what a run expects on one dimension of the samples that it has not learned from, or foresaw out of fold.

    That is the rule of `fair_predictions`. What a rule decides, as a side is missing, is no expectation.
    """
    shown, value = (_prediction_expression(dimension, name) for name in ("rounded", "expected"))
    table = _table(
        f"""
        SELECT p.sample_id, {shown[0]}, {value[0]}
        FROM annotation_prediction p
        JOIN annotation_sample sa ON sa.id = p.sample_id
        JOIN annotation_question q ON q.id = sa.question_id
        JOIN annotation_judgerun j ON j.id = p.run_id
        WHERE sa.study_id = %s AND p.run_id = %s AND p.status = 'ok'
          AND {unseen_sql(prediction="p", run="j", question="q")}
        """,  # noqa: S608 - ours, and paths as parameters
        [*shown[1], *value[1], study_id, run_id],
        3,
    )
    return ExpectedValues(table[:, 0].astype(np.int64), table[:, 1], table[:, 2])


def _prediction_expression(dimension: str, name: str) -> tuple[str, list[str]]:
    """Return the expression for one figure of a prediction, with its parameters."""
    if connection.vendor == "postgresql":
        return "CAST(jsonb_extract_path_text(p.dimensions, %s, %s) AS double precision)", [dimension, name]
    quoted = dimension.replace('"', '\\"')
    return "CAST(json_extract(p.dimensions, %s) AS REAL)", [f'$."{quoted}".{name}']


def _table(sql: str, parameters: Sequence[Any], columns: int) -> Floats:
    """Return the rows of a query as numbers; ids stay exact up to 2**53."""
    parts = [np.array(chunk, dtype=np.float64) for chunk in _chunks(sql, parameters)]
    return np.concatenate(parts) if parts else np.empty((0, columns), dtype=np.float64)


def _chunks(sql: str, parameters: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while chunk := cursor.fetchmany(AT_ONCE):
            yield chunk
