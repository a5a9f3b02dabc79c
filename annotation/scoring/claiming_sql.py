"""SQL that finds samples with free slots, claims slots and returns them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from annotation.core.scoring_eligibility import unseen_sql
from annotation.core.sql import database_time, execute_write, fetch_rows
from annotation.core.stored_values import BEGUN, LEASED, RELEASED, UNTOUCHED
from annotation.models import Sample
from annotation.models.fields import opaque_id


class Candidate(NamedTuple):
    """A sample that may have a free slot; ``own_state`` is the member's assignment state on it, if any."""

    sample_id: int
    public_id: str
    has_text: bool
    has_image: bool
    stage: int
    free_slots: int
    queued_at: int
    own_state: int | None


# An exposed member is rare: everybody else is spared the subquery.
_UNSEEN = " AND " + unseen_sql("s", exposed_through="%s", member_id="%s")


def top_begun_priority(study_id: int, *, below: int) -> int | None:
    """Return the highest priority under ``below`` that a begun sample has."""
    rows = fetch_rows(
        f"SELECT MAX(priority) FROM annotation_sample WHERE study_id = %s AND stage = {BEGUN} AND priority < %s",  # noqa: S608
        [study_id, below],
    )
    return rows[0][0]


def begun_samples(
    study_id: int, member_id: int, priority: int, after: int, limit: int, seen_through: int | None
) -> list[Candidate]:
    """Return the begun samples of a priority past both ``after`` and the member's cursor, oldest first.

    One statement for cursor, window and own assignments.
    """
    unseen, extra = ("", []) if seen_through is None else (_UNSEEN, [seen_through, member_id])
    rows = fetch_rows(
        f"""
        SELECT s.id, s.public_id, s.has_text, s.has_image, {BEGUN}, s.free_slots, s.queued_at, a.state
        FROM annotation_sample s
        LEFT JOIN annotation_assignment a ON a.sample_id = s.id AND a.member_id = %s
        WHERE s.study_id = %s AND s.stage = {BEGUN} AND s.priority = %s AND s.queued_at > %s
          AND s.queued_at > COALESCE((SELECT c.queued_at FROM annotation_queuecursor c
                                      WHERE c.member_id = %s AND c.priority = %s), -1){unseen}
        ORDER BY s.queued_at LIMIT %s
        """,  # noqa: S608 - only constants of this module are put in
        [member_id, study_id, priority, after, member_id, priority, *extra, limit],
    )
    return [Candidate(*row) for row in rows]


def begun_samples_anywhere(study_id: int, member_id: int, limit: int, seen_through: int | None) -> list[Candidate]:
    """Return begun samples of any priority that are not the member's own.

    Asked before somebody is told that nothing is left: a cursor may have passed a row that was committed late.
    """
    unseen, extra = ("", []) if seen_through is None else (_UNSEEN, [seen_through, member_id])
    rows = fetch_rows(
        f"""
        SELECT s.id, s.public_id, s.has_text, s.has_image, {BEGUN}, s.free_slots, s.queued_at, a.state
        FROM annotation_sample s
        LEFT JOIN annotation_assignment a ON a.sample_id = s.id AND a.member_id = %s
        WHERE s.study_id = %s AND s.stage = {BEGUN} AND (a.id IS NULL OR a.state = {RELEASED}){unseen}
        ORDER BY s.priority DESC, s.queued_at LIMIT %s
        """,  # noqa: S608
        [member_id, study_id, *extra, limit],
    )
    return [Candidate(*row) for row in rows]


def untouched_samples(
    study_id: int, member_id: int, shuffle_start: int, limit: int, seen_through: int | None
) -> list[Candidate]:
    """Return never leased samples of the highest priority, in shuffle order from the member's own start, wrapping.

    Nobody has an assignment on them, so nothing needs to be excluded.
    """
    unseen, extra = ("", []) if seen_through is None else (_UNSEEN, [seen_through, member_id])
    sql = f"""
        SELECT s.id, s.public_id, s.has_text, s.has_image, {UNTOUCHED}, 0, 0, NULL FROM annotation_sample s
        WHERE s.study_id = %s AND s.stage = {UNTOUCHED}
          AND s.priority = (SELECT MAX(priority) FROM annotation_sample WHERE study_id = %s AND stage = {UNTOUCHED})
          AND s.shuffle {{}} %s{unseen}
        ORDER BY s.shuffle LIMIT %s
        """  # noqa: S608
    parameters = [study_id, study_id, shuffle_start, *extra]
    rows = fetch_rows(sql.format(">="), [*parameters, limit])
    if len(rows) < limit:
        rows += fetch_rows(sql.format("<"), [*parameters, limit - len(rows)])
    if not rows and seen_through is not None:
        # An exposed member may have seen the whole top priority and none of the next.
        rows = fetch_rows(
            f"""SELECT s.id, s.public_id, s.has_text, s.has_image, {UNTOUCHED}, 0, 0, NULL FROM annotation_sample s
                WHERE s.study_id = %s AND s.stage = {UNTOUCHED}{unseen} ORDER BY s.priority DESC, s.shuffle LIMIT %s""",  # noqa: S608
            [study_id, *extra, limit],
        )
    return [Candidate(*row) for row in rows]


