"""Freezes every agreed sample of a study as a record, as of one moment."""

import hashlib
import json
import random
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import PurePosixPath
from typing import BinaryIO

from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition
from annotation.core.sql import moment_text
from annotation.models import FinalScore
from annotation.suggestions.arms import SuggestionArm

from .freezing_sql import CurrentFinalScore, FrozenContent, SamplePictureRow, StudyReader, ValidScore, split_into_pages
from .parts import ReleaseParts
from .record import FrozenPicture, FrozenRating, FrozenRecord
from .statistics import ReleaseCounts

PAGE_SIZE = 500
ORIGINS = FinalScore.LabelOrigin
# From the most to the least independent of the judge. Nothing is known of imported values, so they do not hide a
# suggestion on another dimension.
ORIGINS_BY_DEPENDENCE = (ORIGINS.BLIND, ORIGINS.IMPORTED, ORIGINS.MIXED, ORIGINS.DELAYED, ORIGINS.PREFILLED)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class ReleasePseudonyms:
    """The pseudonyms of annotators in one release; the next release draws others."""

    def __init__(self, member_ids: Sequence[int]) -> None:
        shuffled = sorted(member_ids)
        random.Random(secrets.randbits(64)).shuffle(shuffled)  # noqa: S311 - seeded unpredictably
        width = len(str(len(shuffled)))
        self._names = {member: f"A{number:0{width}d}" for number, member in enumerate(shuffled, 1)}

    def __getitem__(self, member_id: int) -> str:
        return self._names[member_id]


