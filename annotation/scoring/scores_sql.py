"""SQL that stores scores and finishes assignments."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from annotation.core.sql import database_time, database_uuid, execute_write, fetch_rows
from annotation.core.stored_values import LEASED, SCORED


def finish_assignment(
    assignment_id: int, *, at: datetime, held_in: int = 0, arm: int = 0, revise_until: datetime | None = None
) -> bool:
    """Turn a lease into a finished assignment, unless it is no longer a lease."""
    until = None if revise_until is None else database_time(revise_until)
    return (
        execute_write(
            f"""UPDATE annotation_assignment SET state = {SCORED}, finished_at = %s, arm = %s, revise_until = %s
               WHERE id = %s AND state + 0 = {LEASED} AND arm = %s""",  # noqa: S608
            [database_time(at), arm, until, assignment_id, held_in],
        )
        == 1
    )


def insert_score(
    *,
    sample_id: int,
    member_id: int,
    assignment_id: int,
    client_key: UUID,
    seconds: float | None,
    at: datetime,
    arm: int = 0,
) -> int | None:
    """Store a score of the first round and return its id; `None` where the key or the place is taken."""
    rows = fetch_rows(
        """INSERT INTO annotation_score
             (sample_id, member_id, assignment_id, round, origin, arm, complete, client_key, seconds, at)
           VALUES (%s, %s, %s, 1, 'given', %s, %s, %s, %s, %s)
           ON CONFLICT DO NOTHING RETURNING id""",
        [sample_id, member_id, assignment_id, arm, True, database_uuid(client_key), seconds, database_time(at)],
    )
    return int(rows[0][0]) if rows else None


def insert_ratings(score_id: int, ratings: Sequence[tuple[int, int, str]]) -> None:
    """Store ``(dimension, level, note)`` rows of a score."""
    values = ", ".join(["(%s, %s, %s, %s)"] * len(ratings))
    parameters = [value for row in ratings for value in (score_id, *row)]
    execute_write(
        f"INSERT INTO annotation_rating (score_id, dimension_id, level_id, note) VALUES {values}",  # noqa: S608
        parameters,
    )


class ScoreCount(NamedTuple):
    """The score counts of a sample after one more score."""

    state: str
    scores_in: int
    scores_needed: int

    @property
    def enough(self) -> bool:
        """Whether the sample is to be decided now."""
        return self.state != "blocked" and 0 < self.scores_needed <= self.scores_in


def count_score(sample_id: int, states: Sequence[str]) -> ScoreCount | None:
    """Count one more valid score of a sample in one of ``states``, and lock its row."""
    marks = ", ".join(["%s"] * len(states))
    rows = fetch_rows(
        f"""UPDATE annotation_sample SET scores_in = scores_in + 1 WHERE id = %s AND state IN ({marks})
            RETURNING state, scores_in, scores_needed""",  # noqa: S608
        [sample_id, *states],
    )
    return ScoreCount(*rows[0]) if rows else None
