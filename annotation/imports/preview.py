"""Builds previews of the first samples of a dry run.

Texts are bounded, and pictures small enough to be sent along.
"""

import base64
from collections.abc import Callable
from typing import Any

from judge.formats.sample_line import Image, TextPart

from .picture_decoding import PictureCopy
from .sample_lines import IncomingSample

SAMPLES = 5
LONGEST_TEXT = 2000
MOST_BLOCKS = 40
MOST_PICTURES = 12

Thumbnail = Callable[[str], PictureCopy | None]


def preview_sample(sample: IncomingSample, thumbnail: Thumbnail) -> dict[str, Any]:
    """Return a sample as plain data for a page.

    The data also say which dimensions are decided by rule.

    An ``image`` is empty where the picture is one too many to be shown.
    """
    record = sample.record
    budget = _PreviewBudget(thumbnail)
    return {
        "id": record.id,
        "question_id": record.question_id,
        "generator": record.generator,
        "turns": [
            {
                "question": _truncate(turn.question),
                "context": turn.context,
                "blocks": budget.blocks(turn.blocks),
            }
            for turn in record.turns[:MOST_BLOCKS]
        ],
        "locked": {key: {"value": rule.value, "why": rule.why} for key, rule in sample.locked.items()},
    }


class _PreviewBudget:
    """The numbers of blocks and pictures that one sample's preview may still show."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._blocks, self._pictures = MOST_BLOCKS, MOST_PICTURES

    def blocks(self, blocks: list[TextPart | Image]) -> list[dict[str, Any]]:
        shown = blocks[: self._blocks]
        self._blocks -= len(shown)
        return [
            {"text": _truncate(block.text)} if isinstance(block, TextPart) else self._picture(block) for block in shown
        ]

    def _picture(self, image: Image) -> dict[str, Any]:
        copy = self._thumbnail(image.path) if self._pictures else None
        if copy is None:
            return {"image": "", "width": 0, "height": 0}
        self._pictures -= 1
        data = base64.b64encode(copy.data).decode()
        return {"image": f"data:image/webp;base64,{data}", "width": copy.width, "height": copy.height}


def _truncate(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
