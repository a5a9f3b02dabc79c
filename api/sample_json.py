"""JSON of one sample with its scores and history, for admins and researchers."""

from collections.abc import Iterable
from typing import Any

from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_content import SampleSides, build_sample_views
from annotation.models import Discussion, FinalScore, Rating, Sample, Score
from annotation.samples.timeline import TimelineEntry
from annotation.suggestions.arms import SuggestionArm
from annotation.suggestions.shown_to_annotators import SuggestionRecord, suggestion_records

from . import assignment_json
from .json_responses import format_time, simplify_number
from .serializers.samples import SampleDiscussionSerializer, SampleRowSerializer


def describe_sample_detail(row: Sample, *, names: bool) -> dict[str, Any]:
    """Return a sample with content, scores and final scores; without ``names`` under pseudonyms."""
    rubric = load_rubric(row.study.rubric_id)
    view = build_sample_views([SampleSides(row.pk, row.public_id, row.has_text, row.has_image)], rubric)[row.pk]
    shown = assignment_json.describe_sample(view)
    return {
        **SampleRowSerializer(row).data,
        "study": row.study.slug,
        "turns": shown["turns"],
        "locked": shown["locked"],
        "metadata": row.content.metadata,
        "scores": _describe_scores(row, names=names),
        "final": _describe_final_scores(row),
        "discussions": _describe_discussions(row),
    }


def describe_history(steps: Iterable[TimelineEntry]) -> list[dict[str, Any]]:
    """Return the entries of a sample's timeline."""
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
            "values": assignment_json.describe_ratings(step.values),
            "dimensions": list(step.dimensions),
            "reason": step.reason,
            "text": step.text,
            "about": step.about,
            "discussion": step.discussion,
        }
        for step in steps
    ]


def _describe_scores(sample: Sample, *, names: bool) -> list[dict[str, Any]]:
    valid_scores = Score.objects.filter(sample=sample, voided_at=None).select_related("member", "discussion")
    scores = list(valid_scores.order_by("round", "pk"))
    ratings: dict[int, dict[str, Any]] = {score.pk: {} for score in scores}
    notes: dict[int, dict[str, str]] = {score.pk: {} for score in scores}
    records = suggestion_records(scores)
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
            "met": _describe_suggestion_record(records.get(score.pk)),
            "discussion": _discussion_id(score.discussion),
            "ratings": ratings[score.pk],
            "notes": notes[score.pk],
            "seconds": score.seconds,
            "at": format_time(score.at),
        }
        for score in scores
    ]


def _describe_suggestion_record(record: SuggestionRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    revised = record.revised
    return {
        "judge": record.judge,
        "shown_at": format_time(record.shown_at),
        "dimensions": {
            key: {
                "shown": simplify_number(suggested.shown),
                "expected": suggested.expected,
                "first": simplify_number(suggested.first),
                "final": simplify_number(suggested.final),
                "touched": suggested.touched,
            }
            for key, suggested in record.dimensions.items()
        },
        "revision": None if revised is None else {"seconds": revised.seconds, "at": format_time(revised.at)},
    }


def _describe_final_scores(sample: Sample) -> dict[str, Any]:
    rows = FinalScore.objects.filter(sample=sample, current=True).select_related("dimension", "level", "discussion")
    return {
        final.dimension.key: {
            "value": None if final.level is None else simplify_number(final.level.value),
            "outcome": final.outcome,
            "label_origin": final.label_origin,
            "version": final.version,
            "discussion": _discussion_id(final.discussion),
            "reason": final.reason,
            "at": format_time(final.at),
        }
        for final in rows
    }


def _describe_discussions(sample: Sample) -> list[dict[str, Any]]:
    rows = Discussion.objects.filter(sample=sample).order_by("number").prefetch_related("topics__dimension")
    return list(SampleDiscussionSerializer(rows, many=True).data)


def _discussion_id(discussion: Discussion | None) -> str | None:
    return None if discussion is None else discussion.public_id
