"""Reads the scores of a finished study for a replay.

Of each dimension it takes the samples that enough annotators have scored.

Reads the database and hands tables to the pure modules. Loads pandas, so import it only where work is done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from annotation.models import Sample, Study
from annotation.reports.ratings import read_ratings

from .replay import FinishedDimension, draw_raters


@dataclass(frozen=True, slots=True)
class ReplayRatings:
    """The independent ratings of one dimension.

    By sample, its raters and the positions of the levels that they gave.
    """

    key: str
    levels: tuple[float, ...]
    samples: Mapping[int, tuple[list[int], list[int]]]

    def most_common_raters(self) -> int:
        """Return how many raters most samples have; 0 without any.

        Samples with fewer than two raters do not count.
        """
        counts = [len(people) for people, _ in self.samples.values() if len(people) >= 2]
        return int(np.bincount(counts).argmax()) if counts else 0


@dataclass(frozen=True, slots=True)
class FinishedStudy:
    """The dimensions of a study, and the samples that have ratings on any."""

    ratings: list[ReplayRatings]
    names: Mapping[int, str]
    """External ids of the samples by primary key, so that a study that is imported again is replayed the same."""
    questions: Mapping[int, int]
    """Numbers of the samples' questions, in the order of their keys."""

    def draw_dimension(self, ratings: ReplayRatings, raters: int, *, seed: int) -> tuple[FinishedDimension, list[int]]:
        """Return one dimension with ``raters`` raters drawn per sample, and the samples' keys.

        Samples that fewer annotators have scored are left out; the keys are in the order of the rows.
        """
        keys = [key for key, (people, _) in sorted(ratings.samples.items()) if len(people) >= raters]
        values = np.zeros((len(keys), raters), dtype=np.int64)
        people = np.zeros((len(keys), raters), dtype=np.int64)
        for row, key in enumerate(keys):
            raters_of_sample, positions = ratings.samples[key]
            for column, index in enumerate(draw_raters(self.names[key], raters_of_sample, raters, seed=seed)):
                values[row, column], people[row, column] = positions[index], raters_of_sample[index]
        _, people = np.unique(people, return_inverse=True)
        return (
            FinishedDimension(
                names=[self.names[key] for key in keys],
                questions=np.array([self.questions[key] for key in keys], dtype=np.int64),
                levels=ratings.levels,
                values=values,
                people=people.reshape(len(keys), raters),
            ),
            keys,
        )


def read_finished_study(study: Study) -> FinishedStudy:
    """Read the independent ratings of a study.

    Those on dimensions that a missing side decides are left out.
    """
    study_ratings = read_ratings(study)
    table = study_ratings.ratings
    ratings = [
        ReplayRatings(scale.key, scale.values, dict(_group_by_sample(table[table["dimension"] == index])))
        for index, scale in enumerate(study_ratings.scales)
    ]
    rated = {key for dimension in ratings for key in dimension.samples}
    rows = Sample.objects.filter(study=study).values_list("pk", "external_id", "question__key")
    rated_samples = {pk: (name, question) for pk, name, question in rows.iterator() if pk in rated}
    number = {key: index for index, key in enumerate(sorted({question for _, question in rated_samples.values()}))}
    return FinishedStudy(
        ratings,
        {pk: name for pk, (name, _) in rated_samples.items()},
        {pk: number[question] for pk, (_, question) in rated_samples.items()},
    )


def _group_by_sample(part: pd.DataFrame) -> Iterator[tuple[int, tuple[list[int], list[int]]]]:
    # By annotator within a sample, whatever order the database returned them in.
    for sample, rows in part.sort_values("annotator").groupby("unit"):
        yield sample, (rows["annotator"].tolist(), rows["position"].tolist())
