"""Samples that are drawn for what a test wants, and judges that say what it wants, for tests of suggestions."""

from collections.abc import Mapping

from django.utils import timezone

from annotation.models import Assignment, JudgeRun, Member, Prediction, Protocol, Sample, Study
from annotation.models.fields import opaque_id
from annotation.suggestions.arms import SuggestionArm, draw_arm

from .factories import make_sample
from .judge_run_rows import make_judge_run


def says(**levels: float) -> dict[str, dict[str, object]]:
    """Return what a prediction holds by dimension: a level each, expected a little beyond it, with an interval."""
    return {
        key: {
            "p": [float(place == int(level)) for place in range(6)],
            "expected": level + 0.25,
            "sd": 0.625,
            "rounded": level,
            "p_dispute": 0.125,
            "interval": [max(0.0, level - 1.5), min(5.0, level + 1.5)],
        }
        for key, level in levels.items()
    }


def judge_saying(study: Study, samples: Mapping[Sample, Mapping[str, float]]) -> JudgeRun:
    """Make the study's active judge, which says these levels of these samples and nothing of others."""
    run = make_judge_run(study, samples=[], active=True)
    for sample, levels in samples.items():
        Prediction.objects.create(run=run, sample=sample, status="ok", dimensions=says(**levels))
    return run


def drawn_sample(
    study: Study,
    arm: SuggestionArm,
    *,
    blind_slot: int = 1,
    text: str = "A robin sings.",
    pictures: tuple[str, ...] = ("red",),
    question: str = "",
) -> Sample:
    """Make a sample that is drawn for an arm under the study's rules; in a mixed one the given slot is blind."""
    protocol = Protocol.objects.get(study=study, current=True)
    while True:
        name = opaque_id()
        found = draw_arm(
            name,
            suggestions=protocol.suggestions,
            blind_share=protocol.blind_share,
            k=protocol.annotators_per_sample,
            kept_blind=False,
        )
        if found.arm == arm and found.blind_slot == (0 if arm is SuggestionArm.BLIND else blind_slot):
            # A pool of its own question each, so that one can be reserved and another not.
            return make_sample(study, text, pictures, question=question or f"What of {name}?", public_id=name)


def arms_of(sample: Sample) -> dict[str, str]:
    """Return the arm of each assignment of a sample, by who has it."""
    rows = Assignment.objects.filter(sample=sample).select_related("member__user")
    return {row.member.user.username if row.member.user else "": SuggestionArm(row.arm).name.lower() for row in rows}


def let_time_to_revise_pass(assignment_id: str) -> None:
    Assignment.objects.filter(public_id=assignment_id).update(revise_until=timezone.now())


def let_lease_run_out(assignment_id: str) -> None:
    Assignment.objects.filter(public_id=assignment_id).update(expires_at=timezone.now())


def member_of(study: Study, name: str) -> Member:
    return Member.objects.get(study=study, user__username=name)
