"""Annotators who have met a judge, for tests: rows written directly, as in ``factories``."""

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.models import (
    Assignment,
    JudgeRun,
    Member,
    Prediction,
    Rating,
    Revision,
    Sample,
    Score,
    Study,
    Suggestion,
)
from annotation.models.assignments import Arm
from annotation.simulation.synthetic_annotators import Arm as ArmName
from annotation.simulation.synthetic_annotators import SyntheticAnnotator, SyntheticScore, score_sample

from .annotation.reports.rating_rows import annotator
from .annotation.statistics.synthetic_suggestions import judged
from .factories import make_sample

ARMS: dict[ArmName, Arm] = {"blind": Arm.BLIND, "delayed": Arm.DELAYED, "prefilled": Arm.PREFILLED}


def meet(
    sample: Sample,
    who: Member | str,
    values: Mapping[str, float],
    *,
    arm: ArmName = "blind",
    shown: Mapping[str, float] | None = None,
    final: Mapping[str, float] | None = None,
    run: JudgeRun | None = None,
    expected: float = 0.0,
    seconds: float | None = 30,
    revision_seconds: float | None = None,
    answered: bool = True,
    at: datetime | None = None,
    **fields: Any,
) -> Score:
    """Store a score that was given here in some arm, and what was ``shown`` with it; ``values`` come first.

    ``final`` are those that decide, where they are others. The judge expects by ``expected`` more than it shows. In the
    delayed arm a score that is not ``answered`` is one whose time to revise has passed.
    """
    member = annotator(sample.study, who) if isinstance(who, str) else who
    at = at or timezone.now()
    rubric = load_rubric(sample.study.rubric_id)
    slot = Assignment.objects.filter(sample=sample).count() + 1
    assignment = Assignment.objects.create(
        sample=sample, member=member, slot=slot, state=2, arm=ARMS[arm], leased_at=at, expires_at=at, finished_at=at
    )
    score = Score.objects.create(
        sample=sample, member=member, assignment=assignment, arm=ARMS[arm], seconds=seconds, at=at, **fields
    )
    Rating.objects.bulk_create(_ratings(score, values, rubric))
    if shown is not None:
        assert run is not None
        last = {**values, **(final or {})}
        Suggestion.objects.bulk_create(
            Suggestion(
                assignment=assignment,
                dimension_id=one.id,
                run=run,
                shown_id=one.level_of[shown[one.key]],
                expected=shown[one.key] + expected,
                sd=0.5,
                shown_at=at,
                first_id=one.level_of[values[one.key]],
                final_id=one.level_of[last[one.key]],
                touched=answered,
            )
            for one in rubric.dimensions
            if one.key in shown
        )
        if arm == "delayed" and answered:
            Revision.objects.create(
                assignment=assignment, client_key=uuid.uuid4(), values=last, seconds=revision_seconds, at=at
            )
    return score


def _ratings(score: Score, values: Mapping[str, float], rubric: RubricDefinition) -> list[Rating]:
    return [
        Rating(score=score, dimension_id=one.id, level_id=one.level_of[values[one.key]])
        for one in rubric.dimensions
        if one.key in values
    ]


def foresee(run: JudgeRun, sample: Sample, shown: Mapping[str, float], **fields: Any) -> Prediction:
    """Let a judge say what it would show for a sample; as many figures as a report reads."""
    dimensions = {key: {"rounded": value, "expected": value} for key, value in shown.items()}
    return Prediction.objects.create(run=run, sample=sample, status="ok", dimensions=dimensions, **fields)


def meet_a_judge(
    study: Study,
    run: JudgeRun,
    people: Sequence[tuple[Member, SyntheticAnnotator]],
    *,
    samples: int = 60,
    suggestions: str = "prefilled",
    k: int = 3,
    seed: int = 1,
) -> list[Sample]:
    """Let made-up annotators score new samples, two of one question, of which three in ten are wholly blind.

    ``suggestions`` as in a protocol; with ``both`` the arms take turns. Each of them has a habit that is known.
    """
    chance = random.Random(seed)
    rubric = load_rubric(study.rubric_id)
    levels = {one.key: tuple(level.value for level in one.levels) for one in rubric.dimensions}
    made = []
    at = timezone.now() - timedelta(days=1)
    for number in range(samples):
        sample = make_sample(study, pictures=["red"], question=f"Why do {number // 2} birds sing?")
        name = f"{seed}-{number}"
        truth = {key: chance.uniform(0.5, 4.5) for key in levels}
        shown = judged(truth, levels, sample=name, seed=seed, bias=0.3)
        foresee(run, sample, shown)
        mixed = number % 10 < 7
        met: ArmName = (
            "prefilled" if suggestions == "prefilled" or (suggestions == "both" and number % 2) else "delayed"
        )
        for place, (member, habit) in enumerate(chance.sample(list(people), k)):
            arm: ArmName = met if mixed and place else "blind"
            seen = shown if arm != "blind" else None
            said: SyntheticScore = score_sample(habit, truth, levels, sample=name, seed=seed, arm=arm, shown=seen)
            meet(
                sample,
                member,
                said.values,
                arm=arm,
                shown=seen,
                final=said.final,
                run=run,
                seconds=said.seconds,
                revision_seconds=said.revision_seconds,
                at=at + timedelta(minutes=number),
            )
        made.append(sample)
    return made
