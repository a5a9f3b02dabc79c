"""What a study's ratings say, as plain data: agreement, what discussions moved, and how each annotator scores.

Reads the database and hands columns to the pure modules. Loads numpy, so import it only where work is done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from annotation.core.rubric_cache import DimensionDefinition, load_rubric
from annotation.models import Member, Study
from annotation.models.rubrics import LEVELS_PER_DIMENSION
from annotation.statistics.agreement import LevelScale, agreement_row, measure_agreement
from annotation.statistics.annotator_bias import AnnotatorBias, measure_bias, noteworthy_words, week_name
from annotation.statistics.annotator_drift import RatedDimension, WeeklyChange, describe_annotators
from annotation.statistics.krippendorff_alpha import DRAWS, MEASUREMENTS, Ints, Measurement
from annotation.statistics.stance_changes import Movement, StanceChange, measure_movements, total_movement
from judge.missing_sides import locked_dimensions

from . import agreement_sql

Grouping = Literal["generator", "domain"]
GROUPINGS: tuple[Grouping, ...] = ("generator", "domain")
# Beyond these a page is no longer read and the stored result no longer small.
MOST_GROUPS = 100
MOST_PAIRS = 500
MOST_PAIRS_OF_A_GROUP = 50

# Is told how many steps are done, of how many, and what is done now; may raise to stop the work.
Progress = Callable[[int, int, str], None]


class DimensionRatings(NamedTuple):
    """The ratings of one dimension: numbers of samples, annotators and levels, and of the score each belongs to."""

    unit: Ints
    annotator: Ints
    position: Ints
    score: Ints


@dataclass(frozen=True, slots=True)
class StudyRatings:
    """The independent ratings of a study, in columns."""

    scales: Sequence[LevelScale]
    parts: Sequence[DimensionRatings]
    """In the order of the scales."""
    members: Sequence[int]
    """Primary keys of the annotators, by number."""
    scores: agreement_sql.IndependentScores
    labels: Mapping[Grouping, Sequence[str]]
    """The groups of each kind that have ratings, those with the most first."""
    group_of: Mapping[Grouping, Ints]
    """Each sample's place in these."""


def read_ratings(study: Study) -> StudyRatings:
    """Read the independent ratings: round 1, standing, of samples that are not withdrawn.

    Ratings on a dimension that a missing side decides are left out: they are no one's opinion.
    """
    dimensions = load_rubric(study.rubric_id).dimensions
    scores = agreement_sql.independent_scores(study.pk)
    levels = agreement_sql.independent_levels(study.pk)
    samples = agreement_sql.read_agreement_samples(study.pk)
    # Three statements see three moments: what is not in all of them came in between.
    score = _positions_in(scores.id, levels[:, 0])
    unit = np.where(score >= 0, _positions_in(samples.id, scores.sample)[score], -1) if len(scores.id) else score
    members, annotator = np.unique(scores.member, return_inverse=True)
    dimension, position = np.divmod(levels[:, 1], LEVELS_PER_DIMENSION)
    parts = []
    for one in dimensions:
        rows = np.flatnonzero((dimension == one.id) & (score >= 0) & (unit >= 0))
        rows = rows[~_locked(one, dimensions, samples)[unit[rows]]]
        parts.append(DimensionRatings(unit[rows], annotator[score[rows]], position[rows], score[rows]))
    rated = np.unique(np.concatenate([part.unit for part in parts])) if parts else np.empty(0, dtype=np.int64)
    labels: dict[Grouping, Sequence[str]] = {}
    group_of: dict[Grouping, Ints] = {}
    for grouping in GROUPINGS:
        labels[grouping], group_of[grouping] = _groups(samples.groups[grouping], rated)
    return StudyRatings(
        scales=[LevelScale(one.key, one.name, tuple(level.value for level in one.levels)) for one in dimensions],
        parts=parts,
        members=members.tolist(),
        scores=scores,
        labels=labels,
        group_of=group_of,
    )


