"""SQL that reads, stores and answers suggestions."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from annotation.core.sql import database_time, database_uuid, execute_write, fetch_rows
from annotation.core.stored_values import BLIND, LEASED, SCORED, UNTOUCHED

from .unseen_predictions import unseen_sql


class SuggestionContext(NamedTuple):
    """The data that decides a member's arm on a sample."""

    sample_id: int
    public_id: str
    has_text: bool
    has_image: bool
    suggestions: str
    blind_share: float
    k: int
    kept_blind: bool
    """It is or may become test, calibrates, or no pool is reserved that test samples could come from."""
    run_id: int | None
    """The active judge; None where it says nothing of the sample, or learned from it."""
    dimensions: dict[str, dict[str, Any]]
    """What it says, as in a line of predictions."""
    own_arm: int | None
    """That of the member's own assignment, if there is one."""
    blind_elsewhere: bool
    """Somebody else holds or has given a blind score."""


def read_suggestion_contexts(sample_ids: Sequence[int], *, member_id: int, protocol_id: int) -> list[SuggestionContext]:
    """Return the data that decides a member's arms; unleased samples follow the given protocol.

    Only what is fair is a prediction here, by the rule of `fair_predictions`, in one statement with all else.
    """
    rows = fetch_rows(
        f"""SELECT s.id, s.public_id, s.has_text, s.has_image, p.suggestions, p.blind_share, p.annotators_per_sample,
                   q.reserved OR q.calibration OR q.part = 'test'
                     OR NOT EXISTS (SELECT 1 FROM annotation_reservedpool rp WHERE rp.study_id = s.study_id),
                   pr.run_id, pr.dimensions, own.arm,
                   EXISTS (SELECT 1 FROM annotation_assignment a
                           WHERE a.sample_id = s.id AND a.state IN ({LEASED}, {SCORED}) AND a.arm = {BLIND}
                             AND a.member_id <> %s)
            FROM annotation_sample s
            JOIN annotation_question q ON q.id = s.question_id
            JOIN annotation_protocol p ON p.id = CASE WHEN s.stage = {UNTOUCHED} THEN %s ELSE s.protocol_id END
            LEFT JOIN annotation_assignment own ON own.sample_id = s.id AND own.member_id = %s
            LEFT JOIN annotation_judgerun r ON r.study_id = s.study_id AND r.active
            LEFT JOIN annotation_prediction pr ON pr.run_id = r.id AND pr.sample_id = s.id AND pr.status = 'ok'
              AND {unseen_sql(prediction="pr", run="r", question="q")}
            WHERE s.id IN ({_placeholders(sample_ids)})""",  # noqa: S608 - only places are put in
        [member_id, protocol_id, member_id, *sample_ids],
    )
    # SQLite has no truth values, and JSON is a text to both.
    return [
        SuggestionContext._make(
            (*row[:7], bool(row[7]), row[8], json.loads(row[9]) if row[9] else {}, row[10], bool(row[11]))
        )
        for row in rows
    ]


class NewSuggestion(NamedTuple):
    """A judge's value on one dimension, to be fixed for a lease."""

    assignment_id: int
    dimension_id: int
    run_id: int
    shown_id: int
    expected: float
    sd: float
    low: float | None
    high: float | None
    shown_at: datetime | None


def insert_suggestions(suggestions: Sequence[NewSuggestion]) -> None:
    """Store suggestions, keeping those that exist."""
    if not suggestions:
        return
    one = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, FALSE)"
    parameters: list[Any] = []
    for row in suggestions:
        parameters += [*row[:-1], None if row.shown_at is None else database_time(row.shown_at)]
    execute_write(
        f"""INSERT INTO annotation_suggestion
              (assignment_id, dimension_id, run_id, shown_id, expected, sd, low, high, shown_at, touched)
            VALUES {", ".join([one] * len(suggestions))}
            ON CONFLICT (assignment_id, dimension_id) DO NOTHING""",  # noqa: S608
        parameters,
    )


