"""Submits and voids revisions, the answers to a judge's values in the delayed arm.

The locked values stay and count as independent; what was kept or changed decides.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from annotation.core.errors import BadInput, WrongState
from annotation.core.history import insert_history
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.sample_states import Event, next_state
from annotation.core.score_rules import first_round_scores
from annotation.core.study_guards import require_scoring
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Rating, Revision, Sample, User
from annotation.suggestions import suggestions_sql as sql
from annotation.suggestions.arms import SuggestionArm
from judge.missing_sides import locked_dimensions

from .assignment_sql import OwnAssignment
from .deciding import decide_samples
from .exposures import require_independent
from .leases import require_own_assignment
from .submit_result import SubmissionResult, stored_result
from .undo_window import require_undoable
from .validation import check_values

REVEALED = "Your own values are locked: you have been shown the judge's since."


def submit_revision(
    *, by: User, assignment_id: str, client_key: UUID, ratings: Mapping[str, float], seconds: float | None
) -> SubmissionResult:
    """Store the values that decide after seeing the judge's; a repeated key stores nothing.

    Raises:
        NotFound: the assignment is not the user's.
        BadInput: a dimension is missing, unknown or locked, a value is none of its levels, or one was changed on which
            the judge says nothing.
        WrongState: `nothing_to_revise`, `already_revised`, `revision_over`, `undone`, `client_key_reused`,
            `study_closed`, `not_independent`.
    """
    assignment = require_own_assignment(by, assignment_id)
    rubric = load_rubric(assignment.rubric_id)
    locked = locked_dimensions(rubric.dimensions, has_text=assignment.has_text, has_image=assignment.has_image)
    levels = {dimension: level for dimension, level, _ in check_values(rubric, locked, ratings, {}, seconds)}
    require_scoring(assignment.study_state)
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().get(pk=assignment.sample_id)
        if not _answered_before(assignment, client_key):
            _store_revision(assignment, sample, client_key, levels, seconds, now, rubric=rubric)
    return stored_result(require_own_assignment(by, assignment_id), rubric, locked)


def void_revision(assignment: OwnAssignment) -> None:
    """Void a revision, which can then be submitted anew.

    The own values stay locked, whatever is undone.

    Raises:
        WrongState: `revealed` where there is no answer to take back, and those of `require_undoable`.
    """
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().get(pk=assignment.sample_id)
        pending = Assignment.objects.filter(pk=assignment.id, revise_until__isnull=False).exists()
        last = Revision.objects.filter(assignment=assignment.id).order_by("-pk").first()
        if last is None or (last.voided_at is not None and not pending):
            raise WrongState(REVEALED, code="revealed")
        if last.voided_at is not None:
            return
        require_undoable(assignment, sample, given=last.at, at=now)
        next_state(sample.state, Event.REVISION_UNDONE)
        Revision.objects.filter(pk=last.pk).update(voided_at=now)
        Assignment.objects.filter(pk=assignment.id).update(
            revise_until=now + timedelta(minutes=assignment.lease_minutes)
        )
        sql.clear_answers(assignment.id)
        insert_history(
            [(sample.pk, Event.REVISION_UNDONE, {"revision": last.pk})],
            study_id=assignment.study_id,
            member_id=assignment.member_id,
            user_id=assignment.user_id,
            at=now,
        )


def _answered_before(assignment: OwnAssignment, client_key: UUID) -> bool:
    """Whether a revision with this key is stored already."""
    known = Revision.objects.filter(client_key=client_key).first()
    if known is None:
        return False
    if known.assignment_id != assignment.id:
        raise WrongState("This client key was used for something else.", code="client_key_reused")
    if known.voided_at is not None:
        raise WrongState("This answer was undone; send a new one.", code="undone")
    return True


def _store_revision(
    assignment: OwnAssignment,
    sample: Sample,
    client_key: UUID,
    levels: Mapping[int, int],
    seconds: float | None,
    now: datetime,
    *,
    rubric: RubricDefinition,
) -> None:
    """Store a revision and decide its locked sample if nothing else is missing."""
    stored = Assignment.objects.get(pk=assignment.id)
    if stored.arm != SuggestionArm.DELAYED or stored.state != Assignment.State.SCORED:
        raise WrongState("There is nothing to revise here.", code="nothing_to_revise")
    if stored.revise_until is None:
        if Revision.objects.filter(assignment=assignment.id, voided_at=None).exists():
            raise WrongState("You have answered the judge's values already.", code="already_revised")
        raise WrongState("The time to revise has passed; your own values stand.", code="revision_over")
    require_independent(assignment)
    next_state(sample.state, Event.REVISED)
    shown = {row.dimension_id for row in sql.read_suggestions([assignment.id])}
    _refuse_changes_unasked(assignment, levels, shown, rubric)
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    revision = sql.insert_revision(
        assignment_id=assignment.id,
        client_key=client_key,
        values={key_of[dimension]: rubric.value_of(level) for dimension, level in levels.items()},
        seconds=seconds,
        at=now,
    )
    if revision is None:
        raise WrongState("This client key was used for something else.", code="client_key_reused")
    sql.decide_revised(assignment.id, [(dimension, level) for dimension, level in levels.items() if dimension in shown])
    Assignment.objects.filter(pk=assignment.id).update(revise_until=None)
    revised = (sample.pk, Event.REVISED, {"revision": revision})
    people = {"by_member": assignment.member_id, "by_user": assignment.user_id}
    decide_samples([sample.pk], study_id=assignment.study_id, **people, at=now, before=[revised])


def _refuse_changes_unasked(
    assignment: OwnAssignment, levels: Mapping[int, int], shown: set[int], rubric: RubricDefinition
) -> None:
    unasked = {dimension: level for dimension, level in levels.items() if dimension not in shown}
    if not unasked:
        return
    locked = dict(
        Rating.objects.filter(
            first_round_scores("score__"), score__assignment=assignment.id, dimension__in=unasked
        ).values_list("dimension_id", "level_id")
    )
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    faults = {
        f"ratings.{key_of[dimension]}": "The judge says nothing here, so your own value stands. Send it as it is."
        for dimension, level in unasked.items()
        if locked.get(dimension) != level
    }
    if faults:
        raise BadInput("Some values cannot be stored; nothing was.", fields=faults)
