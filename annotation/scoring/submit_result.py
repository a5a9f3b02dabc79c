"""The answer to a submission, a revision or an undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from annotation.core.rubric_cache import RubricDefinition
from annotation.suggestions import showing
from annotation.suggestions.arms import SuggestionArm
from annotation.suggestions.showing import SuggestionView
from judge.missing_sides import LockedDimension

from .assignment_sql import OwnAssignment
from .own_scores import OwnScore, score_views
from .validation import add_locked_values


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult(OwnScore):
    """The result of a submission, a revision or an undo; ``ratings`` include locked dimensions.

    While it is `revising` the ratings are the own ones, which are locked, beside the judge's in ``suggestion``. Once
    that is answered, or ``revise_until`` has passed, those kept or changed decide and the locked ones are in ``own``.
    """

    assignment_id: str
    state: str
    expires_at: datetime | None = None
    suggestion: SuggestionView | None = None
    revise_until: datetime | None = None


def stored_result(
    assignment: OwnAssignment, rubric: RubricDefinition, locked: Mapping[str, LockedDimension]
) -> SubmissionResult:
    """Return the stored result of a scored assignment."""
    view = score_views([assignment.id], rubric)[assignment.id]
    shown = showing.build_suggestion_views([assignment.id], rubric) if assignment.arm == SuggestionArm.DELAYED else {}
    return SubmissionResult(
        assignment_id=assignment.public_id,
        state="scored" if assignment.revise_until is None else "revising",
        ratings=add_locked_values(view.ratings, locked),
        notes=view.notes,
        seconds=view.seconds,
        scored_at=view.scored_at,
        undo_until=view.undo_until,
        expires_at=assignment.revise_until,
        suggestion=shown.get(assignment.id),
        revise_until=assignment.revise_until,
        own=view.own,
    )
