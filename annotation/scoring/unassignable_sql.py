"""SQL that finds begun samples which nobody can take."""

from collections.abc import Sequence

from annotation.core.scoring_eligibility import scoring_member_sql, unseen_sql
from annotation.core.sql import fetch_rows
from annotation.core.stored_values import BEGUN, LEASED, PREFILLED, RELEASED, SCORED
from annotation.models import Member

# An admin may score; whether one does shows when they have. Otherwise a sample would wait for them for ever.
_SCORES = f"""m.study_id = s.study_id AND {scoring_member_sql("m")}
          AND (m.role = '{Member.Role.ANNOTATOR}' OR EXISTS (
            SELECT 1 FROM annotation_assignment done WHERE done.member_id = m.id AND done.state = {SCORED}))"""  # noqa: S608 - only constants are put in
_UNSEEN = unseen_sql("s", exposed_through="m.exposed_through", member_id="m.id")
# As the queue hands them out: to those who have not had the sample and not seen it. Those who were shown a judge's
# values with it may get it again, but not in every slot; see `who_met_a_judge`.
_NOBODY = f"""
    FROM annotation_sample s
    JOIN annotation_study st ON st.id = s.study_id
    WHERE s.stage = {BEGUN} AND s.state IN ('scoring', 'in_review') AND st.state = 'running'
      AND NOT EXISTS (SELECT 1 FROM annotation_assignment held WHERE held.sample_id = s.id AND held.state = {LEASED})
      AND NOT EXISTS (
        SELECT 1 FROM annotation_member m
        WHERE {_SCORES}
          AND {_UNSEEN}
          AND NOT EXISTS (SELECT 1 FROM annotation_assignment a
                          WHERE a.sample_id = s.id AND a.member_id = m.id
                            AND (a.state <> {RELEASED} OR a.arm = {PREFILLED})))
      AND s.scores_needed <= (
        SELECT COUNT(*) FROM annotation_member m WHERE {_SCORES})
"""  # noqa: S608 - only a constant of this module is put in


def unassignable(*, limit: int) -> list[int]:
    """Return begun samples of running studies that no active annotator can take and that nobody holds."""
    return [row[0] for row in fetch_rows(f"SELECT s.id {_NOBODY} ORDER BY s.id LIMIT %s", [limit])]


def still_unassignable(sample_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """Return id, study and state of the samples that are still unassignable; lock them first."""
    marks = ", ".join(["%s"] * len(sample_ids))
    rows = fetch_rows(f"SELECT s.id, s.study_id, s.state {_NOBODY} AND s.id IN ({marks}) ORDER BY s.id", sample_ids)
    return [(row[0], row[1], row[2]) for row in rows]


def annotators_shown_a_judge(sample_ids: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return sample, free slots, rubric and member for leases lost after seeing a judge's values.

    Of members only such as could get it again if it were for nothing else.
    """
    marks = ", ".join(["%s"] * len(sample_ids))
    rows = fetch_rows(
        f"""SELECT s.id, s.free_slots, st.rubric_id, m.id
            FROM annotation_sample s
            JOIN annotation_study st ON st.id = s.study_id
            JOIN annotation_assignment a ON a.sample_id = s.id AND a.state = {RELEASED}
              AND a.arm = {PREFILLED}
            JOIN annotation_member m ON m.id = a.member_id AND {_SCORES} AND {_UNSEEN}
            WHERE s.id IN ({marks})""",  # noqa: S608
        sample_ids,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
