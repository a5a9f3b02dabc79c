"""An annotator's own scores, as they may see them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from annotation.models import Protocol, Rating, Score
from annotation.rubrics import RubricDefinition


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A standing score: values and notes by dimension key, and until when it can be undone."""

    ratings: dict[str, float]
    notes: dict[str, str]
    seconds: float | None
    scored_at: datetime | None
    undo_until: datetime | None


def undo_until(scored_at: datetime | None, protocol: Protocol | None) -> datetime | None:
    """Return the moment up to which a score may be undone while its sample is undecided."""
    if scored_at is None or protocol is None:
        return None
    return scored_at + timedelta(minutes=protocol.undo_minutes)


def score_views(assignments: Sequence[int], rubric: RubricDefinition) -> dict[int, ScoreView]:
    """Return the standing scores of the given assignments by assignment id, in two queries."""
    scores = list(Score.objects.filter(assignment__in=assignments, voided_at=None).select_related("sample__protocol"))
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    ratings: dict[int, dict[str, float]] = {score.pk: {} for score in scores}
    notes: dict[int, dict[str, str]] = {score.pk: {} for score in scores}
    rows = Rating.objects.filter(score__in=scores).values_list("score_id", "dimension_id", "level_id", "note")
    for score_id, dimension_id, level_id, note in rows:
        ratings[score_id][key_of[dimension_id]] = rubric.value_of(level_id)
        if note:
            notes[score_id][key_of[dimension_id]] = note
    return {
        score.assignment_id: ScoreView(
            ratings=ratings[score.pk],
            notes=notes[score.pk],
            seconds=score.seconds,
            scored_at=score.at,
            undo_until=undo_until(score.at, score.sample.protocol),
        )
        for score in scores
        if score.assignment_id is not None
    }
