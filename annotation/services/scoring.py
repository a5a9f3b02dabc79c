"""Taking scores: submitting and undoing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from annotation.db import write_transaction
from annotation.errors import BadInput, WrongState
from annotation.models import Assignment, Member, Rubric, Sample, Score, Study, User
from annotation.rubrics import RubricDefinition, definition
from annotation.sql import scores as sql
from annotation.sql.desk import OwnAssignment
from annotation.workflow import TRANSITIONS, Event, after
from judge.missing import LockedDimension, locked_dimensions

from .deciding import decide
from .exposures import is_exposed
from .leases import own_assignment, regain
from .score_views import score_views

NOTE_LENGTH = 4000
SCORABLE = tuple(state for state, event in TRANSITIONS if event is Event.SCORED)
LONGEST_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Submitted:
    """What stands after a submission or an undo; ``ratings`` include the locked dimensions."""

    assignment_id: str
    state: str
    ratings: dict[str, float | None]
    notes: dict[str, str]
    seconds: float | None
    scored_at: datetime | None
    undo_until: datetime | None
    expires_at: datetime | None = None


def submit(
    *,
    by: User,
    assignment_id: str,
    client_key: UUID,
    ratings: Mapping[str, float],
    notes: Mapping[str, str],
    seconds: float | None,
) -> Submitted:
    """Store an annotator's values for a sample; the same key again answers the same and stores nothing.

    A lease that has run out does not matter as long as a slot of the sample is free.

    Raises:
        NotFound: the assignment is not the user's.
        BadInput: a dimension is missing, unknown or locked, or a value is none of its levels.
        WrongState: `already_scored`, `lease_lost`, `already_skipped`, `undone`, `client_key_reused`, `study_closed`.
    """
    own = own_assignment(by, assignment_id)
    rubric = definition(own.rubric_id)
    locked = locked_dimensions(rubric.dimensions, has_text=own.has_text, has_image=own.has_image)
    rows = _checked(rubric, locked, ratings, notes, seconds)
    if own.study_state in (Study.State.CLOSED, Study.State.DRAFT):
        raise WrongState("This study takes no scores now.", code="study_closed")
    if own.state in (Assignment.State.SCORED, Assignment.State.SKIPPED):
        return _answer_again(own, client_key, rubric, locked)
    if is_exposed(own):
        raise WrongState(
            "You are no longer independent on this sample: you have seen its scores or its generator.",
            code="not_independent",
        )
    now = timezone.now()
    try:
        with write_transaction():
            _store(own, client_key, rows, seconds, now)
            if not rubric.frozen:
                Rubric.objects.filter(pk=rubric.id, frozen_at=None).update(frozen_at=now)
    except _Refused:
        return _answer_again(own_assignment(by, assignment_id), client_key, rubric, locked)
    return Submitted(
        assignment_id=own.public_id,
        state="scored",
        ratings=_with_locked(dict(ratings), locked),
        notes={key: note.strip() for key, note in notes.items() if note.strip()},
        seconds=seconds,
        scored_at=now,
        undo_until=now + timedelta(minutes=own.undo_minutes),
    )


class _Refused(Exception):
    """The lease, the key or the place was taken, or the sample takes no score; everything is rolled back."""


def _store(
    own: OwnAssignment,
    client_key: UUID,
    rows: list[tuple[int, int, str]],
    seconds: float | None,
    now: datetime,
) -> None:
    # The sample first, as everywhere: two transactions that lock in the same order never wait for each other.
    # Its state is judged under the lock, as it may have changed since it was read.
    counted = sql.count_score(own.sample_id, SCORABLE)
    if counted is None:
        raise _Refused
    held = own.state == Assignment.State.LEASED or regain(own, now)
    if not held or not sql.finish_assignment(own.id, at=now):
        raise _Refused
    score_id = sql.insert_score(
        sample_id=own.sample_id,
        member_id=own.member_id,
        assignment_id=own.id,
        client_key=client_key,
        seconds=seconds,
        at=now,
    )
    if score_id is None:
        raise _Refused
    sql.insert_ratings(score_id, rows)
    scored = (own.sample_id, Event.SCORED, {"score": score_id, "round": 1})
    if counted.enough:
        people = {"by_member": own.member_id, "by_user": own.user_id}
        decide([own.sample_id], study_id=own.study_id, **people, at=now, before=[scored])
    else:
        people = {"member_id": own.member_id, "user_id": own.user_id}
        sql.insert_history([scored], study_id=own.study_id, **people, at=now)


def _answer_again(
    own: OwnAssignment, client_key: UUID, rubric: RubricDefinition, locked: Mapping[str, LockedDimension]
) -> Submitted:
    """Answer a submission that cannot be stored: with what the same key stored before, or with the reason."""
    known = Score.objects.filter(client_key=client_key).first()
    if known is not None and known.assignment_id != own.id:
        raise WrongState("This client key was used for something else.", code="client_key_reused")
    if known is not None and known.voided_at is not None:
        raise WrongState("This score was undone; send a new one.", code="undone")
    if known is None:
        if own.state == Assignment.State.SCORED:
            raise WrongState("You have scored this sample already.", code="already_scored")
        if own.state == Assignment.State.SKIPPED:
            raise WrongState("You have skipped this sample already.", code="already_skipped")
        if Score.objects.filter(sample=own.sample_id, member=own.member_id, voided_at=None).exists():
            raise WrongState("A score of yours for this sample was imported.", code="already_scored")
        state = Sample.objects.values_list("state", flat=True).get(pk=own.sample_id)
        if state == Sample.State.WITHDRAWN:
            after(state, Event.SCORED)
        # Any other state in which it takes no score comes of others' scores, of which nothing is told.
        raise WrongState(
            "The sample is no longer reserved for you and somebody else has taken its place.", code="lease_lost"
        )
    view = score_views([own.id], rubric)[own.id]
    return Submitted(
        assignment_id=own.public_id,
        state="scored",
        ratings=_with_locked(dict(view.ratings), locked),
        notes=view.notes,
        seconds=view.seconds,
        scored_at=view.scored_at,
        undo_until=view.undo_until,
    )


def undo(*, by: User, assignment_id: str) -> Submitted:
    """Void one's own score and hold the sample again, with the values to start from; twice is the same as once.

    Raises:
        NotFound: the assignment is not the user's.
        WrongState: `undo_too_late`, `decided`, `nothing_to_undo`.
    """
    own = own_assignment(by, assignment_id)
    rubric = definition(own.rubric_id)
    now = timezone.now()
    with write_transaction():
        sample = Sample.objects.select_for_update().get(pk=own.sample_id)
        score = Score.objects.filter(assignment=own.id).order_by("-pk").first()
        if score is None:
            raise WrongState("There is no score of yours to undo.", code="nothing_to_undo")
        if score.voided_at is None:
            _void(score, own, sample, now)
    assignment = Assignment.objects.get(pk=own.id)
    if assignment.state != Assignment.State.LEASED:
        raise WrongState("There is no score of yours to undo.", code="nothing_to_undo")
    values, notes = _values(score, rubric)
    locked = locked_dimensions(rubric.dimensions, has_text=own.has_text, has_image=own.has_image)
    return Submitted(
        assignment_id=own.public_id,
        state="leased",
        ratings=_with_locked(values, locked),
        notes=notes,
        seconds=score.seconds,
        scored_at=None,
        undo_until=None,
        expires_at=assignment.expires_at,
    )


def _void(score: Score, own: OwnAssignment, sample: Sample, now: datetime) -> None:
    if score.at is None or now > score.at + timedelta(minutes=own.undo_minutes):
        raise WrongState("The time to undo this score has passed.", code="undo_too_late")
    if sample.state not in (Sample.State.SCORING, Sample.State.BLOCKED):
        raise WrongState("This sample has been decided; its scores stand.", code="decided")
    if own.member_state != Member.State.ACTIVE:
        raise WrongState("You are paused in this study.", code="member_paused")
    after(sample.state, Event.UNDONE)
    Score.objects.filter(pk=score.pk).update(voided_at=now)
    expires_at = max(own.expires_at, now + timedelta(minutes=own.lease_minutes))
    Assignment.objects.filter(pk=own.id).update(state=Assignment.State.LEASED, finished_at=None, expires_at=expires_at)
    Sample.objects.filter(pk=sample.pk).update(scores_in=sample.scores_in - 1)
    sql.insert_history(
        [(sample.pk, Event.UNDONE, {"score": score.pk})],
        study_id=own.study_id,
        member_id=own.member_id,
        user_id=own.user_id,
        at=now,
    )


def _values(score: Score, rubric: RubricDefinition) -> tuple[dict[str, float], dict[str, str]]:
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    rows = list(score.ratings.values_list("dimension_id", "level_id", "note"))
    values = {key_of[dimension]: rubric.value_of(level) for dimension, level, _ in rows}
    return values, {key_of[dimension]: note for dimension, _, note in rows if note}


def _with_locked(values: Mapping[str, float], locked: Mapping[str, LockedDimension]) -> dict[str, float | None]:
    return {**values, **{key: lock.value for key, lock in locked.items()}}


def _checked(
    rubric: RubricDefinition,
    locked: Mapping[str, LockedDimension],
    ratings: Mapping[str, float],
    notes: Mapping[str, str],
    seconds: float | None,
) -> list[tuple[int, int, str]]:
    """Return ``(dimension, level, note)`` per dimension that people score, or raise with every fault named."""
    faults: dict[str, str] = {}
    rows: list[tuple[int, int, str]] = []
    known = {dimension.key for dimension in rubric.dimensions}
    for key in ratings:
        if key not in known:
            faults[f"ratings.{key}"] = "No such dimension in this rubric."
    for key, note in notes.items():
        if key not in known:
            faults[f"notes.{key}"] = "No such dimension in this rubric."
        elif len(note) > NOTE_LENGTH:
            faults[f"notes.{key}"] = f"At most {NOTE_LENGTH} characters."
        elif key in locked and note.strip():
            faults[f"notes.{key}"] = "A side of the answer is missing, so this dimension takes no note."
    for dimension in rubric.dimensions:
        field = f"ratings.{dimension.key}"
        if dimension.key in locked:
            if dimension.key in ratings and ratings[dimension.key] != locked[dimension.key].value:
                faults[field] = "A side of the answer is missing, so this value is set by rule. Leave it out."
            continue
        if dimension.key not in ratings:
            faults[field] = "Missing: every dimension needs a value."
            continue
        value = ratings[dimension.key]
        level = dimension.level_of.get(value) if type(value) in (int, float) else None
        if level is None:
            allowed = ", ".join(f"{option.value:g}" for option in dimension.levels)
            faults[field] = f"Not a level of this dimension; choose one of {allowed}."
            continue
        rows.append((dimension.id, level, notes.get(dimension.key, "").strip()))
    if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_SECONDS):
        faults["seconds"] = f"From 0 to {LONGEST_SECONDS:g} seconds."
    if faults:
        raise BadInput("Some values cannot be stored; nothing was.", fields=faults)
    return rows