def agreement_rows(
    material: StudyRatings,
    *,
    by: Grouping | None,
    names: Mapping[int, str],
    measurements: tuple[Measurement, ...] = MEASUREMENTS,
    draws: int = DRAWS,
    most_groups: int | None = None,
    step: Callable[[str], None] = lambda activity: None,
) -> dict[Measurement, list[dict[str, Any]]]:
    """Return a row per group and dimension for each level of measurement; ``names`` are those of members by key."""
    named = [names.get(pk, "?") for pk in material.members]
    found: dict[Measurement, list[dict[str, Any]]] = {measurement: [] for measurement in measurements}
    for group, parts in _agreement_by_group(material, by, most_groups):
        for scale, part in zip(material.scales, parts, strict=True):
            step(f"agreement on {scale.key}")
            figures_of = measure_agreement(
                part.unit, part.annotator, part.position, scale.values, measurements=measurements, draws=draws
            )
            for measurement in measurements:
                most_pairs = MOST_PAIRS_OF_A_GROUP if group else MOST_PAIRS
                row = agreement_row(
                    figures_of, scale, measurement=measurement, group=group, names=named, most_pairs=most_pairs
                )
                found[measurement].append(row)
    return found


def annotator_rows(
    material: StudyRatings, *, names: Mapping[int, str], step: Callable[[str], None] = lambda activity: None
) -> list[dict[str, Any]]:
    """Return a row per annotator and dimension, in the order of the names."""
    everybody: list[tuple[LevelScale, AnnotatorBias]] = []
    for scale, part in zip(material.scales, material.parts, strict=True):
        step(f"annotators on {scale.key}")
        seconds, at = material.scores.seconds[part.score], material.scores.at[part.score]
        found = measure_bias(part.unit, part.annotator, part.position, scale.values, seconds=seconds, at=at)
        everybody += [(scale, one) for one in found]
    said = noteworthy_words([one for _, one in everybody])
    rows = [
        {
            "member": names.get(material.members[one.annotator], "?"),
            "dimension": scale.key,
            "n": one.n,
            "shared": one.shared,
            "bias": one.bias,
            "interval": None if one.interval is None else list(one.interval),
            "spread": one.spread,
            "others_spread": one.others_spread,
            "exact": one.exact,
            "within_one": one.within_one,
            "seconds": one.seconds,
            "noteworthy": word,
            "undefined": one.undefined,
            "weeks": [
                {"week": week.week, "n": week.n, "bias": week.bias, "spread": week.spread, "seconds": week.seconds}
                for week in one.weeks
            ],
        }
        for (scale, one), word in zip(everybody, said, strict=True)
    ]
    return sorted(rows, key=lambda row: str(row["member"]))


