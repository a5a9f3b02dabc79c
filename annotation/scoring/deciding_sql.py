"""SQL of decisions, in a fixed number of statements per batch of samples."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from annotation.core.score_rules import complete_sql
from annotation.core.sql import database_time, execute_write, fetch_rows
from annotation.core.stored_values import BEGUN, BLIND, CLOSED, LEASED, SCORED

# SQLite takes 32,766 parameters in a statement.
MOST_PARAMETERS = 30_000


class Undecided(NamedTuple):
    """A sample with enough scores, and the rules that it follows."""

    sample_id: int
    public_id: str
    state: str
    has_text: bool
    has_image: bool
    rubric_id: int
    annotators_per_sample: int
    tolerance: float
    tie_rule: str
    decide: str
    cross_review: str
    review_share: float
    review_threshold: float | None
    discussion_days: int | None
    last_slot: int
    """The highest slot in use, 0 for none."""
    last_version: int
    """Of its final scores, 0 for none."""
    asked_one_more: bool


class CountingLevel(NamedTuple):
    """One deciding value of the first round: the annotator's own, or their revised one."""

    member_id: int
    imported: bool
    arm: int
    """How its annotator met the judge on this dimension."""
    dimension_id: int
    level_id: int


def undecided_samples(sample_ids: Sequence[int]) -> list[tuple[Undecided, list[CountingLevel]]]:
    """Return the samples that have enough scores, ordered by id.

    That is the standing, complete values of the first round, the imported ones where they were declared complete; where
    somebody has kept or changed theirs in view of a judge's, that. A sample that somebody still holds or may still
    revise is left out: their work counts when it comes, as may be after a change of k.
    """
    rows = fetch_rows(
        f"""WITH u AS MATERIALIZED (
              SELECT s.id, s.public_id, s.state, s.has_text, s.has_image, st.rubric_id, p.annotators_per_sample,
                     p.tolerance, p.tie_rule, p.decide, p.cross_review, p.review_share, p.review_threshold,
                     p.discussion_days,
                     COALESCE((SELECT MAX(a.slot) FROM annotation_assignment a
                               WHERE a.sample_id = s.id AND a.state IN ({LEASED}, {SCORED})), 0),
                     COALESCE((SELECT MAX(f.version) FROM annotation_finalscore f WHERE f.sample_id = s.id), 0),
                     p.tie_rule = 'third' AND EXISTS (SELECT 1 FROM annotation_historyentry h
                                                      WHERE h.sample_id = s.id AND h.event = 'one_more_asked'),
                     s.counts_imported
              FROM annotation_sample s
              JOIN annotation_protocol p ON p.id = s.protocol_id
              JOIN annotation_study st ON st.id = s.study_id
              WHERE s.id IN ({_placeholders(sample_ids)}) AND s.state IN ('scoring', 'in_review')
                AND s.scores_needed > 0 AND s.scores_in >= s.scores_needed
                AND NOT EXISTS (SELECT 1 FROM annotation_assignment a WHERE a.sample_id = s.id
                                AND (a.state + 0 = {LEASED} OR a.revise_until IS NOT NULL)))
            SELECT u.*, c.member_id, c.origin = 'imported', CASE WHEN g.id IS NULL THEN {BLIND} ELSE c.arm END,
                   r.dimension_id, COALESCE(g.final_id, r.level_id)
            FROM u
            JOIN annotation_score c ON c.sample_id = u.id
            JOIN annotation_rating r ON r.score_id = c.id
            LEFT JOIN annotation_suggestion g ON c.arm <> {BLIND} AND g.assignment_id = c.assignment_id
              AND g.dimension_id = r.dimension_id
            WHERE c.sample_id IN ({_placeholders(sample_ids)}) AND {complete_sql("c")}
              AND (c.origin = 'given' OR c.origin = 'imported' AND u.counts_imported)
            ORDER BY u.id""",  # noqa: S608 - only places are put in
        # Twice, as a planner without statistics would look through the scores of every sample otherwise.
        [*sample_ids, *sample_ids],
    )
    width = len(Undecided._fields)
    return [
        (Undecided(*group[0][:width]), [CountingLevel(*row[width + 1 :]) for row in group])
        for group in (list(same) for _, same in groupby(rows, key=itemgetter(0)))
    ]


def close_samples(sample_ids: Sequence[int], *, state: str) -> None:
    """Set samples to a state in which they are not scored."""
    execute_write(
        f"""UPDATE annotation_sample SET state = %s, stage = {CLOSED}, free_slots = 0
            WHERE id IN ({_placeholders(sample_ids)})""",  # noqa: S608
        [state, *sample_ids],
    )