def assignments_with_prediction(assignment_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return assignments with each run that has a prediction for their sample."""
    ids = list(dict.fromkeys(assignment_ids))
    rows = fetch_rows(
        f"""SELECT a.id, p.run_id FROM annotation_assignment a JOIN annotation_prediction p ON p.sample_id = a.sample_id
            WHERE a.id IN ({_placeholders(ids)})""",  # noqa: S608
        ids,
    )
    return {(assignment_id, run_id) for assignment_id, run_id in rows}


def forget_unseen(assignment_ids: Sequence[int]) -> None:
    """Delete suggestions of earlier leases that were not shown."""
    execute_write(
        f"""DELETE FROM annotation_suggestion
            WHERE assignment_id IN ({_placeholders(assignment_ids)}) AND shown_at IS NULL""",  # noqa: S608
        assignment_ids,
    )


class ShownSuggestion(NamedTuple):
    """A stored suggestion with its answer."""

    assignment_id: int
    arm: int
    dimension_id: int
    shown_id: int
    expected: float
    sd: float
    low: float | None
    high: float | None
    seen: bool
    first_id: int | None
    final_id: int | None
    touched: bool


def read_suggestions(assignment_ids: Sequence[int]) -> list[ShownSuggestion]:
    """Return the suggestions of assignments, seen or not."""
    rows = fetch_rows(
        f"""SELECT g.assignment_id, a.arm, g.dimension_id, g.shown_id, g.expected, g.sd, g.low, g.high,
                   g.shown_at IS NOT NULL, g.first_id, g.final_id, g.touched
            FROM annotation_suggestion g JOIN annotation_assignment a ON a.id = g.assignment_id
            WHERE g.assignment_id IN ({_placeholders(assignment_ids)})
            ORDER BY g.assignment_id, g.dimension_id""",  # noqa: S608
        assignment_ids,
    )
    return [
        row._replace(seen=bool(row.seen), touched=bool(row.touched)) for row in (ShownSuggestion(*row) for row in rows)
    ]


def answer_prefilled(assignment_id: int, score_id: int) -> None:
    """Store a score's values as answers to prefilled ones; the first answer is kept as such."""
    execute_write(
        """UPDATE annotation_suggestion AS g
           SET first_id = COALESCE(g.first_id, r.level_id), final_id = r.level_id, touched = TRUE
           FROM annotation_rating r
           WHERE r.score_id = %s AND r.dimension_id = g.dimension_id AND g.assignment_id = %s""",
        [score_id, assignment_id],
    )


def clear_answers(assignment_id: int) -> None:
    """Clear the answers to the suggestions of an assignment."""
    execute_write(
        "UPDATE annotation_suggestion SET final_id = NULL, touched = FALSE WHERE assignment_id = %s", [assignment_id]
    )


def reveal_suggestions(assignment_id: int, score_id: int, *, at: datetime) -> None:
    """Mark the suggestions as shown, now that the score's own values are locked."""
    execute_write(
        """UPDATE annotation_suggestion AS g SET shown_at = %s, first_id = r.level_id
           FROM annotation_rating r
           WHERE r.score_id = %s AND r.dimension_id = g.dimension_id AND g.assignment_id = %s""",
        [database_time(at), score_id, assignment_id],
    )


def insert_revision(
    *, assignment_id: int, client_key: UUID, values: dict[str, float], seconds: float | None, at: datetime
) -> int | None:
    """Store a revision and return its id; `None` where the key or the place is taken."""
    rows = fetch_rows(
        """INSERT INTO annotation_revision (assignment_id, client_key, "values", seconds, at)
           VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id""",
        [assignment_id, database_uuid(client_key), json.dumps(values), seconds, database_time(at)],
    )
    return int(rows[0][0]) if rows else None


def decide_revised(assignment_id: int, levels: Iterable[tuple[int, int]]) -> None:
    """Store ``(dimension, level)`` pairs as the deciding values, each answered by hand."""
    pairs = list(levels)
    whens = " ".join(["WHEN %s THEN %s"] * len(pairs))
    execute_write(
        f"""UPDATE annotation_suggestion SET touched = TRUE, final_id = CASE dimension_id {whens} END
            WHERE assignment_id = %s AND dimension_id IN ({_placeholders(pairs)})""",  # noqa: S608
        [*(value for pair in pairs for value in pair), assignment_id, *(dimension for dimension, _ in pairs)],
    )


def keep_own(assignment_ids: Sequence[int]) -> None:
    """Make the locked own values decide where suggestions were not answered."""
    execute_write(
        f"""UPDATE annotation_suggestion SET final_id = first_id
            WHERE assignment_id IN ({_placeholders(assignment_ids)}) AND final_id IS NULL""",  # noqa: S608
        assignment_ids,
    )


def _placeholders(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))
