"""The part of a sample that annotators see: turns, and pictures under opaque names."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from annotation.models import SampleContent
from judge.missing_sides import LockedDimension, locked_dimensions

from . import sample_content_sql
from .rubric_cache import RubricDefinition


@dataclass(frozen=True, slots=True)
class TextBlock:
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class PictureBlock:
    number: str
    public_id: str
    width: int
    height: int
    web_width: int
    web_height: int


@dataclass(frozen=True, slots=True)
class TurnView:
    question: str
    context: bool
    blocks: tuple[TextBlock | PictureBlock, ...]


@dataclass(frozen=True, slots=True)
class SampleView:
    public_id: str
    turns: tuple[TurnView, ...]
    locked: dict[str, LockedDimension]


@dataclass(frozen=True, slots=True)
class SampleSides:
    """The ids of a sample, and whether its judged turns have text and pictures."""

    id: int
    public_id: str
    has_text: bool
    has_image: bool


def build_sample_views(samples: Iterable[SampleSides], rubric: RubricDefinition) -> dict[int, SampleView]:
    """Return the view of each sample by primary key, in at most two queries."""
    by_id = {sample.id: sample for sample in samples}
    turns_of = sample_content_sql.read_turns(list(by_id))
    with_pictures = [pk for pk, turns in turns_of.items() if any("picture" in b for t in turns for b in t["blocks"])]
    places: dict[int, dict[int, PictureBlock]] = defaultdict(dict)
    if with_pictures:
        for sample_id, position, public_id, *size in sample_content_sql.read_pictures(with_pictures):
            places[sample_id][position] = PictureBlock("", public_id, *size)
    return {
        pk: SampleView(
            public_id=sample.public_id,
            turns=_build_turn_views(turns_of[pk], places[pk]),
            locked=locked_dimensions(rubric.dimensions, has_text=sample.has_text, has_image=sample.has_image),
        )
        for pk, sample in by_id.items()
    }


def _build_turn_views(turns: list[dict[str, Any]], pictures: dict[int, PictureBlock]) -> tuple[TurnView, ...]:
    texts = images = 0
    result = []
    for turn in turns:
        blocks: list[TextBlock | PictureBlock] = []
        for block in turn["blocks"]:
            if "picture" in block:
                images += 1
                blocks.append(replace(pictures[block["picture"]], number=f"I{images}"))
            else:
                texts += 1
                blocks.append(TextBlock(f"T{texts}", block["text"]))
        result.append(TurnView(str(turn.get("question") or ""), bool(turn.get("context")), tuple(blocks)))
    return tuple(result)


def questions_of(samples: Iterable[int]) -> dict[int, str]:
    """Return the last question of each sample, by its primary key."""
    contents = SampleContent.objects.filter(sample__in=list(samples)).values_list("sample_id", "turns")
    return {pk: next((t["question"] for t in reversed(turns) if t.get("question")), "") for pk, turns in contents}
