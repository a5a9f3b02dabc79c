"""What meeting a judge did to the annotators of a study, as plain data.

Reads the database and hands columns to the pure modules. Loads numpy, so import it only where work is done.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from annotation.core.rubric_cache import DimensionDefinition, load_rubric
from annotation.models import JudgeRun, Protocol, Study
from annotation.models.assignments import Arm
from annotation.statistics.judge_influence import (
    ARMS,
    BLIND_ARM,
    InfluenceData,
    arm_rows,
    influence_rows,
)
from annotation.statistics.rubber_stamping import annotator_rows
from judge.missing_sides import locked_dimensions

from . import judge_influence_sql
from .agreement_sql import Floats, Ints

# In the order of `ARMS`.
NUMBERS = np.array([Arm.DELAYED, Arm.PREFILLED], dtype=np.int64)


def influence_report(
    study: Study, *, names: Mapping[int, str], step: Callable[[str], None] = lambda activity: None
) -> dict[str, Any] | None:
    """Return the influence report of a study; None where nobody has ever been shown anything of a judge.

    ``names`` are those of members by key; ``step`` is told what is done next. The limit is that of the current rules.
    """
    since = judge_influence_sql.first_shown_at(study.pk)
    if since is None:
        return None
    limit = Protocol.objects.values_list("pull_limit", flat=True).get(study=study, current=True)
    step("influence: reading")
    data, members = _read(study, since)
    step("influence: calculating")
    found = influence_rows(data, limit=limit)
    named = [
        {"member": names.get(int(members[row["annotator"]]), "?")}
        | {key: value for key, value in row.items() if key != "annotator"}
        for row in annotator_rows(data)
    ]
    return {
        "limit": limit,
        "alarm": any(row["alarm"] for row in found),
        "rows": found,
        "arms": arm_rows(data),
        "people": sorted(named, key=lambda row: (str(row["member"]), ARMS.index(row["arm"]))),
    }


def _read(study: Study, since: Any) -> tuple[InfluenceData, Ints]:
    """Return the columns that everything is calculated from, and the keys of the annotators by their number."""
    dimensions = load_rubric(study.rubric_id).dimensions
    answered = judge_influence_sql.read_answered_suggestions(study.pk)
    scored = judge_influence_sql.scores_with_and_without_judge(study.pk, since)
    ratings = judge_influence_sql.read_blind_ratings(study.pk, since)
    # After these, so that it has all samples that they have.
    samples = judge_influence_sql.read_influence_samples(study.pk)
    members = np.unique(np.concatenate([answered.member, scored.member, ratings.member]))
    values = _Levels(dimensions)
    at, dimension = np.searchsorted(samples.id, ratings.sample), values.dimension(ratings.level)
    asked = ~_locked(dimensions, samples)[at, dimension]
    at, dimension, ratings = (
        at[asked],
        dimension[asked],
        judge_influence_sql.BlindRatings(*(column[asked] for column in ratings)),
    )
    arm = np.searchsorted(NUMBERS, answered.arm)
    # Where nobody answered in time the judge's value had its chance, but nobody was_answered anything to it.
    was_answered = (answered.final >= 0) & (answered.touched == 1)
    shown, expected = _would_have_shown(study, answered, values, samples)
    data = InfluenceData(
        dimensions=[dimension.key for dimension in dimensions],
        question_of=samples.question,
        suggested=pd.DataFrame(
            {
                "sample": np.searchsorted(samples.id, answered.sample[was_answered]),
                "annotator": np.searchsorted(members, answered.member[was_answered]),
                "dimension": values.dimension(answered.shown[was_answered]),
                "arm": arm[was_answered],
                "shown": values.of(answered.shown[was_answered]),
                "expected": answered.expected[was_answered],
                "first": values.of(answered.first[was_answered]),
                "final": values.of(answered.final[was_answered]),
            }
        ),
        blind=pd.DataFrame(
            {
                "sample": at,
                "annotator": np.searchsorted(members, ratings.member),
                "dimension": dimension,
                "value": values.of(ratings.level),
                "shown": shown[at, dimension],
                "expected": expected[at, dimension],
                "beside": np.isin(ratings.sample, answered.sample),
            }
        ),
        times=pd.DataFrame(
            {
                "annotator": np.searchsorted(members, scored.member),
                "arm": np.where(scored.arm == Arm.BLIND, BLIND_ARM, np.searchsorted(NUMBERS, scored.arm)),
                "seconds": scored.seconds,
            }
        ),
        unanswered=np.bincount(arm[(answered.final >= 0) & ~was_answered], minlength=len(ARMS)).tolist(),
    )
    return data, members


class _Levels:
    """What the ids of levels stand for."""

    def __init__(self, dimensions: Sequence[DimensionDefinition]) -> None:
        levels = sorted(
            (level.id, number, level.value) for number, one in enumerate(dimensions) for level in one.levels
        )
        self._ids = np.array([pk for pk, _, _ in levels], dtype=np.int64)
        self._dimensions = np.array([number for _, number, _ in levels], dtype=np.int64)
        self._values = np.array([value for _, _, value in levels], dtype=np.float64)

    def dimension(self, level: Ints) -> Ints:
        """Return the place in the rubric of the dimension that each level belongs to."""
        found: Ints = self._dimensions[np.searchsorted(self._ids, level)]
        return found

    def of(self, level: Ints) -> Floats:
        """Return the value of each level."""
        found: Floats = self._values[np.searchsorted(self._ids, level)]
        return found


def _would_have_shown(
    study: Study,
    answered: judge_influence_sql.AnsweredSuggestions,
    values: _Levels,
    samples: judge_influence_sql.InfluenceSamples,
) -> tuple[Floats, Floats]:
    """Return the level's value that the judge shows, and what it expects, by sample and dimension; NaN where unknown.

    On samples where it was suggested to somebody it is what they were shown. On others it is what the active run says,
    or else the newest of those that ever were shown; of a sample that a run has learned from nothing counts but what
    it was_answered before it had seen its question.
    """
    dimensions = load_rubric(study.rubric_id).dimensions
    shown = np.full((len(samples.id), len(dimensions)), np.nan)
    expected = shown.copy()
    runs = np.unique(answered.run).tolist()
    active = JudgeRun.objects.filter(study=study, active=True).values_list("pk", flat=True).first()
    runs = [*(run for run in runs if run != active), *([active] if active is not None else [])]
    # Of several the last one stays.
    for number, one in enumerate(dimensions):
        for run in runs:
            found = judge_influence_sql.read_expected_values(study.pk, run, one.key)
            # Samples that came in after the others were read are not among them.
            known = np.isin(found.sample, samples.id)
            at = np.searchsorted(samples.id, found.sample[known])
            shown[at, number], expected[at, number] = found.shown[known], found.expected[known]
    order = np.argsort(answered.run, kind="stable")
    at, dimension = np.searchsorted(samples.id, answered.sample[order]), values.dimension(answered.shown[order])
    shown[at, dimension], expected[at, dimension] = values.of(answered.shown[order]), answered.expected[order]
    return shown, expected


def _locked(
    dimensions: Sequence[DimensionDefinition], samples: judge_influence_sql.InfluenceSamples
) -> npt.NDArray[np.bool_]:
    """Tell of each sample and dimension whether a missing side decides it."""
    by_sides = np.array(
        [
            [
                [one.key in locked_dimensions([one], has_text=text, has_image=image) for one in dimensions]
                for image in (False, True)
            ]
            for text in (False, True)
        ]
    )
    locked: npt.NDArray[np.bool_] = by_sides[samples.has_text, samples.has_image]
    return locked
