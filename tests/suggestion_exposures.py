"""Samples on which somebody meets a judge: the arm is chosen, and what the judge says."""

from collections.abc import Mapping

from annotation.models import JudgeRun, Prediction, Protocol, Sample, Study
from annotation.releases.test_pool import reserve_pool
from annotation.suggestions.arms import SuggestionArm

from .judge_run_rows import make_judge_run
from .suggestion_studies import drawn_sample

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
    study: Study, arm: SuggestionArm, *, says: Mapping[str, float] = SAYS, question: str = "Why do birds sing?"
) -> Sample:
    """Make a sample whose first slot is of an arm, and let the active judge say something of it."""
    sample = drawn_sample(study, arm, blind_slot=2, question=question)
    Prediction.objects.create(
        run=JudgeRun.objects.get(study=study, active=True),
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
            }
            for key, level in says.items()
        },
    )
    return sample
