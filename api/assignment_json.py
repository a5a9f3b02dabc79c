"""JSON of an assignment and its sample; only the fields named here are published."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from annotation.core.sample_content import PictureBlock, SampleView, TextBlock
from annotation.scoring.leasing import LeasedWork
from annotation.scoring.own_scores import OwnScore
from annotation.suggestions.showing import SuggestionView

from .json_responses import format_time, simplify_number
from .markdown import to_html


def describe_assignment(work: LeasedWork, *, html: bool = False) -> dict[str, Any]:
    """Return an assignment; with ``html`` its texts are rendered."""
    return {
        "id": work.public_id,
        "state": work.state,
        "leased_at": format_time(work.leased_at),
        "expires_at": format_time(work.expires_at),
        "sample": describe_sample(work.sample, html=html),
        "score": None if work.score is None else describe_own_score(work.score),
        "suggestion": describe_suggestion(work.suggestion),
    }


def describe_sample(view: SampleView, *, html: bool = False) -> dict[str, Any]:
    """Return a sample's turns and the dimensions whose values a rule gives."""
    return {
        "id": view.public_id,
        "turns": [
            {
                "question": turn.question,
                "context": turn.context,
                "blocks": [_describe_block(block, html) for block in turn.blocks],
            }
            for turn in view.turns
        ],
        "locked": {
            key: {"value": simplify_number(locked.value), "why": locked.why} for key, locked in view.locked.items()
        },
    }


def describe_own_score(view: OwnScore) -> dict[str, Any]:
    """Return the annotator's own score."""
    return {
        "ratings": describe_ratings(view.ratings),
        "notes": view.notes,
        "seconds": view.seconds,
        "scored_at": format_time(view.scored_at),
        "undo_until": format_time(view.undo_until),
        "own": None if view.own is None else describe_ratings(view.own),
    }


def describe_suggestion(view: SuggestionView | None) -> dict[str, Any] | None:
    """Return the part of a suggestion that its annotator may see."""
    if view is None:
        return None
    shown: dict[str, Any] = {"arm": view.arm, "ratings": describe_ratings(view.ratings)}
    if view.expected is not None:
        shown |= {"expected": view.expected, "interval": view.interval, "sd": view.sd}
    return shown


def describe_ratings(values: Mapping[str, float | None]) -> dict[str, float | int | None]:
    """Return values by dimension, with whole ones as integers."""
    return {key: simplify_number(value) for key, value in values.items()}


def _describe_block(block: TextBlock | PictureBlock, html: bool) -> dict[str, Any]:
    if isinstance(block, TextBlock):
        text = {"html": to_html(block.text)} if html else {"text": block.text}
        return {"kind": "text", "number": block.number, **text}
    return {
        "kind": "image",
        "number": block.number,
        "url": build_picture_url(block.public_id, "web"),
        "full_url": build_picture_url(block.public_id, "full"),
        "width": block.width,
        "height": block.height,
        "web_width": block.web_width,
        "web_height": block.web_height,
    }


def build_picture_url(public_id: str, size: str) -> str:
    """Return the address of a picture."""
    return reverse("api:picture", args=[public_id, size])
