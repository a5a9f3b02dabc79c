"""Reads what a release keeps, page by page through one connection, as of one moment.

Through the ORM, reading 48,000 samples with their ratings would take most of the time that a release may take.
"""

import json
from collections.abc import Iterator, Sequence
from sys import intern
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

AT_ONCE = 2_000


class AgreedSample(NamedTuple):
    """An agreed sample, with what decides its part."""

    id: int
    question_id: int
    question: str
    part: str
    reserved: bool
    calibration: bool
    generator: str
    domain: str


class FrozenContent(NamedTuple):
    """The content and description of a sample."""

    id: int
    external_id: str
    question: str
    generator: str
    domain: str
    category: str
    topic: str
    language: str
    turns: list[dict[str, Any]]
    metadata: dict[str, Any]


class CurrentFinalScore(NamedTuple):
    """A current final score."""

    sample_id: int
    id: int
    dimension_id: int
    level_id: int | None
    outcome: str
    label_origin: str


class ValidScore(NamedTuple):
    """A valid score with its levels."""

    sample_id: int
    member_id: int
    round: int
    arm: int
    at: str | None
    seconds: float | None
    level_ids: list[int]


class SamplePictureRow(NamedTuple):
    """A picture of a sample, and where it is stored."""

    sample_id: int
    position: int
    sha256: str
    storage: str
    width: int
    height: int


class StudyReader:
    """Reads a study through a connection that its caller has put into a transaction."""

    def __init__(self, connection: BaseDatabaseWrapper, study_id: int) -> None:
        self._connection, self._study_id = connection, study_id
        self._text = "::text" if connection.vendor == "postgresql" else ""
        self._join_levels = "string_agg(r.level_id::text, ',')" if self._text else "group_concat(r.level_id)"
        self._time_text = "(s.at AT TIME ZONE 'UTC')::text" if self._text else "CAST(s.at AS TEXT)"

    def read_agreed_samples(self) -> Iterator[AgreedSample]:
        """Yield the agreed samples in the order of their ids.

        Values that many samples share are one object for all.
        """
        sql = """SELECT s.id, q.id, q.key, q.part, q.reserved, q.calibration, s.generator, s.domain
                 FROM annotation_sample s JOIN annotation_question q ON q.id = s.question_id
                 WHERE s.study_id = %s AND s.state = 'agreed' ORDER BY s.id"""
        with self._connection.chunked_cursor() as cursor:
            cursor.execute(sql, [self._study_id])
            while chunk := cursor.fetchmany(AT_ONCE):
                for pk, question_id, key, part, reserved, calibration, generator, domain in chunk:
                    shared = intern(part), reserved, calibration, intern(generator), intern(domain)
                    yield AgreedSample(pk, question_id, key, *shared)

    def use_indexes(self) -> None:
        """Make PostgreSQL read pages of ids through indexes from now on.

        It would read whole tables for each page otherwise.
        """
        if self._connection.vendor == "postgresql":
            with self._connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")

    def read_member_ids(self) -> list[int]:
        """Return the ids of the study's members."""
        return [
            pk for (pk,) in self._fetch_rows("SELECT id FROM annotation_member WHERE study_id = %s", [self._study_id])
        ]

    def count_by_state(self) -> list[tuple[str, str, int]]:
        """Return how many samples of each generator are in each state."""
        sql = """SELECT generator, state, count(*) FROM annotation_sample
                 WHERE study_id = %s GROUP BY generator, state"""
        return self._fetch_rows(sql, [self._study_id])

    def read_contents(self, ids: Sequence[int]) -> dict[int, FrozenContent]:
        """Return the contents of samples by id."""
        rows = self._fetch_rows(
            f"""SELECT s.id, s.external_id, q.key, s.generator, s.domain, s.category, s.topic, s.language,
                       c.turns{self._text}, c.metadata{self._text}
                FROM annotation_sample s JOIN annotation_question q ON q.id = s.question_id
                JOIN annotation_samplecontent c ON c.sample_id = s.id
                WHERE s.id IN ({_id_list(ids)})"""  # noqa: S608 - only whole numbers are put in
        )
        return {row[0]: FrozenContent._make((*row[:8], json.loads(row[8]), json.loads(row[9]))) for row in rows}

    def read_final_scores(self, ids: Sequence[int]) -> list[CurrentFinalScore]:
        """Return the current final scores of the samples."""
        rows = self._fetch_rows(
            f"""SELECT f.sample_id, f.id, f.dimension_id, f.level_id, f.outcome, f.label_origin
                FROM annotation_finalscore f WHERE f.sample_id IN ({_id_list(ids)}) AND f.current"""  # noqa: S608
        )
        return [CurrentFinalScore(*row) for row in rows]

    def read_valid_scores(self, ids: Sequence[int]) -> list[ValidScore]:
        """Return the valid scores of the samples."""
        # A row per score: a row per rating takes three times as long to fetch.
        rows = self._fetch_rows(
            f"""SELECT s.sample_id, s.member_id, s.round, s.arm, {self._time_text}, s.seconds,
                       (SELECT {self._join_levels} FROM annotation_rating r WHERE r.score_id = s.id)
                FROM annotation_score s
                WHERE s.sample_id IN ({_id_list(ids)}) AND s.voided_at IS NULL"""  # noqa: S608
        )
        return [
            ValidScore(sample, member, number, arm, at, seconds, [int(pk) for pk in (levels or "").split(",") if pk])
            for sample, member, number, arm, at, seconds, levels in rows
        ]

    def read_pictures(self, ids: Sequence[int]) -> list[SamplePictureRow]:
        """Return the pictures of the samples, each sample's in order."""
        rows = self._fetch_rows(
            f"""SELECT sp.sample_id, sp.position, p.sha256, p."full", p.width, p.height
                FROM annotation_samplepicture sp JOIN annotation_picture p ON p.id = sp.picture_id
                WHERE sp.sample_id IN ({_id_list(ids)}) ORDER BY sp.sample_id, sp.position"""  # noqa: S608
        )
        return [SamplePictureRow(*row) for row in rows]

    def _fetch_rows(self, sql: str, parameters: Sequence[Any] | None = None) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows: list[Any] = cursor.fetchall()
            return rows


def split_into_pages(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield the ids page by page."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _id_list(ids: Sequence[int]) -> str:
    return ",".join(str(int(pk)) for pk in ids)
