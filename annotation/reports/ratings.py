"""Reads the independent ratings of a study into one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from annotation.core.rubric_cache import DimensionDefinition, load_rubric
from annotation.models import Study
from annotation.models.rubrics import LEVELS_PER_DIMENSION
from annotation.statistics.agreement import LevelScale
from annotation.statistics.krippendorff_alpha import Ints
from judge.missing_sides import locked_dimensions

from . import agreement_sql

Grouping = Literal["generator", "domain"]
GROUPINGS: tuple[Grouping, ...] = ("generator", "domain")


class DimensionRatings(NamedTuple):
    """The ratings of one dimension: samples by key, annotators by number, positions of levels, rows of scores."""

    unit: Ints
    annotator: Ints
    position: Ints
    score: Ints


@dataclass(frozen=True, slots=True)
class StudyRatings:
    """The independent ratings of a study."""

    scales: Sequence[LevelScale]
    """The dimensions in the order of the rubric."""
    ratings: pd.DataFrame
    """A row per rating.

    ``dimension`` (its place in the scales), ``unit`` (the sample's key), ``annotator`` (the place in the members),
    ``position`` of the level, ``score`` (the row in the scores), ``generator`` and ``domain``.
    """
    scores: pd.DataFrame
    """A row per score: ``sample``, ``member``, ``seconds`` and ``at``."""
    members: Sequence[int]
    """Primary keys of the annotators, by number."""
    labels: Mapping[Grouping, Sequence[str]]
    """The groups of each kind that have ratings, those with the most samples first."""

    @property
    def parts(self) -> list[DimensionRatings]:
        """The ratings of each dimension, in the order of the scales."""
        return split_by_dimension(self.ratings, len(self.scales))


def read_ratings(study: Study) -> StudyRatings:
    """Read the independent ratings: valid, of round 1, of samples that are not withdrawn.

    Ratings on a dimension that a missing side decides are left out: they are no one's opinion.
    """
    dimensions = load_rubric(study.rubric_id).dimensions
    scores = agreement_sql.read_independent_scores(study.pk)
    levels = agreement_sql.read_independent_levels(study.pk)
    samples = agreement_sql.read_agreement_samples(study.pk)
    members, scores["annotator"] = np.unique(scores["member"], return_inverse=True)
    # Three statements see three moments: an inner join leaves out what came in between.
    rows = scores[["score", "sample", "annotator"]].assign(row=scores.index)
    ratings = levels.merge(rows, on="score").merge(samples, on="sample")
    dimension, position = np.divmod(ratings["level"], LEVELS_PER_DIMENSION)
    ratings = ratings.assign(
        dimension=dimension.map({one.id: place for place, one in enumerate(dimensions)}), position=position
    )
    ratings = ratings[ratings["dimension"].notna() & ~_find_locked(ratings, dimensions)]
    ratings = ratings.drop(columns=["level", "score", "has_text", "has_image"])
    ratings = ratings.rename(columns={"sample": "unit", "row": "score"}).astype({"dimension": int})
    return StudyRatings(
        scales=[
            LevelScale(dimension.key, dimension.name, tuple(level.value for level in dimension.levels))
            for dimension in dimensions
        ],
        ratings=ratings,
        scores=scores,
        members=members.tolist(),
        labels={grouping: _sort_groups(ratings, grouping) for grouping in GROUPINGS},
    )


def split_by_dimension(ratings: pd.DataFrame, dimensions: int) -> list[DimensionRatings]:
    """Return the ratings of each dimension in columns."""
    parts = [ratings[ratings["dimension"] == place] for place in range(dimensions)]
    return [DimensionRatings(*(part[name].to_numpy() for name in DimensionRatings._fields)) for part in parts]


def _find_locked(ratings: pd.DataFrame, dimensions: Sequence[DimensionDefinition]) -> pd.Series:
    """Return for each rating whether a missing side decides its dimension."""
    locked = [
        {"dimension": place, "has_text": text, "has_image": image}
        for text in (False, True)
        for image in (False, True)
        for place, dimension in enumerate(dimensions)
        if locked_dimensions([dimension], has_text=text, has_image=image)
    ]
    keys = ["dimension", "has_text", "has_image"]
    cells = pd.MultiIndex.from_frame(pd.DataFrame(locked, columns=keys))
    return pd.Series(pd.MultiIndex.from_frame(ratings[keys]).isin(cells), index=ratings.index)


def _sort_groups(ratings: pd.DataFrame, grouping: Grouping) -> list[str]:
    """Return the names of the groups that have ratings, those with the most samples first."""
    sizes = ratings.drop_duplicates("unit")[grouping].value_counts()
    names = sorted((name for name, size in sizes.items() if size), key=lambda name: (-sizes[name], name))
    # A study in which nothing has a name of this kind has no groups of it.
    return [] if names == [""] else names
