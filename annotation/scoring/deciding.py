"""Decides scored samples: agreed, cross-review, one more annotator, or discussion.

A submission that brings the last score decides in its own transaction. One sample and thousands take the same way, in
the same few statements.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from annotation.core import slot_mask
from annotation.core.history import insert_history
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.sample_states import Event, SampleState, next_state
from annotation.core.sql import send_writes_together, to_microseconds
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Discussion, FinalScore, Sample, Study, User
from annotation.models.fields import opaque_id
from annotation.models.studies import MAX_SLOTS
from annotation.suggestions.arms import label_origin
from judge.missing_sides import LockedDimension, locked_dimensions

from . import deciding_sql as sql
from .consistency import (
    AgreedValue,
    ConsistencyRules,
    DisputedValues,
    OneMoreNeeded,
    Verdict,
    check_dimensions_agree,
    consistent_after_review,
    needs_review,
)

Levels = Mapping[int, int | None]
"""Where somebody stands: level by dimension, by primary keys; None where they have no value yet."""

Entry = tuple[int, str, dict[str, Any]]
"""A step for the history: sample, event and detail."""

BATCH = 500

_chance = random.SystemRandom()


class DecidingProgress(Protocol):
    """A progress callback; it may raise to stop the job."""

    def __call__(self, done: int, total: int | None, activity: str) -> None: ...


@dataclass(frozen=True, slots=True)
class NewCase:
    """A discussion to open: its dimensions, participants and their stances."""

    sample_id: int
    because: Discussion.Because
    dimensions: Sequence[int]
    participants: Sequence[tuple[int, Levels]]
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Decided:
    """The decision on one sample."""

    row: sql.Undecided
    event: Event
    to: SampleState
    agreed: dict[int, tuple[int | None, str]] = field(default_factory=dict)
    """Level and outcome by dimension, of those that are settled."""
    origins: Mapping[int, str] = field(default_factory=dict)
    """How the values came about, by dimension."""
    case: NewCase | None = None
    slot: int = 0


def decide_samples(
    samples: Sequence[int],
    *,
    study_id: int,
    by_member: int | None,
    by_user: int | None,
    at: datetime,
    before: Sequence[Entry] = (),
) -> dict[int, SampleState]:
    """Decide the samples that have enough scores; return their new states.

    Call it in the transaction that makes them have enough, with their rows locked. Samples that are not in scoring or
    review, that lack scores or that somebody still holds or may still revise stay as they are and are not returned.
    ``by_member`` and ``by_user`` are who brought it about, for the history; ``before`` is what they did, to be written
    with it.
    """
    undecided = sql.undecided_samples(samples)
    rubric = load_rubric(undecided[0][0].rubric_id) if undecided else None
    decided = [_decide_sample(row, levels, rubric, at) for row, levels in undecided] if rubric else []
    with send_writes_together():
        history = [*before, *(_store_decisions(decided, rubric, study_id=study_id, at=at) if rubric else ())]
        if history:
            insert_history(history, study_id=study_id, member_id=by_member, user_id=by_user, at=at)
    return {decision.row.sample_id: decision.to for decision in decided}


def decide_undecided(
    *,
    study: Study | None = None,
    by: User | None = None,
    limit: int | None = None,
    progress: DecidingProgress | None = None,
) -> int:
    """Decide samples that have enough scores but are still undecided; return how many.

    Such are those of an import that was declared complete, of a version of this program that did not decide, and of
    a protocol that needs fewer scores. Each batch is a transaction of its own, so that a run that was cut short goes
    on where it stopped.
    """
    studies = [study] if study is not None else list(Study.objects.exclude(state=Study.State.CLOSED).order_by("pk"))
    decided = 0
    for each_study in studies:
        left = None if limit is None else limit - decided
        if left == 0:
            break
        decided += _decide_all(each_study, _undecided_ids(each_study, left), by, progress)
    return decided


def _undecided_ids(study: Study, limit: int | None) -> list[int]:
    held = Assignment.objects.filter(
        Q(state=Assignment.State.LEASED) | Q(revise_until__isnull=False), sample=OuterRef("pk")
    )
    enough = Sample.objects.filter(
        study=study, state__in=(SampleState.SCORING, SampleState.IN_REVIEW), scores_needed__gt=0
    )
    rows = enough.filter(~Exists(held), scores_in__gte=F("scores_needed")).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def _decide_all(study: Study, keys: Sequence[int], by: User | None, progress: DecidingProgress | None) -> int:
    decided = 0
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        with write_transaction():
            list(Sample.objects.select_for_update().filter(pk__in=batch).order_by("pk").values_list("pk"))
            decided += len(
                decide_samples(
                    batch, study_id=study.pk, by_member=None, by_user=by.pk if by else None, at=timezone.now()
                )
            )
        if progress:
            progress(start + len(batch), len(keys), "Deciding samples")
    return decided


def open_discussion(
    sample: Sample,
    *,
    because: Discussion.Because,
    dimensions: Collection[int],
    participants: Sequence[tuple[int, Levels]],
    at: datetime,
    discussion_days: int | None,
) -> Discussion:
    """Open a discussion of a locked sample; the caller stores the sample's state and history.

    ``participants`` are members with the level, by dimension, where each of them begins. They get numbers by chance.
    """
    due_at = None if discussion_days is None else at + timedelta(days=discussion_days)
    case = NewCase(sample.pk, because, sorted(dimensions), participants, due_at)
    rubric = load_rubric(sample.study.rubric_id)
    opened = _open_cases([case], rubric, study_id=sample.study_id, at=at)
    return Discussion.objects.get(pk=opened[sample.pk][0])


def _decide_sample(
    row: sql.Undecided, given: Sequence[sql.CountingLevel], rubric: RubricDefinition, at: datetime
) -> _Decided:
    """Return the decision on one sample."""
    locked = locked_dimensions(rubric.dimensions, has_text=row.has_text, has_image=row.has_image)
    scored = {dimension.id: dimension for dimension in rubric.dimensions if dimension.key not in locked}
    values: dict[int, list[float]] = {dimension: [] for dimension in scored}
    for level in given:
        values[level.dimension_id].append(rubric.value_of(level.level_id))
    slot = max(row.annotators_per_sample, row.last_slot) + 1
    room = slot <= MAX_SLOTS
    judged = check_dimensions_agree(
        values,
        {dimension.id: tuple(dimension.level_of) for dimension in scored.values()},
        ConsistencyRules(
            tolerance=row.tolerance,
            tie_rule=row.tie_rule,
            decide=row.decide,
            may_ask_one_more=room and not row.asked_one_more,
        ),
    )
    in_review = row.state == SampleState.IN_REVIEW
    agreed = _agreed_values(judged, rubric, locked, in_review=in_review)
    origins = _label_origins(given, rubric)
    if any(isinstance(result, DisputedValues) for result in judged.values()):
        event = Event.DISPUTED
        case = _build_case(row, judged, given, in_review=in_review, at=at)
        return _Decided(row, event, next_state(row.state, event), agreed, origins, case)
    if any(isinstance(result, OneMoreNeeded) for result in judged.values()):
        event = Event.ONE_MORE_ASKED
        return _Decided(row, event, next_state(row.state, event), slot=slot)
    if room and not in_review and _goes_to_review(row, agreed, rubric):
        event = Event.REVIEW_ASKED
        return _Decided(row, event, next_state(row.state, event), slot=slot)
    event = Event.AGREED
    return _Decided(row, event, next_state(row.state, event), agreed, origins)


def _label_origins(levels: Sequence[sql.CountingLevel], rubric: RubricDefinition) -> dict[int, str]:
    """Return the label origins of a sample's values, by dimension."""
    arms: dict[int, list[int]] = {dimension.id: [] for dimension in rubric.dimensions}
    for level in levels:
        arms[level.dimension_id].append(level.arm)
    imported = any(level.imported for level in levels)
    return {dimension: label_origin(of, imported=imported) for dimension, of in arms.items()}


