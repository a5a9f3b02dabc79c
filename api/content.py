"""An assignment as its annotator meets it. Only what is named here leaves the house."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from annotation.core.sample_content import PictureBlock, SampleView, TextBlock
from annotation.scoring.leasing import LeasedWork
from annotation.scoring.own_scores import OwnScore
from annotation.suggestions.showing import SuggestionView

from .answers import format_time, simplify_number
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
    """Return a sample's turns and the dimensions that nobody scores on it."""
    return {
        "id": view.public_id,
        "turns": [
            {
                "question": turn.question,
                "context": turn.context,
                "blocks": [_block(block, html) for block in turn.blocks],
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
    """Return what the annotator has been shown of a judge: its values, and its uncertainty beside own ones."""
    if view is None:
        return None
    shown: dict[str, Any] = {"arm": view.arm, "ratings": describe_ratings(view.ratings)}
    if view.expected is not None:
        shown |= {"expected": view.expected, "interval": view.interval, "sd": view.sd}
    return shown


def describe_ratings(values: Mapping[str, float | None]) -> dict[str, float | int | None]:
    """Return values by dimension, whole ones as whole numbers."""
    return {key: simplify_number(value) for key, value in values.items()}


def _block(block: TextBlock | PictureBlock, html: bool) -> dict[str, Any]:
    if isinstance(block, TextBlock):
        text = {"html": to_html(block.text)} if html else {"text": block.text}
        return {"kind": "text", "number": block.number, **text}
    return {
        "kind": "image",
        "number": block.number,
        "url": picture_url(block.public_id, "web"),
        "full_url": picture_url(block.public_id, "full"),
        "width": block.width,
        "height": block.height,
        "web_width": block.web_width,
        "web_height": block.web_height,
    }


def picture_url(public_id: str, size: str) -> str:
    """Return where a picture is served from."""
    return reverse("api:picture", args=[public_id, size])
