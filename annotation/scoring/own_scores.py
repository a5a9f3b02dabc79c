"""Reads an annotator's own scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import Rating, Revision, Score, Suggestion
from annotation.suggestions.arms import SuggestionArm


@dataclass(frozen=True, slots=True)
class OwnScore:
    """A valid score: values and notes by dimension key, and until when it can be undone.

    Where the annotator has answered a judge's values ``ratings`` decide, and ``own`` are those locked before.
    """

    ratings: Mapping[str, float | None]
    notes: dict[str, str]
    seconds: float | None
    scored_at: datetime | None
    undo_until: datetime | None
    own: dict[str, float] | None = None


def undo_deadline(scored_at: datetime | None, undo_minutes: int | None) -> datetime | None:
    """Return the moment up to which a score may be undone while its sample is undecided; None where it may not."""
    if scored_at is None or undo_minutes is None:
        return None
    return scored_at + timedelta(minutes=undo_minutes)


def score_views(assignments: Sequence[int], rubric: RubricDefinition) -> dict[int, OwnScore]:
    """Return the valid scores of assignments by id, in two to four queries."""
    scores = list(Score.objects.filter(assignment__in=assignments, voided_at=None).select_related("sample__protocol"))
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    ratings: dict[int, dict[str, float]] = {score.pk: {} for score in scores}
    notes: dict[int, dict[str, str]] = {score.pk: {} for score in scores}
    rows = Rating.objects.filter(score__in=scores).values_list("score_id", "dimension_id", "level_id", "note")
    for score_id, dimension_id, level_id, note in rows:
        ratings[score_id][key_of[dimension_id]] = rubric.value_of(level_id)
        if note:
            notes[score_id][key_of[dimension_id]] = note
    delayed = [
        score.assignment_id
        for score in scores
        if score.arm == SuggestionArm.DELAYED and score.assignment_id is not None
    ]
    decided = _read_decided_values(delayed, rubric) if delayed else {}
    revised_at = _read_revision_times(delayed) if delayed else {}
    found = {}
    for score in scores:
        if score.assignment_id is None:
            continue
        own, protocol = ratings[score.pk], score.sample.protocol
        answered = decided.get(score.assignment_id)
        # Own values that were shown a judge's are never taken back; what was made of them can be.
        since = revised_at.get(score.assignment_id) if score.arm == SuggestionArm.DELAYED else score.at
        found[score.assignment_id] = OwnScore(
            ratings=own if answered is None else {**own, **answered},
            notes=notes[score.pk],
            seconds=score.seconds,
            scored_at=score.at,
            undo_until=undo_deadline(since, None if protocol is None else protocol.undo_minutes),
            own=None if answered is None else own,
        )
    return found


def _read_decided_values(assignments: Sequence[int], rubric: RubricDefinition) -> dict[int, dict[str, float]]:
    """Return the revised values, which decide instead, by assignment and dimension."""
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    found: dict[int, dict[str, float]] = {}
    answered = Suggestion.objects.filter(assignment__in=assignments, final__isnull=False)
    for pk, dimension_id, level_id in answered.values_list("assignment_id", "dimension_id", "final_id"):
        found.setdefault(pk, {})[key_of[dimension_id]] = rubric.value_of(level_id)
    return found


def _read_revision_times(assignments: Sequence[int]) -> dict[int, datetime]:
    rows = Revision.objects.filter(assignment__in=assignments, voided_at=None)
    return dict(rows.values_list("assignment_id", "at"))