def _agreed_values(
    judged: Mapping[int, Verdict],
    rubric: RubricDefinition,
    locked: Mapping[str, LockedDimension],
    *,
    in_review: bool,
) -> dict[int, tuple[int | None, str]]:
    """Return level and outcome of agreed dimensions and of those decided by rule."""
    agreed: dict[int, tuple[int | None, str]] = {}
    for dimension in rubric.dimensions:
        if dimension.key in locked:
            value = locked[dimension.key].value
            level = None if value is None else dimension.level_of[value]
            agreed[dimension.id] = (level, FinalScore.Outcome.BY_RULE)
            continue
        result = judged[dimension.id]
        if isinstance(result, AgreedValue):
            final = consistent_after_review(result) if in_review else result
            agreed[dimension.id] = (dimension.level_of[final.value], final.outcome)
    return agreed


def _goes_to_review(row: sql.Undecided, agreed: Mapping[int, tuple[int | None, str]], rubric: RubricDefinition) -> bool:
    return needs_review(
        cross_review=row.cross_review,
        share=row.review_share,
        threshold=row.review_threshold,
        finals=[rubric.value_of(level) for level, _ in agreed.values() if level is not None],
        sample=row.public_id,
    )


def _build_case(
    row: sql.Undecided,
    judged: Mapping[int, Verdict],
    given: Sequence[sql.CountingLevel],
    *,
    in_review: bool,
    at: datetime,
) -> NewCase:
    """Return the discussion of the disputed dimensions, between all who scored."""
    disputed = [dimension for dimension, one in judged.items() if isinstance(one, DisputedValues)]
    levels: dict[int, dict[int, int | None]] = defaultdict(dict)
    for one in given:
        levels[one.member_id][one.dimension_id] = one.level_id
    return NewCase(
        sample_id=row.sample_id,
        because=Discussion.Because.REVIEW if in_review else Discussion.Because.SCORES,
        dimensions=disputed,
        participants=[(member, {key: stances[key] for key in disputed}) for member, stances in sorted(levels.items())],
        due_at=None if row.discussion_days is None else at + timedelta(days=row.discussion_days),
    )


