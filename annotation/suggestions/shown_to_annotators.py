"""Records of suggestions shown to annotators, for readers of results. Read-only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from annotation.models import Revision, Score, Suggestion

from .arms import SuggestionArm


@dataclass(frozen=True, slots=True)
class DimensionSuggestionRecord:
    """The suggested, first and final value on one dimension; None while there is none."""

    shown: float
    expected: float
    first: float | None
    final: float | None
    touched: bool
    """Answered by the annotator's own hand."""


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """A valid revision."""

    seconds: float | None
    at: datetime


@dataclass(slots=True)
class SuggestionRecord:
    """The suggestions that one annotator was shown on a sample."""

    judge: int
    """The number of its run in the study."""
    shown_at: datetime | None
    """None: it was not shown yet."""
    dimensions: dict[str, DimensionSuggestionRecord] = field(default_factory=dict)
    revised: RevisionRecord | None = None


def suggestion_records(scores: Iterable[Score]) -> dict[int, SuggestionRecord]:
    """Return the suggestion records of scores not given blind, by primary key, in two queries."""
    score_of = {
        one.assignment_id: one.pk for one in scores if one.assignment_id is not None and one.arm != SuggestionArm.BLIND
    }
    found: dict[int, SuggestionRecord] = {}
    if not score_of:
        return found
    rows = Suggestion.objects.select_related("run", "dimension", "shown", "first", "final")
    for row in rows.filter(assignment__in=score_of).order_by("dimension__position"):
        met = found.setdefault(score_of[row.assignment_id], SuggestionRecord(row.run.number, row.shown_at))
        met.dimensions[row.dimension.key] = DimensionSuggestionRecord(
            shown=row.shown.value,
            expected=row.expected,
            first=None if row.first is None else row.first.value,
            final=None if row.final is None else row.final.value,
            touched=row.touched,
        )
    for revision in Revision.objects.filter(assignment__in=score_of, voided_at=None):
        met_by = found.get(score_of[revision.assignment_id])
        if met_by is not None:
            met_by.revised = RevisionRecord(revision.seconds, revision.at)
    return found
