"""One sample with all that was said about it, for admins and researchers."""

from collections.abc import Sequence
from typing import Any

from annotation.content import SampleSides, views
from annotation.models import FinalScore, HistoryEntry, Member, Rating, Sample, Score
from annotation.rubrics import definition

from . import content
from .answers import moment, whole
from .serializers.people import pseudonym
from .serializers.samples import SampleRow


def sample_shown(row: Sample, *, names: bool) -> dict[str, Any]:
    """Return a sample with its content, scores and final values; without ``names`` under pseudonyms."""
    rubric = definition(row.study.rubric_id)
    view = views([SampleSides(row.pk, row.public_id, row.has_text, row.has_image)], rubric)[row.pk]
    shown = content.sample(view)
    return {
        **SampleRow(row).data,
        "study": row.study.slug,
        "turns": shown["turns"],
        "locked": shown["locked"],
        "metadata": row.content.metadata,
        "scores": _scores(row, names=names),
        "final": _final(row),
    }


def history_shown(steps: Sequence[HistoryEntry]) -> list[dict[str, Any]]:
    """Return steps as admins see them."""
    return [
        {
            "at": moment(step.at),
            "event": step.event,
            "by": None if step.user is None else str(step.user),
            "member": None if step.member is None else step.member.public_id,
            "detail": step.detail,
        }
        for step in steps
    ]


def _scores(sample: Sample, *, names: bool) -> list[dict[str, Any]]:
    scores = list(Score.objects.filter(sample=sample, voided_at=None).select_related("member").order_by("round", "pk"))
    ratings: dict[int, dict[str, Any]] = {score.pk: {} for score in scores}
    notes: dict[int, dict[str, str]] = {score.pk: {} for score in scores}
    rows = Rating.objects.filter(score__in=scores).values_list("score_id", "dimension__key", "level__value", "note")
    for score, key, value, note in rows:
        ratings[score][key] = whole(value)
        if note:
            notes[score][key] = note
    return [
        {
            "annotator": _name(score.member, names=names),
            "round": score.round,
            "origin": score.origin,
            "ratings": ratings[score.pk],
            "notes": notes[score.pk],
            "seconds": score.seconds,
            "at": moment(score.at),
        }
        for score in scores
    ]


def _final(sample: Sample) -> dict[str, Any]:
    rows = FinalScore.objects.filter(sample=sample, current=True).select_related("dimension", "level")
    return {
        final.dimension.key: {
            "value": None if final.level is None else whole(final.level.value),
            "outcome": final.outcome,
            "label_origin": final.label_origin,
        }
        for final in rows
    }


def _name(member: Member, *, names: bool) -> str:
    return member.name if names else pseudonym(member)
