"""Independent scores for tests of figures, written as rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from annotation.models import Discussion, Member, Rating, Sample, Score, Study
from annotation.models.rubrics import level_id
from tests.factories import make_member, make_sample


def annotator(study: Study, name: str) -> Member:
    """Return the member of this name, made on first use."""
    return Member.objects.filter(study=study, name=name).first() or make_member(study, None, name=name)


def rate(
    sample: Sample,
    name: str,
    values: Mapping[str, float],
    *,
    seconds: float | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Score:
    """Store a score of somebody with the values of some dimensions; other names are fields of the score."""
    fields.setdefault("origin", "imported")
    score = Score.objects.create(
        sample=sample, member=annotator(sample.study, name), seconds=seconds, at=at, complete=False, **fields
    )
    for dimension in sample.study.rubric.dimensions.prefetch_related("levels"):
        if dimension.key in values:
            (level,) = [level for level in dimension.levels.all() if level.value == values[dimension.key]]
            Rating.objects.create(score=score, dimension=dimension, level_id=level_id(dimension.pk, level.position))
    return score


def rated_sample(study: Study, dimension: str = "TCC", *, pictures: tuple[str, ...] = (), **values: Any) -> Sample:
    """Make a sample that the named people rated on one dimension; ``generator`` and ``domain`` are fields of it."""
    fields = {name: values.pop(name) for name in ("generator", "domain", "state") if name in values}
    sample = make_sample(study, pictures=pictures, **fields)
    for name, value in values.items():
        rate(sample, name, {dimension: value})
    return sample


def settle(case: Discussion, **last: float) -> None:
    """End the discussion of `make_discussion` on ITS with everybody's last value, without any rule."""
    case.topics.update(closed_at=case.opened_at)
    Discussion.objects.filter(pk=case.pk).update(state="closed", closed_at=case.opened_at)
    for participant in case.participants.select_related("member__user"):
        stance = participant.stances.get()
        value = last[participant.member.user.username]
        level = stance.dimension.levels.get(value=value)
        participant.stances.update(level=level)
