"""Freezing: every agreed sample of a study read in one moment and written down as records."""

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

from .freezing_sql import CurrentFinalScore, FrozenContent, PicturePosition, StudyReader, ValidScore, read_pages
from .parts import ReleaseParts
from .record import FrozenPicture, FrozenRating, FrozenRecord
from .statistics import ReleaseCounts

PAGE = 500
ORIGINS = FinalScore.LabelOrigin
# The further to the right, the less independent of the judge. Of imported values nothing is known; so they do not hide
# that a judge was met on another dimension.
FROM_BLIND_ON = (ORIGINS.BLIND, ORIGINS.IMPORTED, ORIGINS.MIXED, ORIGINS.DELAYED, ORIGINS.PREFILLED)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class ReleasePseudonyms:
    """A name for each annotator that holds within one release and is drawn anew for the next."""

    def __init__(self, member_ids: Sequence[int]) -> None:
        shuffled = sorted(member_ids)
        random.Random(secrets.randbits(64)).shuffle(shuffled)  # noqa: S311 - seeded by what nobody can guess
        width = len(str(len(shuffled)))
        self._names = {member: f"A{number:0{width}d}" for number, member in enumerate(shuffled, 1)}

    def __getitem__(self, member_id: int) -> str:
        return self._names[member_id]


@dataclass(slots=True)
class SampleFreezer:
    """Writes the records of the given samples to a file, and tells what they came to."""

    reader: StudyReader
    rubric: RubricDefinition
    pseudonyms: ReleasePseudonyms
    tally: ReleaseCounts
    digest: str = ""
    newest_final: dict[int, int] = field(default_factory=dict)
    """By sample, the highest id of its current final scores."""
    _given: dict[int, tuple[str, int, int, float]] = field(init=False)
    """By level: its dimension's key and place, its own place in there, and its value."""
    _means: dict[tuple[str, tuple[int, ...]], float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._given = {
            level.id: (dimension.key, place, position, _plain(level.value))
            for place, dimension in enumerate(self.rubric.dimensions)
            for position, level in enumerate(dimension.levels)
        }

    def write(self, ids: Sequence[int], parts: ReleaseParts, target: BinaryIO) -> Iterator[int]:
        """Write a record for each sample, page by page, yielding how many are written."""
        sha256 = hashlib.sha256()
        done = 0
        for page in read_pages(ids, PAGE):
            lines = []
            for record in self._records(page, parts):
                self.tally.add(record)
                lines.append(_encode(record) + "\n")
            data = "".join(lines).encode()
            sha256.update(data)
            target.write(data)
            done += len(page)
            yield done
        self.digest = sha256.hexdigest()

    def _records(self, ids: Sequence[int], parts: ReleaseParts) -> Iterator[FrozenRecord]:
        contents = self.reader.contents(ids)
        finals: dict[int, list[CurrentFinalScore]] = defaultdict(list)
        scores: dict[int, list[ValidScore]] = defaultdict(list)
        places: dict[int, list[PicturePosition]] = defaultdict(list)
        for final in self.reader.finals(ids):
            finals[final.sample_id].append(final)
        for score in self.reader.scores(ids):
            scores[score.sample_id].append(score)
        for place in self.reader.pictures(ids):
            places[place.sample_id].append(place)
        for pk in ids:
            self.newest_final[pk] = max((final.id for final in finals[pk]), default=0)
            yield self._record(contents[pk], finals[pk], scores[pk], places[pk], parts)

    def _record(
        self,
        content: FrozenContent,
        finals: Sequence[CurrentFinalScore],
        scores: Sequence[ValidScore],
        places: Sequence[PicturePosition],
        parts: ReleaseParts,
    ) -> FrozenRecord:
        dimensions = self.rubric.dimensions
        by_dimension = {final.dimension_id: final for final in finals}
        histogram = {one.key: [0] * len(one.levels) for one in dimensions}
        scorers = set()
        given: list[tuple[int, str, int, FrozenRating]] = []
        for score in scores:
            annotator, at = self.pseudonyms[score.member_id], moment_text(score.at) or None
            for level_id in score.level_ids:
                if level_id not in self._given:
                    continue
                key, place, position, plain = self._given[level_id]
                if score.round == 1 and score.arm == SuggestionArm.BLIND:
                    histogram[key][position] += 1
                    scorers.add(score.member_id)
                rating: FrozenRating = {
                    "annotator": annotator,
                    "dimension": key,
                    "value": plain,
                    "round": score.round,
                    "at": at,
                    "seconds": score.seconds,
                }
                given.append((score.round, annotator, place, rating))
        given.sort(key=itemgetter(0, 1, 2))
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
            "pictures": [_picture(place) for place in places],
            "part": parts.part_of(content.question),
            "calibration": content.question in parts.calibration,
            "final": {one.key: self._final(by_dimension.get(one.id)) for one in dimensions},
            "histogram": histogram,
            "mean": {one.key: self._mean(histogram[one.key], one) for one in dimensions},
            "outcome": {one.key: by_dimension[one.id].outcome for one in dimensions if one.id in by_dimension},
            "label_origin": _origin(finals),
            "annotators": len(scorers),
            "ratings": [rating for *_, rating in given],
        }

    def _mean(self, counts: Sequence[int], dimension: DimensionDefinition) -> float | None:
        # Most samples were rated like others.
        kind = (dimension.key, tuple(counts))
        if kind not in self._means:
            self._means[kind] = _mean(counts, dimension)
        return self._means[kind]

    def _final(self, final: CurrentFinalScore | None) -> float | None:
        if final is None or final.level_id is None:
            return None
        return _plain(self.rubric.value_of(final.level_id))


def _picture(place: PicturePosition) -> FrozenPicture:
    suffix = PurePosixPath(place.storage).suffix
    return {
        "sha256": place.sha256,
        "storage": place.storage,
        # By content: the name that it came under may tell of its generator.
        "name": f"images/{place.sha256[:32]}{suffix}",
        "width": place.width,
        "height": place.height,
    }


def _mean(counts: Sequence[int], dimension: DimensionDefinition) -> float | None:
    ratings = sum(counts)
    if not ratings:
        return None
    total = sum(count * level.value for count, level in zip(counts, dimension.levels, strict=True))
    return _plain(round(total / ratings, 6))


def _plain(value: float) -> float:
    """Return a whole number as one, which JSON then writes without a fraction."""
    return int(value) if value.is_integer() else value


def _origin(finals: Sequence[CurrentFinalScore]) -> str:
    """Return the least independent origin among the values that people gave; blind where a rule gave all."""
    given = {final.label_origin for final in finals if final.outcome != FinalScore.Outcome.BY_RULE}
    return max(given or {ORIGINS.BLIND.value}, key=[origin.value for origin in FROM_BLIND_ON].index)