def overall_rows(material: StudyRatings, *, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return a row per annotator over all dimensions, with what has changed of late, in the order of the names."""
    rated = [
        RatedDimension(part.unit, part.annotator, part.position, part.score, scale.values)
        for scale, part in zip(material.scales, material.parts, strict=True)
    ]
    number = {pk: place for place, pk in enumerate(material.members)}
    member = np.array([number[pk] for pk in material.scores.member.tolist()], dtype=np.int64)
    found = describe_annotators(rated, member=member, seconds=material.scores.seconds, at=material.scores.at)
    rows = [
        {
            "member": names.get(material.members[one.annotator], "?"),
            "n": one.n,
            "bias": one.bias,
            "interval": None if one.interval is None else list(one.interval),
            "spread": one.spread,
            "seconds": one.seconds,
            "bias_change": _change(one.bias_change),
            "pace_change": _change(one.pace_change),
            "weeks": [
                {
                    "week": week_name(week.week),
                    "n": week.n,
                    "bias": week.bias,
                    "spread": week.spread,
                    "seconds": week.seconds,
                }
                for week in one.weeks
            ],
        }
        for one in found
    ]
    return sorted(rows, key=lambda row: str(row["member"]))


def _change(change: WeeklyChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "before": change.before,
        "after": change.after,
        "since": week_name(change.since),
        "noteworthy": change.noteworthy,
    }


def read_stance_changes(study: Study, *, names: Mapping[int, str]) -> dict[str, Any]:
    """Return what discussions moved: ``moved`` per dimension, ``pairwise`` over all, and ``reasons`` of the moves.

    Dimensions that an admin overrode are only counted: nobody came to an agreement there.
    """
    dimensions = load_rubric(study.rubric_id).dimensions
    value = {level.id: level.value for one in dimensions for level in one.levels}
    key = {one.id: one.key for one in dimensions}
    rows = [row for row in agreement_sql.settled_stances(study.pk) if row.dimension in key]
    overridden = {(row.topic, row.dimension) for row in rows if row.overridden}
    stances = [
        StanceChange(
            topic=row.topic,
            dimension=key[row.dimension],
            person=names.get(row.member, "?"),
            first=value[row.first],
            last=value[row.last],
            counts=row.active,
        )
        for row in rows
        if not row.overridden
    ]
    found = measure_movements(stances)
    reasons: dict[str, dict[str, int]] = {one.key: {} for one in dimensions}
    for dimension, reason, n in agreement_sql.reasons_for_moving(study.pk):
        if dimension in key:
            reasons[key[dimension]][reason or "own words"] = n
    by_dimension = []
    for one in dimensions:
        movement = found.get(one.key)
        set_aside = sum(dimension == one.id for _, dimension in overridden)
        if movement is None and not set_aside:
            continue
        data = (movement or Movement()).as_data()
        by_dimension.append(
            {"dimension": one.key, "name": one.name, **data, "overridden": set_aside, "reasons": reasons[one.key]}
        )
    return {"moved": by_dimension, "pairwise": total_movement(found.values()).as_data()["whom"]}


def build_reports(study: Study, *, progress: Progress | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the data of the figures ``agreement`` and ``annotators``, with members by public id."""
    names = dict(Member.objects.filter(study=study).values_list("pk", "public_id"))
    material = read_ratings(study)
    groups = sum(min(len(material.labels[grouping]), MOST_GROUPS) for grouping in GROUPINGS)
    step = _Steps(len(material.scales) * (groups + 2), progress)
    levels: dict[str, dict[str, Any]] = {measurement: {} for measurement in MEASUREMENTS}
    left_out = {}
    measured = partial(agreement_rows, material, names=names, most_groups=MOST_GROUPS, step=step)
    for measurement, rows in measured(by=None).items():
        levels[measurement]["all"] = rows
    for grouping in GROUPINGS:
        for measurement, rows in measured(by=grouping).items():
            levels[measurement][grouping] = rows
        left_out[grouping] = max(0, len(material.labels[grouping]) - MOST_GROUPS)
    people = annotator_rows(material, names=names, step=step)
    habits_of_people = {"rows": people, "overall": overall_rows(material, names=names)}
    step("progress")
    return {"levels": levels, "left_out": left_out, **read_stance_changes(study, names=names)}, habits_of_people


class _Steps:
    """Counts the steps of a calculation and passes them on."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def __call__(self, activity: str) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, activity)
        self._done += 1


def _positions_in(known: Ints, wanted: Ints) -> Ints:
    """Return where each wanted number stands in an ascending list of known ones; -1 where it does not."""
    if not len(known):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, -1)


def _locked(
    one: DimensionDefinition, dimensions: Sequence[DimensionDefinition], samples: agreement_sql.AgreementSamples
) -> Any:
    """Tell of each sample whether a missing side decides the dimension."""
    by_sides = [
        [one.key in locked_dimensions([one], has_text=text, has_image=image) for image in (False, True)]
        for text in (False, True)
    ]
    return np.array(by_sides)[samples.has_text.astype(np.int64), samples.has_image.astype(np.int64)]


def _groups(names: Sequence[str], rated: Ints) -> tuple[list[str], Ints]:
    """Return the groups of the rated samples, largest first, and each sample's place among them, -1 for the others."""
    number: dict[str, int] = {}
    codes = np.array([number.setdefault(name, len(number)) for name in names], dtype=np.int64)
    sizes = np.bincount(codes[rated], minlength=len(number)) if len(rated) else np.zeros(len(number), dtype=np.int64)
    labels = [name for name in sorted(number, key=lambda name: (-sizes[number[name]], name)) if sizes[number[name]]]
    # A study in which nothing has a name of this kind has no groups of it.
    if labels == [""]:
        labels = []
    place = np.full(len(number), -1, dtype=np.int64)
    for index, label in enumerate(labels):
        place[number[label]] = index
    return labels, place[codes] if len(codes) else codes


def _agreement_by_group(
    material: StudyRatings, by: Grouping | None, most_groups: int | None
) -> Iterator[tuple[dict[str, str], Sequence[DimensionRatings]]]:
    if by is None:
        yield {}, material.parts
        return
    chosen = list(enumerate(material.labels[by]))[:most_groups]
    split = []
    for part in material.parts:
        group = material.group_of[by][part.unit]
        order = np.argsort(group, kind="stable")
        ends = np.searchsorted(group[order], np.arange(len(material.labels[by]) + 1))
        split.append((part, order, ends))
    for index, label in sorted(chosen, key=lambda entry: entry[1]):
        yield (
            {by: label},
            [
                DimensionRatings(*(column[order[ends[index] : ends[index + 1]]] for column in part))
                for part, order, ends in split
            ],
        )
