"""SQL that reads what leasing and scoring need, in one statement each."""

from datetime import datetime
from typing import Any, NamedTuple

from annotation.core.sql import database_time, fetch_rows, with_time_zone
from annotation.core.stored_values import LEASED


class LeasingContext(NamedTuple):
    """A user's membership of a study, with what leasing samples to them needs."""

    study_id: int
    study_state: str
    rubric_id: int
    member_id: int
    user_id: int
    role: str
    member_state: str
    shuffle_start: int
    has_exposures: bool
    exposed_through: int
    protocol_id: int
    annotators_per_sample: int
    lease_minutes: int
    a_lease_ran_out: bool
    """Somewhere on the site a lease or the time to revise is past its end, and nothing has followed yet."""
    meets_judges: bool
    """By some version of its rules, annotators meet a judge in this study."""


def find_leasing_context(user_id: int, slug: str, now: datetime) -> LeasingContext | None:
    """Return study, member and current protocol of a user who has not left the study.

    What runs out first is the first of its index. Asked whether anything has run out, PostgreSQL, which plans without
    knowing the time, would look through all assignments of the site.
    """
    rows = fetch_rows(
        f"""SELECT st.id, st.state, st.rubric_id, m.id, m.user_id, m.role, m.state, m.shuffle_start, m.has_exposures,
                  m.exposed_through, p.id, p.annotators_per_sample, p.lease_minutes,
                  COALESCE((SELECT min(expires_at) FROM annotation_assignment WHERE state = {LEASED}) <= %s, FALSE)
                    OR COALESCE((SELECT min(revise_until) FROM annotation_assignment
                                 WHERE revise_until IS NOT NULL) <= %s, FALSE),
                  EXISTS (SELECT 1 FROM annotation_protocol v WHERE v.study_id = st.id AND v.suggestions <> 'none')
           FROM annotation_study st
           JOIN annotation_member m ON m.study_id = st.id
           JOIN annotation_protocol p ON p.study_id = st.id AND p.current
           WHERE st.slug = %s AND m.user_id = %s AND m.state <> 'left'""",  # noqa: S608 - only constants are put in
        [database_time(now), database_time(now), slug, user_id],
    )
    return LeasingContext(*rows[0]) if rows else None


class HeldRow(NamedTuple):
    """A lease and its sample."""

    assignment_id: int
    public_id: str
    state: int
    arm: int
    leased_at: datetime
    expires_at: datetime
    revise_until: datetime | None
    sample_id: int
    sample_public_id: str
    has_text: bool
    has_image: bool


_HELD = """SELECT a.id, a.public_id, a.state, a.arm, a.leased_at, a.expires_at, a.revise_until,
                  s.id, s.public_id, s.has_text, s.has_image
           FROM annotation_assignment a JOIN annotation_sample s ON s.id = a.sample_id"""


def live_leases(member_id: int, now: datetime, limit: int) -> list[HeldRow]:
    """Return a member's unexpired leases, those assigned by an admin first, then the oldest."""
    rows = fetch_rows(
        f"""{_HELD} WHERE a.member_id = %s AND a.state = {LEASED} AND a.expires_at > %s
            ORDER BY a.assigned DESC, a.leased_at, a.id LIMIT %s""",
        [member_id, database_time(now), limit],
    )
    return [_build_held_row(row) for row in rows]


def revisable_assignments(member_id: int, now: datetime, limit: int) -> list[HeldRow]:
    """Return the assignments that a member may revise now, the first to end first."""
    rows = fetch_rows(
        f"{_HELD} WHERE a.member_id = %s AND a.revise_until > %s ORDER BY a.revise_until, a.id LIMIT %s",
        [member_id, database_time(now), limit],
    )
    return [_build_held_row(row) for row in rows]


def _build_held_row(row: tuple[Any, ...]) -> HeldRow:
    until = row[6]
    return HeldRow(*row)._replace(
        leased_at=with_time_zone(row[4]),
        expires_at=with_time_zone(row[5]),
        revise_until=None if until is None else with_time_zone(until),
    )


class OwnAssignment(NamedTuple):
    """A user's own assignment, with sample, member and study as scoring it needs them."""

    id: int
    public_id: str
    state: int
    slot: int
    arm: int
    revise_until: datetime | None
    sample_id: int
    has_text: bool
    has_image: bool
    member_id: int
    user_id: int
    member_state: str
    has_exposures: bool
    exposed_through: int
    study_id: int
    study_state: str
    rubric_id: int
    annotators_per_sample: int
    lease_minutes: int
    undo_minutes: int
    expires_at: datetime


def find_own_assignment(public_id: str, user_id: int) -> OwnAssignment | None:
    """Return the user's own assignment, unless they have left the study."""
    rows = fetch_rows(
        """SELECT a.id, a.public_id, a.state, a.slot, a.arm, a.revise_until, s.id, s.has_text, s.has_image,
                  m.id, m.user_id, m.state, m.has_exposures, m.exposed_through, st.id, st.state, st.rubric_id,
                  p.annotators_per_sample, p.lease_minutes, p.undo_minutes, a.expires_at
           FROM annotation_assignment a
           JOIN annotation_member m ON m.id = a.member_id
           JOIN annotation_sample s ON s.id = a.sample_id
           JOIN annotation_protocol p ON p.id = s.protocol_id
           JOIN annotation_study st ON st.id = s.study_id
           WHERE a.public_id = %s AND m.user_id = %s AND m.state <> 'left'""",
        [public_id, user_id],
    )
    if not rows:
        return None
    assignment = OwnAssignment(*rows[0])
    until = None if assignment.revise_until is None else with_time_zone(assignment.revise_until)
    return assignment._replace(revise_until=until, expires_at=with_time_zone(assignment.expires_at))
