"""Builds the reports on a study's ratings, as plain data: agreement, what discussions moved, and each annotator.

Loads pandas, so import it only where work is done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from annotation.models import Member, Study
from annotation.statistics.agreement import agreement_row, measure_agreement
from annotation.statistics.krippendorff_alpha import DRAWS, MEASUREMENTS, Measurement

from .annotators import annotator_rows, overall_rows
from .ratings import GROUPINGS, DimensionRatings, Grouping, StudyRatings, read_ratings, split_by_dimension
from .stance_changes import read_stance_changes

# Beyond these a page is no longer read and the stored result no longer small.
MOST_GROUPS = 100
MOST_PAIRS = 500
MOST_PAIRS_OF_A_GROUP = 50

# Is told how many steps are done, of how many, and what is done now; may raise to stop the work.
Progress = Callable[[int, int, str], None]


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
    for group, parts in _ratings_by_group(material, by, most_groups):
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


def _ratings_by_group(
    material: StudyRatings, by: Grouping | None, most_groups: int | None
) -> Iterator[tuple[dict[str, str], Sequence[DimensionRatings]]]:
    if by is None:
        yield {}, material.parts
        return
    groups = material.ratings.groupby(by, observed=True)
    for label in sorted(material.labels[by][:most_groups]):
        yield {by: label}, split_by_dimension(groups.get_group(label), len(material.scales))


class _Steps:
    """Counts the steps of a calculation and passes them on."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def __call__(self, activity: str) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, activity)
        self._done += 1
