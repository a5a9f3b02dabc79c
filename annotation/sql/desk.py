"""Reading what a lease and a score need to know, in one statement each."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .run import aware, moment, rows


class Desk(NamedTuple):
    """A person's place at a study, with what is needed to hand out work there."""

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
    """Somewhere on the site a lease is past its end and not yet released."""


def desk(user_id: int, slug: str, now: datetime) -> Desk | None:
    """Return the place of somebody who has not left; study, member and current protocol in one go."""
    found = rows(
        """SELECT st.id, st.state, st.rubric_id, m.id, m.user_id, m.role, m.state, m.shuffle_start, m.has_exposures,
                  m.exposed_through, p.id, p.annotators_per_sample, p.lease_minutes,
                  EXISTS (SELECT 1 FROM annotation_assignment WHERE state = 1 AND expires_at <= %s)
           FROM annotation_study st
           JOIN annotation_member m ON m.study_id = st.id
           JOIN annotation_protocol p ON p.study_id = st.id AND p.current
           WHERE st.slug = %s AND m.user_id = %s AND m.state <> 'left'""",
        [moment(now), slug, user_id],
    )
    return Desk(*found[0]) if found else None


class HeldRow(NamedTuple):
    """A lease and the sample that it is for."""

    assignment_id: int
    public_id: str
    state: int
    leased_at: datetime
    expires_at: datetime
    sample_id: int
    sample_public_id: str
    has_text: bool
    has_image: bool


def held(member_id: int, now: datetime, limit: int) -> list[HeldRow]:
    """Return the live leases of a member, those that an admin gave first, then the oldest; not those that ran out."""
    found = rows(
        """SELECT a.id, a.public_id, a.state, a.leased_at, a.expires_at, s.id, s.public_id, s.has_text, s.has_image
           FROM annotation_assignment a JOIN annotation_sample s ON s.id = a.sample_id
           WHERE a.member_id = %s AND a.state = 1 AND a.expires_at > %s
           ORDER BY a.assigned DESC, a.leased_at, a.id LIMIT %s""",
        [member_id, moment(now), limit],
    )
    return [HeldRow(*row)._replace(leased_at=aware(row[3]), expires_at=aware(row[4])) for row in found]


class OwnAssignment(NamedTuple):
    """One's own assignment with what a score, a skip or a renewal needs to know of sample, member and study."""

    id: int
    public_id: str
    state: int
    slot: int
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


def own_assignment(public_id: str, user_id: int) -> OwnAssignment | None:
    """Return an assignment of somebody who has not left the study."""
    found = rows(
        """SELECT a.id, a.public_id, a.state, a.slot, s.id, s.has_text, s.has_image, m.id, m.user_id, m.state,
                  m.has_exposures, m.exposed_through, st.id, st.state, st.rubric_id, p.annotators_per_sample,
                  p.lease_minutes, p.undo_minutes, a.expires_at
           FROM annotation_assignment a
           JOIN annotation_member m ON m.id = a.member_id
           JOIN annotation_sample s ON s.id = a.sample_id
           JOIN annotation_protocol p ON p.id = s.protocol_id
           JOIN annotation_study st ON st.id = s.study_id
           WHERE a.public_id = %s AND m.user_id = %s AND m.state <> 'left'""",
        [public_id, user_id],
    )
    return OwnAssignment(*found[0])._replace(expires_at=aware(found[0][-1])) if found else None


def turns(sample_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the turns of samples, as they were imported."""
    marks = ", ".join(["%s"] * len(sample_ids))
    found = rows(
        f"SELECT sample_id, turns FROM annotation_samplecontent WHERE sample_id IN ({marks})",  # noqa: S608
        sample_ids,
    )
    return {sample_id: json.loads(text) for sample_id, text in found}


def pictures(sample_ids: Sequence[int]) -> list[tuple[int, int, str, int, int, int, int]]:
    """Return sample, position, public id, width, height and size of the web copy of the pictures of samples."""
    marks = ", ".join(["%s"] * len(sample_ids))
    found: list[Any] = rows(
        f"""SELECT sp.sample_id, sp.position, sp.public_id, p.width, p.height, p.web_width, p.web_height
            FROM annotation_samplepicture sp JOIN annotation_picture p ON p.id = sp.picture_id
            WHERE sp.sample_id IN ({marks})""",  # noqa: S608
        sample_ids,
    )
    return found
