"""The SQL that reads and writes the review queue in bulk."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from annotation.core.score_rules import independent_sql

CHUNK_ROWS = 20_000
# SQLite takes 32,766 parameters in a statement.
MAX_PARAMETERS = 10_000


class QueueSampleRow(NamedTuple):
    """The columns of a sample that the queues need."""

    id: int
    public_id: str
    state: str
    stage: int
    priority: int
    scores_in: int
    scores_needed: int
    has_text: bool
    has_image: bool


def read_samples(study_id: int, among: Sequence[int] | None = None) -> Iterator[QueueSampleRow]:
    """Yield a study's samples that are not withdrawn.

    Where ``among`` is given, only those in it.
    """
    sql = """SELECT s.id, s.public_id, s.state, s.stage, s.priority, s.scores_in, s.scores_needed, s.has_text,
                    s.has_image
             FROM annotation_sample s
             WHERE s.study_id = %s AND s.state <> 'withdrawn'"""
    for row in _read_rows(sql, [study_id], "s.id", among):
        yield QueueSampleRow._make((*row[:7], bool(row[7]), bool(row[8])))


def read_independent_ratings(study_id: int, among: Sequence[int] | None = None) -> Iterator[tuple[int, int]]:
    """Yield sample and level of every independent rating.

    Whoever gave it had not seen others' values or a judge's.
    """
    sql = f"""SELECT c.sample_id, r.level_id
             FROM annotation_sample s
             JOIN annotation_score c ON c.sample_id = s.id
             JOIN annotation_rating r ON r.score_id = c.id
             WHERE s.study_id = %s AND s.state <> 'withdrawn' AND {independent_sql("c")}"""  # noqa: S608
    yield from _read_rows(sql, [study_id], "s.id", among)


def read_finals(study_id: int, among: Sequence[int] | None = None) -> Iterator[tuple[int, int]]:
    """Yield sample and level of every agreed value of a sample that is agreed now."""
    sql = """SELECT f.sample_id, f.level_id
             FROM annotation_sample s JOIN annotation_finalscore f ON f.sample_id = s.id
             WHERE s.study_id = %s AND s.state = 'agreed' AND f.current AND f.level_id IS NOT NULL"""
    yield from _read_rows(sql, [study_id], "s.id", among)


def update_entries(columns: Sequence[str], changed: Iterable[Sequence[Any]]) -> None:
    """Update columns of entries by rows of values, the entry's id last.

    The values are as the columns store them.
    """
    named = ", ".join(f"{column} = %s" for column in columns)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE annotation_queueentry SET {named} WHERE id = %s", list(changed))  # noqa: S608


def _read_rows(sql: str, parameters: list[Any], key: str, among: Sequence[int] | None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query in chunks.

    PostgreSQL would otherwise send all of them at once.
    """
    if among is None:
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql, parameters)
            while chunk := cursor.fetchmany(CHUNK_ROWS):
                yield from chunk
        return
    for start in range(0, len(among), MAX_PARAMETERS):
        chunk = among[start : start + MAX_PARAMETERS]
        placeholders = ", ".join(["%s"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} AND {key} IN ({placeholders})", [*parameters, *chunk])
            yield from cursor.fetchall()
