"""One sample with all that was said about it, for admins and researchers."""

from collections.abc import Iterable
from typing import Any

from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_content import SampleSides, build_sample_views
from annotation.models import Discussion, FinalScore, Rating, Sample, Score
from annotation.samples.timeline import TimelineEntry
from annotation.suggestions.arms import SuggestionArm
from annotation.suggestions.shown_to_annotators import SuggestionRecord, suggestion_records

from . import content
from .answers import format_time, simplify_number
from .serializers.samples import SampleDiscussionSerializer, SampleRowSerializer


def sample_shown(row: Sample, *, names: bool) -> dict[str, Any]:
    """Return a sample with its content, scores and final values; without ``names`` under pseudonyms."""
    rubric = load_rubric(row.study.rubric_id)
    view = build_sample_views([SampleSides(row.pk, row.public_id, row.has_text, row.has_image)], rubric)[row.pk]
    shown = content.describe_sample(view)
    return {
        **SampleRowSerializer(row).data,
        "study": row.study.slug,
        "turns": shown["turns"],
        "locked": shown["locked"],
        "metadata": row.content.metadata,
        "scores": _scores(row, names=names),
        "final": _final(row),
        "discussions": _discussions(row),
    }


def history_shown(steps: Iterable[TimelineEntry]) -> list[dict[str, Any]]:
    """Return the steps of a sample's life."""
    return [
        {
            "at": format_time(step.at),
            "who": step.who,
            "event": step.event,
            "from_state": step.from_state,
            "to_state": step.to_state,
            "dimension": step.dimension,
            "before": simplify_number(step.before),
            "value": simplify_number(step.value),
            "values": content.describe_ratings(step.values),
            "dimensions": list(step.dimensions),
            "reason": step.reason,
            "text": step.text,
            "about": step.about,
            "discussion": step.discussion,
        }
        for step in steps
    ]


def _scores(sample: Sample, *, names: bool) -> list[dict[str, Any]]:
    standing = Score.objects.filter(sample=sample, voided_at=None).select_related("member", "discussion")
    scores = list(standing.order_by("round", "pk"))
    ratings: dict[int, dict[str, Any]] = {score.pk: {} for score in scores}
    notes: dict[int, dict[str, str]] = {score.pk: {} for score in scores}
    met = suggestion_records(scores)
    rows = Rating.objects.filter(score__in=scores).values_list("score_id", "dimension__key", "level__value", "note")
    for score, key, value, note in rows:
        ratings[score][key] = simplify_number(value)
        if note:
            notes[score][key] = note
    return [
        {
            "annotator": score.member.display_name(names=names),
            "round": score.round,
            "origin": score.origin,
            "arm": SuggestionArm(score.arm).name.lower(),
            "met": _met(met.get(score.pk)),
            "discussion": _case(score.discussion),
            "ratings": ratings[score.pk],
            "notes": notes[score.pk],
            "seconds": score.seconds,
            "at": format_time(score.at),
        }
        for score in scores
    ]


def _met(met: SuggestionRecord | None) -> dict[str, Any] | None:
    if met is None:
        return None
    revised = met.revised
    return {
        "judge": met.judge,
        "shown_at": format_time(met.shown_at),
        "dimensions": {
            key: {
                "shown": simplify_number(one.shown),
                "expected": one.expected,
                "first": simplify_number(one.first),
                "final": simplify_number(one.final),
                "touched": one.touched,
            }
            for key, one in met.dimensions.items()
        },
        "revision": None if revised is None else {"seconds": revised.seconds, "at": format_time(revised.at)},
    }


def _final(sample: Sample) -> dict[str, Any]:
    rows = FinalScore.objects.filter(sample=sample, current=True).select_related("dimension", "level", "discussion")
    return {
        final.dimension.key: {
            "value": None if final.level is None else simplify_number(final.level.value),
            "outcome": final.outcome,
            "label_origin": final.label_origin,
            "version": final.version,
            "discussion": _case(final.discussion),
            "reason": final.reason,
            "at": format_time(final.at),
        }
        for final in rows
    }


def _discussions(sample: Sample) -> list[dict[str, Any]]:
    rows = Discussion.objects.filter(sample=sample).order_by("number").prefetch_related("topics__dimension")
    return list(SampleDiscussionSerializer(rows, many=True).data)


def _case(discussion: Discussion | None) -> str | None:
    return None if discussion is None else discussion.public_id