def claim_untouched(sample_id: int, *, protocol_id: int, free_slots: int, scores_needed: int, queued_at: int) -> bool:
    """Open a never leased sample, unless another request was faster."""
    return (
        execute_write(
            f"""UPDATE annotation_sample
               SET stage = %s, free_slots = %s, state = 'scoring', protocol_id = %s, scores_needed = %s,
                   queued_at = %s
               WHERE id = %s AND stage = {UNTOUCHED}""",  # noqa: S608
            [
                Sample.Stage.BEGUN if free_slots else Sample.Stage.CLOSED,
                free_slots,
                protocol_id,
                scores_needed,
                queued_at,
                sample_id,
            ],
        )
        == 1
    )


def claim_begun(sample_id: int, *, expected: int, free_slots: int) -> bool:
    """Take a slot of a begun sample, unless its free slots have changed since they were read."""
    return (
        execute_write(
            f"""UPDATE annotation_sample SET stage = %s, free_slots = %s
               WHERE id = %s AND stage + 0 = {BEGUN} AND free_slots = %s""",  # noqa: S608
            [Sample.Stage.BEGUN if free_slots else Sample.Stage.CLOSED, free_slots, sample_id, expected],
        )
        == 1
    )


def give_slot_back(sample_id: int, *, slot_bit: int, queued_at: int) -> None:
    """Return a slot of a sample that still needs scores, at the end of the queue."""
    execute_write(
        f"""UPDATE annotation_sample SET stage = {BEGUN}, free_slots = free_slots | %s, queued_at = %s
           WHERE id = %s AND state IN ('scoring', 'in_review') AND scores_in < scores_needed""",  # noqa: S608
        [slot_bit, queued_at, sample_id],
    )


def set_priorities(untouched: Sequence[tuple[int, int]], begun: Sequence[tuple[int, int]], *, queued_at: int) -> None:
    """Give ``(sample, priority)`` samples another priority; lock them first, and commit within `CURSOR_LAG`.

    A begun one goes to the end of its new queue: members' cursors there may be past the place that it would have.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE annotation_sample SET priority = %s WHERE id = %s AND stage + 0 = {UNTOUCHED}",  # noqa: S608
            [(priority, sample) for sample, priority in untouched],
        )
        # No two in the same microsecond: a cursor between them would hide one.
        cursor.executemany(
            f"UPDATE annotation_sample SET priority = %s, queued_at = %s WHERE id = %s AND stage + 0 = {BEGUN}",  # noqa: S608
            [(priority, queued_at + place, sample) for place, (sample, priority) in enumerate(begun)],
        )


def move_cursor(member_id: int, priority: int, queued_at: int) -> None:
    """Store the position up to which begun samples of a priority are all the member's own."""
    execute_write(
        """INSERT INTO annotation_queuecursor (member_id, priority, queued_at) VALUES (%s, %s, %s)
           ON CONFLICT (member_id, priority) DO UPDATE SET queued_at = excluded.queued_at
           WHERE annotation_queuecursor.queued_at < excluded.queued_at""",
        [member_id, priority, queued_at],
    )


def insert_assignments(
    claims: Sequence[tuple[int, int, int]],
    *,
    member_id: int,
    leased_at: datetime,
    expires_at: datetime,
    assigned: bool = False,
) -> dict[int, tuple[int, str]]:
    """Store a lease per ``(sample, slot, arm)`` and return its id and opaque id by sample.

    A sample that the member has an assignment of already is left out; one that had been released is taken up again
    under its old id.
    """
    start, end = database_time(leased_at), database_time(expires_at)
    parameters: list[Any] = []
    for sample_id, slot, arm in claims:
        parameters += [opaque_id(), sample_id, member_id, slot, arm, start, end, assigned]
    values = ", ".join([f"(%s, %s, %s, %s, {LEASED}, %s, %s, %s, %s)"] * len(claims))
    rows = fetch_rows(
        f"""INSERT INTO annotation_assignment
              (public_id, sample_id, member_id, slot, state, arm, leased_at, expires_at, assigned)
            VALUES {values}
            ON CONFLICT (sample_id, member_id) DO UPDATE
            SET state = {LEASED}, slot = excluded.slot, arm = excluded.arm, leased_at = excluded.leased_at,
                expires_at = excluded.expires_at, assigned = excluded.assigned, finished_at = NULL
            WHERE annotation_assignment.state = {RELEASED}
            RETURNING sample_id, id, public_id""",  # noqa: S608
        parameters,
    )
    return {sample_id: (pk, public_id) for sample_id, pk, public_id in rows}