def _store_decisions(
    decided: Sequence[_Decided], rubric: RubricDefinition, *, study_id: int, at: datetime
) -> list[Entry]:
    """Store the decisions and return their history entries."""
    by_standing: dict[tuple[SampleState, int], list[int]] = defaultdict(list)
    for decision in decided:
        by_standing[decision.to, decision.slot].append(decision.row.sample_id)
    for (state, slot), keys in by_standing.items():
        if slot:
            sql.open_slot(keys, state=state, slot_bit=slot_mask.mask_of_slot(slot), queued_at=to_microseconds(at))
        else:
            sql.close_samples(keys, state=state)
    rescored = [decision.row.sample_id for decision in decided if decision.row.last_version and not decision.slot]
    if rescored:
        sql.retire_finals(rescored)
    finals = [
        (decision.row.sample_id, dimension, level, decision.row.last_version + 1, outcome, decision.origins[dimension])
        for decision in decided
        for dimension, (level, outcome) in decision.agreed.items()
    ]
    if finals:
        sql.insert_finals(finals, at=at)
    cases = [decision.case for decision in decided if decision.case is not None]
    opened = _open_cases(cases, rubric, study_id=study_id, at=at) if cases else {}
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    history: list[Entry] = []
    for decision in decided:
        detail: dict[str, Any] = {"to": decision.to}
        if decision.case is not None:
            detail["discussion"] = opened[decision.row.sample_id][1]
            detail["dimensions"] = [key_of[dimension] for dimension in decision.case.dimensions]
        history.append((decision.row.sample_id, decision.event, detail))
    return history


def _open_cases(
    cases: Sequence[NewCase], rubric: RubricDefinition, *, study_id: int, at: datetime
) -> dict[int, tuple[int, str]]:
    """Store discussions and return id and opaque id by sample."""
    new = [
        sql.NewDiscussion(
            opaque_id(), study_id, case.sample_id, case.because, _widest_spread(case, rubric), case.due_at
        )
        for case in cases
    ]
    ids = sql.insert_discussions(new, at=at)
    sql.insert_topics([(ids[case.sample_id], dimension) for case in cases for dimension in case.dimensions])
    participants_to_add: list[tuple[int, int, int]] = []
    for case in cases:
        numbers = _chance.sample(range(1, len(case.participants) + 1), len(case.participants))
        for (member, _), number in zip(case.participants, numbers, strict=True):
            participants_to_add.append((ids[case.sample_id], member, number))
    participants = sql.insert_participants(participants_to_add)
    sql.insert_stances(
        (participants[ids[case.sample_id], member], dimension, levels.get(dimension))
        for case in cases
        for member, levels in case.participants
        for dimension in case.dimensions
    )
    return {discussion.sample_id: (ids[discussion.sample_id], discussion.public_id) for discussion in new}


def _widest_spread(case: NewCase, rubric: RubricDefinition) -> float:
    """Return the widest range of first values on one dimension."""
    widest = 0.0
    for dimension in case.dimensions:
        values = [
            rubric.value_of(level) for _, levels in case.participants if (level := levels.get(dimension)) is not None
        ]
        if values:
            widest = max(widest, max(values) - min(values))
    return widest
