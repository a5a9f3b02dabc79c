"""Submits and undoes scores."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from annotation.core.errors import WrongState
from annotation.core.history import insert_history
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.sample_states import TRANSITIONS, Event, next_state
from annotation.core.study_guards import require_scoring
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Rubric, Sample, Score, User
from annotation.suggestions import showing
from annotation.suggestions import suggestions_sql as suggesting_sql
from annotation.suggestions.arms import SuggestionArm
from judge.missing_sides import LockedDimension, locked_dimensions

from . import revising
from . import scores_sql as sql
from .assignment_sql import OwnAssignment
from .deciding import decide_samples
from .exposures import require_independent
from .leases import regain_slot, require_own_assignment
from .own_scores import undo_deadline
from .submit_result import SubmissionResult, stored_result
from .undo_window import require_undoable
from .validation import add_locked_values, check_values

SCORABLE = tuple(state for state, event in TRANSITIONS if event is Event.SCORED)


def submit_score(
    *,
    by: User,
    assignment_id: str,
    client_key: UUID,
    ratings: Mapping[str, float],
    notes: Mapping[str, str],
    seconds: float | None,
    touched: Collection[str] = (),
) -> SubmissionResult:
    """Store an annotator's score of a sample; a repeated key stores nothing.

    A lease that has run out does not matter as long as a slot of the sample is free. Where values were prefilled,
    ``touched`` has to name each such dimension. In the delayed arm the values are locked from here on, and what is
    answered is `revising`: see `revising.submit_revision`.

    Raises:
        NotFound: the assignment is not the user's.
        BadInput: a dimension is missing, unknown, locked or untouched, or a value is none of its levels.
        WrongState: `already_scored`, `lease_lost`, `already_skipped`, `undone`, `client_key_reused`, `study_closed`,
            `not_independent`.
    """
    assignment = require_own_assignment(by, assignment_id)
    rubric = load_rubric(assignment.rubric_id)
    locked = locked_dimensions(rubric.dimensions, has_text=assignment.has_text, has_image=assignment.has_image)
    suggested = (
        showing.fixed_dimensions(assignment.id, rubric) if assignment.arm != SuggestionArm.BLIND else frozenset()
    )
    prefilled = suggested if assignment.arm == SuggestionArm.PREFILLED else frozenset()
    rows = check_values(rubric, locked, ratings, notes, seconds, touched=touched, prefilled=prefilled)
    require_scoring(assignment.study_state)
    if assignment.state in (Assignment.State.SCORED, Assignment.State.SKIPPED):
        return _answer_again(assignment, client_key, rubric, locked)
    require_independent(assignment)
    now = timezone.now()
    try:
        with write_transaction():
            arm = _store_score(assignment, client_key, rows, seconds, now, anything_to_show=bool(suggested))
            if not rubric.frozen:
                Rubric.objects.filter(pk=rubric.id, frozen_at=None).update(frozen_at=now)
    except _Refused:
        return _answer_again(require_own_assignment(by, assignment_id), client_key, rubric, locked)
    if arm is SuggestionArm.DELAYED:
        return stored_result(require_own_assignment(by, assignment_id), rubric, locked)
    return SubmissionResult(
        assignment_id=assignment.public_id,
        state="scored",
        ratings=add_locked_values(dict(ratings), locked),
        notes={key: note.strip() for key, note in notes.items() if note.strip()},
        seconds=seconds,
        scored_at=now,
        undo_until=undo_deadline(now, assignment.undo_minutes),
    )


class _Refused(Exception):
    """The score cannot be stored as its lease, key or slot is taken; all is rolled back."""


def _store_score(
    assignment: OwnAssignment,
    client_key: UUID,
    rows: list[tuple[int, int, str]],
    seconds: float | None,
    now: datetime,
    *,
    anything_to_show: bool,
) -> SuggestionArm:
    """Store the score and decide its sample if complete; return the arm."""
    # The sample first, as everywhere: two transactions that lock in the same order never wait for each other.
    # Its state is judged under the lock, as it may have changed since it was read.
    counted = sql.count_score(assignment.sample_id, SCORABLE)
    if counted is None:
        raise _Refused
    held_in = (
        SuggestionArm(assignment.arm) if assignment.state == Assignment.State.LEASED else regain_slot(assignment, now)
    )
    if held_in is None:
        raise _Refused
    # What was to be shown is gone with its judge.
    arm = held_in if anything_to_show else SuggestionArm.BLIND
    revise_until = now + timedelta(minutes=assignment.lease_minutes) if arm is SuggestionArm.DELAYED else None
    if not sql.finish_assignment(assignment.id, at=now, held_in=held_in, arm=arm, revise_until=revise_until):
        raise _Refused
    score_id = sql.insert_score(
        sample_id=assignment.sample_id,
        member_id=assignment.member_id,
        assignment_id=assignment.id,
        client_key=client_key,
        seconds=seconds,
        at=now,
        arm=arm,
    )
    if score_id is None:
        raise _Refused
    sql.insert_ratings(score_id, rows)
    if arm is SuggestionArm.PREFILLED:
        suggesting_sql.answer_prefilled(assignment.id, score_id)
    elif arm is SuggestionArm.DELAYED:
        suggesting_sql.reveal_suggestions(assignment.id, score_id, at=now)
    scored = (assignment.sample_id, Event.SCORED, {"score": score_id, "round": 1})
    if counted.enough and arm is not SuggestionArm.DELAYED:
        people = {"by_member": assignment.member_id, "by_user": assignment.user_id}
        decide_samples([assignment.sample_id], study_id=assignment.study_id, **people, at=now, before=[scored])
    else:
        people = {"member_id": assignment.member_id, "user_id": assignment.user_id}
        insert_history([scored], study_id=assignment.study_id, **people, at=now)
    return arm


def _answer_again(
    assignment: OwnAssignment, client_key: UUID, rubric: RubricDefinition, locked: Mapping[str, LockedDimension]
) -> SubmissionResult:
    """Return what the same key stored before, or raise the reason why nothing is stored."""
    known = Score.objects.filter(client_key=client_key).first()
    if known is not None and known.assignment_id != assignment.id:
        raise WrongState("This client key was used for something else.", code="client_key_reused")
    if known is not None and known.voided_at is not None:
        raise WrongState("This score was undone; send a new one.", code="undone")
    if known is None:
        if assignment.state == Assignment.State.SCORED:
            raise WrongState("You have scored this sample already.", code="already_scored")
        if assignment.state == Assignment.State.SKIPPED:
            raise WrongState("You have skipped this sample already.", code="already_skipped")
        if Score.objects.filter(sample=assignment.sample_id, member=assignment.member_id, voided_at=None).exists():
            raise WrongState("A score of yours for this sample was imported.", code="already_scored")
        state = Sample.objects.values_list("state", flat=True).get(pk=assignment.sample_id)
        if state == Sample.State.WITHDRAWN:
            next_state(state, Event.SCORED)
        # Any other state in which it takes no score comes of others' scores, of which nothing is told.
        raise WrongState(
            "The sample is no longer reserved for you and somebody else has taken its place.", code="lease_lost"
        )
    return stored_result(assignment, rubric, locked)


def undo_score(*, by: User, assignment_id: str) -> SubmissionResult:
    """Void the user's own score and lease the sample to them again.

    Own values that were followed by a judge's stay: there the answer to those is taken back, and can be given anew.

    Raises:
        NotFound: the assignment is not the user's.
        WrongState: `nothing_to_undo`, `revealed`, and those of `require_undoable`.
    """
    assignment = require_own_assignment(by, assignment_id)
    rubric = load_rubric(assignment.rubric_id)
    locked = locked_dimensions(rubric.dimensions, has_text=assignment.has_text, has_image=assignment.has_image)
    if assignment.state == Assignment.State.SCORED and assignment.arm == SuggestionArm.DELAYED:
        revising.void_revision(assignment)
        return stored_result(require_own_assignment(by, assignment_id), rubric, locked)
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().get(pk=assignment.sample_id)
        score = Score.objects.filter(assignment=assignment.id).order_by("-pk").first()
        if score is None:
            raise WrongState("There is no score of yours to undo.", code="nothing_to_undo")
        if score.voided_at is None:
            _void_score(score, assignment, sample, now)
    stored = Assignment.objects.get(pk=assignment.id)
    if stored.state != Assignment.State.LEASED:
        raise WrongState("There is no score of yours to undo.", code="nothing_to_undo")
    values, notes = _score_values(score, rubric)
    shown = showing.build_suggestion_views([assignment.id], rubric) if assignment.arm == SuggestionArm.PREFILLED else {}
    return SubmissionResult(
        assignment_id=assignment.public_id,
        state="leased",
        ratings=add_locked_values(values, locked),
        notes=notes,
        seconds=score.seconds,
        scored_at=None,
        undo_until=None,
        expires_at=stored.expires_at,
        suggestion=shown.get(assignment.id),
    )


def _void_score(score: Score, assignment: OwnAssignment, sample: Sample, now: datetime) -> None:
    if score.arm == SuggestionArm.DELAYED:
        raise WrongState(revising.REVEALED, code="revealed")
    require_undoable(assignment, sample, given=score.at, at=now)
    next_state(sample.state, Event.UNDONE)
    Score.objects.filter(pk=score.pk).update(voided_at=now)
    expires_at = max(assignment.expires_at, now + timedelta(minutes=assignment.lease_minutes))
    Assignment.objects.filter(pk=assignment.id).update(
        state=Assignment.State.LEASED, finished_at=None, expires_at=expires_at
    )
    Sample.objects.filter(pk=sample.pk).update(scores_in=sample.scores_in - 1)
    if score.arm != SuggestionArm.BLIND:
        suggesting_sql.clear_answers(assignment.id)
    insert_history(
        [(sample.pk, Event.UNDONE, {"score": score.pk})],
        study_id=assignment.study_id,
        member_id=assignment.member_id,
        user_id=assignment.user_id,
        at=now,
    )


def _score_values(score: Score, rubric: RubricDefinition) -> tuple[dict[str, float], dict[str, str]]:
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    rows = list(score.ratings.values_list("dimension_id", "level_id", "note"))
    values = {key_of[dimension]: rubric.value_of(level) for dimension, level, _ in rows}
    return values, {key_of[dimension]: note for dimension, _, note in rows if note}
