"""Checks whether a score or revision can still be undone."""

from datetime import datetime, timedelta

from annotation.core.errors import WrongState
from annotation.core.study_guards import require_scoring
from annotation.models import Member, Sample

from .assignment_sql import OwnAssignment
from .exposures import require_independent


def require_undoable(assignment: OwnAssignment, sample: Sample, *, given: datetime | None, at: datetime) -> None:
    """Raise unless a score or revision of a locked sample can still be undone.

    Raises:
        WrongState: `undo_too_late`, `decided`, `member_paused`, `study_closed`, `not_independent`.
    """
    if given is None or at > given + timedelta(minutes=assignment.undo_minutes):
        raise WrongState("The time to undo this score has passed.", code="undo_too_late")
    if sample.state not in (Sample.State.SCORING, Sample.State.BLOCKED):
        raise WrongState("This sample has been decided; its scores stand.", code="decided")
    if assignment.member_state != Member.State.ACTIVE:
        raise WrongState("You are paused in this study.", code="member_paused")
    require_scoring(assignment.study_state)
    require_independent(assignment)