def open_slot(sample_ids: Sequence[int], *, state: str, slot_bit: int, queued_at: int) -> None:
    """Open one more slot on samples, at the end of the queue."""
    # No two in the same microsecond: a cursor between them would hide one.
    execute_write(
        f"""UPDATE annotation_sample SET state = %s, stage = {BEGUN}, free_slots = free_slots | %s,
                   scores_needed = scores_needed + 1, queued_at = %s + (id - %s)
            WHERE id IN ({_placeholders(sample_ids)})""",  # noqa: S608
        [state, slot_bit, queued_at, min(sample_ids), *sample_ids],
    )


def retire_finals(sample_ids: Sequence[int]) -> None:
    """Mark all final scores of the samples as not current."""
    execute_write(
        f"UPDATE annotation_finalscore SET current = FALSE"  # noqa: S608
        f" WHERE sample_id IN ({_placeholders(sample_ids)}) AND current",
        sample_ids,
    )


def insert_finals(finals: Iterable[tuple[int, int, int | None, int, str, str]], *, at: datetime) -> None:
    """Store final scores given as sample, dimension, level, version, outcome and label origin."""
    when = database_time(at)
    _insert_rows(
        "annotation_finalscore",
        "sample_id, dimension_id, level_id, version, outcome, label_origin, current, reason, at",
        "(%s, %s, %s, %s, %s, %s, TRUE, '', %s)",
        ((*row, when) for row in finals),
    )


class NewDiscussion(NamedTuple):
    """A discussion to be opened."""

    public_id: str
    study_id: int
    sample_id: int
    because: str
    spread: float
    due_at: datetime | None


def insert_discussions(discussions: Sequence[NewDiscussion], *, at: datetime) -> dict[int, int]:
    """Store open discussions, each with the next number of its sample, and return their ids by sample."""
    when = database_time(at)
    number = "(SELECT COALESCE(MAX(d.number), 0) + 1 FROM annotation_discussion d WHERE d.sample_id = %s)"
    rows = _insert_rows(
        "annotation_discussion",
        "public_id, study_id, sample_id, number, because, state, spread, opened_at, due_at, version",
        f"(%s, %s, %s, {number}, %s, 'open', %s, %s, %s, 1)",
        (
            (
                *(one.public_id, one.study_id, one.sample_id, one.sample_id, one.because, one.spread, when),
                None if one.due_at is None else database_time(one.due_at),
            )
            for one in discussions
        ),
        returning="sample_id, id",
    )
    return dict(rows)


def insert_topics(topics: Iterable[tuple[int, int]]) -> None:
    """Store ``(discussion, dimension)`` topics."""
    _insert_rows("annotation_topic", "discussion_id, dimension_id", "(%s, %s)", topics)


def insert_participants(participants: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    """Store ``(discussion, member, number)`` participants, all awaited; return their ids by discussion and member."""
    rows = _insert_rows(
        "annotation_participant",
        "discussion_id, member_id, number, state, excused_because, waits",
        "(%s, %s, %s, 'active', '', TRUE)",
        participants,
        returning="discussion_id, member_id, id",
    )
    return {(discussion, member): pk for discussion, member, pk in rows}


def insert_stances(stances: Iterable[tuple[int, int, int | None]]) -> None:
    """Store first stances, given as ``(participant, dimension, level)``."""
    _insert_rows(
        "annotation_stance",
        "participant_id, dimension_id, first_id, level_id",
        "(%s, %s, %s, %s)",
        ((participant, dimension, level, level) for participant, dimension, level in stances),
    )


def _placeholders(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _insert_rows(
    table: str, columns: str, places: str, values: Iterable[Sequence[Any]], *, returning: str = ""
) -> list[tuple[Any, ...]]:
    """Insert rows, as many at a time as a statement takes, and return what is asked for of each."""
    rows: list[tuple[Any, ...]] = []
    most = MOST_PARAMETERS // places.count("%s")
    for piece in _split_rows(values, most):
        sql = f"INSERT INTO {table} ({columns}) VALUES {', '.join([places] * len(piece))}"  # noqa: S608
        parameters = [value for row in piece for value in row]
        if returning:
            rows += fetch_rows(f"{sql} RETURNING {returning}", parameters)
        else:
            execute_write(sql, parameters)
    return rows


def _split_rows(values: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(values)
    while piece := list(islice(iterator, size)):
        yield piece
