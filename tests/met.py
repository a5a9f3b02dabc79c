"""Samples on which somebody meets a judge: the arm is chosen, and what the judge says."""

from collections.abc import Mapping
from typing import Any

from annotation.arms import Arm, draw
from annotation.models import JudgeRun, Prediction, Protocol, Sample, Study
from annotation.models.fields import opaque_id
from annotation.services.releasing.pool import reserve_pool

from .factories import make_sample
from .judge_rows import make_judge_run

# Figures that stand nowhere by chance.
EXPECTED, SD, LOW, HIGH = 3.8172, 0.6389, 2.7431, 4.9113
FIGURES = tuple(str(figure) for figure in (EXPECTED, SD, LOW, HIGH))
SAYS: Mapping[str, float] = {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 1}


def make_judge(study: Study, suggestions: str) -> JudgeRun:
    """Let the annotators of a study meet a judge: rules, pool, and an active run that has judged nothing yet."""
    reserve_pool(by=None, study=study)
    Protocol.objects.filter(study=study, current=True).update(suggestions=suggestions)
    return make_judge_run(study, active=True, samples=[])


def make_met_sample(
    study: Study,
    arm: Arm,
    *,
    says: Mapping[str, float] = SAYS,
    figures: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Sample:
    """Make a sample that is drawn for an arm in its first slot, and what the active judge says of it."""
    rules = Protocol.objects.get(study=study, current=True)
    name = opaque_id()
    while _first(name, rules) is not arm:
        name = opaque_id()
    sample = make_sample(study, pictures=["red"], public_id=name, **fields)
    predict(sample, says=says, **(figures or {}))
    return sample


def predict(sample: Sample, *, says: Mapping[str, float] = SAYS, **figures: Any) -> Prediction:
    """Let the active judge say something of a sample; ``figures`` are those of every dimension that differ."""
    return Prediction.objects.create(
        run=JudgeRun.objects.get(study=sample.study, active=True),
        sample=sample,
        status=Prediction.Status.OK,
        dimensions={
            key: {
                "p": [0.0, 0.0, 0.1, 0.2, 0.5, 0.2],
                "expected": EXPECTED,
                "sd": SD,
                "rounded": level,
                "p_dispute": 0.2,
                "interval": [LOW, HIGH],
                "mass": 1.0,
                "ensemble_sd": 0.3,
                **figures,
            }
            for key, level in says.items()
        },
    )


def _first(name: str, rules: Protocol) -> Arm:
    drawn = draw(
        name,
        suggestions=rules.suggestions,
        blind_share=rules.blind_share,
        k=rules.annotators_per_sample,
        kept_blind=False,
    )
    return drawn.of(1)
