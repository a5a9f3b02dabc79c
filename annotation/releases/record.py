"""Defines the frozen record: all that a release keeps of one sample.

Every file is made from these records alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from judge.formats.rubric import RubricSpec


class FrozenPicture(TypedDict):
    """A picture without metadata: its stored file, and its name in a release."""

    sha256: str
    storage: str
    name: str
    width: int
    height: int


class FrozenRating(TypedDict):
    """One value of one annotator, under the release's pseudonym."""

    annotator: str
    dimension: str
    value: float
    round: int
    at: str | None
    seconds: float | None


class FrozenRecord(TypedDict):
    """One agreed sample.

    ``turns`` is as in `SampleContent`, a block's ``picture`` being an index into ``pictures``. ``final`` is None where
    a dimension is not applicable. ``histogram`` counts the ratings per level, in the rubric's order, that were given
    without having seen those of others or a judge's, ``mean`` is theirs, None where there are none, and ``annotators``
    is how many people gave them. Texts that the sample does not have are empty.
    """

    id: str
    question_id: str
    generator: str
    domain: str
    category: str
    topic: str
    language: str
    metadata: dict[str, Any]
    turns: list[dict[str, Any]]
    pictures: list[FrozenPicture]
    part: Literal["train", "test"]
    calibration: bool
    final: dict[str, float | None]
    histogram: dict[str, list[int]]
    mean: dict[str, float | None]
    outcome: dict[str, str]
    label_origin: str
    annotators: int
    ratings: list[FrozenRating]


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """The facts about a release as a whole."""

    study: str
    title: str
    name: str
    number: int
    at: datetime
    rubric: RubricSpec
    rubric_name: str
    """``key@version``."""
    seed: int
    statistics: dict[str, Any]
    """`Release.about`, built by `statistics.build_release_statistics`."""


def read_frozen(path: Path) -> Iterator[FrozenRecord]:
    """Yield the records of a frozen file in order."""
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)