@dataclass(slots=True)
class SampleFreezer:
    """Writes the records of samples to a file, counts them and computes their digest."""

    reader: StudyReader
    rubric: RubricDefinition
    pseudonyms: ReleasePseudonyms
    counts: ReleaseCounts
    digest: str = ""
    newest_final: dict[int, int] = field(default_factory=dict)
    """By sample, the highest id of its current final scores."""
    _level_details: dict[int, tuple[str, int, int, float]] = field(init=False)
    """By level: its dimension's key and index, its own position in the dimension, and its value."""
    _means: dict[tuple[str, tuple[int, ...]], float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._level_details = {
            level.id: (dimension.key, dimension_index, position, _plain_number(level.value))
            for dimension_index, dimension in enumerate(self.rubric.dimensions)
            for position, level in enumerate(dimension.levels)
        }

    def write_records(self, ids: Sequence[int], parts: ReleaseParts, target: BinaryIO) -> Iterator[int]:
        """Write a record for each sample, and yield the number written after each page."""
        sha256 = hashlib.sha256()
        done = 0
        for page in split_into_pages(ids, PAGE_SIZE):
            lines = []
            for record in self._build_records(page, parts):
                self.counts.add(record)
                lines.append(_encode(record) + "\n")
            data = "".join(lines).encode()
            sha256.update(data)
            target.write(data)
            done += len(page)
            yield done
        self.digest = sha256.hexdigest()

    def _build_records(self, ids: Sequence[int], parts: ReleaseParts) -> Iterator[FrozenRecord]:
        contents = self.reader.read_contents(ids)
        finals: dict[int, list[CurrentFinalScore]] = defaultdict(list)
        scores: dict[int, list[ValidScore]] = defaultdict(list)
        pictures: dict[int, list[SamplePictureRow]] = defaultdict(list)
        for final in self.reader.read_final_scores(ids):
            finals[final.sample_id].append(final)
        for score in self.reader.read_valid_scores(ids):
            scores[score.sample_id].append(score)
        for picture in self.reader.read_pictures(ids):
            pictures[picture.sample_id].append(picture)
        for pk in ids:
            self.newest_final[pk] = max((final.id for final in finals[pk]), default=0)
            yield self._build_record(contents[pk], finals[pk], scores[pk], pictures[pk], parts)

    def _build_record(
        self,
        content: FrozenContent,
        finals: Sequence[CurrentFinalScore],
        scores: Sequence[ValidScore],
        pictures: Sequence[SamplePictureRow],
        parts: ReleaseParts,
    ) -> FrozenRecord:
        dimensions = self.rubric.dimensions
        by_dimension = {final.dimension_id: final for final in finals}
        histogram = {dimension.key: [0] * len(dimension.levels) for dimension in dimensions}
        scorers = set()
        ratings: list[tuple[int, str, int, FrozenRating]] = []
        for score in scores:
            annotator, at = self.pseudonyms[score.member_id], moment_text(score.at) or None
            for level_id in score.level_ids:
                if level_id not in self._level_details:
                    continue
                key, dimension_index, position, value = self._level_details[level_id]
                if score.round == 1 and score.arm == SuggestionArm.BLIND:
                    histogram[key][position] += 1
                    scorers.add(score.member_id)
                rating: FrozenRating = {
                    "annotator": annotator,
                    "dimension": key,
                    "value": value,
                    "round": score.round,
                    "at": at,
                    "seconds": score.seconds,
                }
                ratings.append((score.round, annotator, dimension_index, rating))
        ratings.sort(key=itemgetter(0, 1, 2))
        return {
            "id": content.external_id,
            "question_id": content.question,
            "generator": content.generator,
            "domain": content.domain,
            "category": content.category,
            "topic": content.topic,
            "language": content.language,
            "metadata": content.metadata,
            "turns": content.turns,
            "pictures": [_frozen_picture(picture) for picture in pictures],
            "part": parts.part_of(content.question),
            "calibration": content.question in parts.calibration,
            "final": {dimension.key: self._final_value(by_dimension.get(dimension.id)) for dimension in dimensions},
            "histogram": histogram,
            "mean": {dimension.key: self._mean(histogram[dimension.key], dimension) for dimension in dimensions},
            "outcome": {
                dimension.key: by_dimension[dimension.id].outcome
                for dimension in dimensions
                if dimension.id in by_dimension
            },
            "label_origin": _least_independent_origin(finals),
            "annotators": len(scorers),
            "ratings": [rating for *_, rating in ratings],
        }

    def _mean(self, level_counts: Sequence[int], dimension: DimensionDefinition) -> float | None:
        # Most samples were rated like others.
        kind = (dimension.key, tuple(level_counts))
        if kind not in self._means:
            self._means[kind] = _mean(level_counts, dimension)
        return self._means[kind]

    def _final_value(self, final: CurrentFinalScore | None) -> float | None:
        if final is None or final.level_id is None:
            return None
        return _plain_number(self.rubric.value_of(final.level_id))


def _frozen_picture(picture: SamplePictureRow) -> FrozenPicture:
    suffix = PurePosixPath(picture.storage).suffix
    return {
        "sha256": picture.sha256,
        "storage": picture.storage,
        # By content: the name that it came under may tell of its generator.
        "name": f"images/{picture.sha256[:32]}{suffix}",
        "width": picture.width,
        "height": picture.height,
    }


def _mean(level_counts: Sequence[int], dimension: DimensionDefinition) -> float | None:
    rating_count = sum(level_counts)
    if not rating_count:
        return None
    total = sum(count * level.value for count, level in zip(level_counts, dimension.levels, strict=True))
    return _plain_number(round(total / rating_count, 6))


def _plain_number(value: float) -> float:
    """Return a whole number as an int, which JSON writes without a fraction."""
    return int(value) if value.is_integer() else value


def _least_independent_origin(finals: Sequence[CurrentFinalScore]) -> str:
    """Return the least independent label origin among the values of annotators.

    It is blind where a rule gave all values.
    """
    origins = {final.label_origin for final in finals if final.outcome != FinalScore.Outcome.BY_RULE}
    return max(origins or {ORIGINS.BLIND.value}, key=[origin.value for origin in ORIGINS_BY_DEPENDENCE].index)
