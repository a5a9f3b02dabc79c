"""Runs the loop from the first step to the last.

Run again, it goes on where it was interrupted and does nothing twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotation.core.errors import WrongState
from annotation.judges.request import find_missing_libraries
from annotation.models import Job, ReviewQueue, Scorecard, Study
from annotation.simulation.demo_users import require_demo
from annotation.studies import protocols, rubrics, studies

from .annotators import create_members
from .context import LoopContext
from .steps import STEPS

SLUG = "loop"
# Of sixteen seeds the one whose anchoring lies in the middle.
SEED = 202
QUESTIONS = 40
JUDGES = (1, 2)
# Three score each sample; where two are two points apart or more, it is discussed.
RULES: dict[str, Any] = {"cross_review": "share", "review_share": 0.1}


@dataclass(frozen=True, slots=True)
class CompletedStep:
    """One step that was run, with its duration and result."""

    title: str
    seconds: float
    result: str


def prepare_loop(
    *, carry_out: Callable[[Job], Job], slug: str = SLUG, questions: int = QUESTIONS, seed: int = SEED
) -> LoopContext:
    """Return the context of a new loop, or of one that was interrupted.

    Raises:
        NotAllowed: this is neither a demo nor a development server.
        WrongState: a login of the loop belongs to another user, or the libraries of judges are missing.
    """
    require_demo()
    if missing := find_missing_libraries():
        raise WrongState(f"The loop trains judges, which takes {', '.join(missing)}: install with make dev first.")
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        study = studies.create_study(
            by=None,
            slug=slug,
            title="Loop: people and a judge",
            rubric=rubrics.get_or_load("interleaved-answer"),
            preset="tolerant",
        )
        # Random draws in its queues use the seed of the loop.
        ReviewQueue.objects.create(study=study, seed=seed)
    context = LoopContext(study, create_members(study), questions, seed, carry_out)
    if not study.samples.exists():
        protocols.change_protocol(by=context.admin, study=study, **RULES)
    return context


def is_complete(context: LoopContext) -> bool:
    """Tell whether every step has been run before."""
    release = context.find_release(2)
    return release is not None and Scorecard.objects.filter(release=release).count() == len(JUDGES)


def run_loop(
    context: LoopContext, *, on_step: Callable[[int, CompletedStep], object] = lambda number, step: None
) -> list[CompletedStep]:
    """Run the steps that are left, and call ``on_step`` after each.

    The steps of a complete loop are reported again, as they are stored now, and nothing is done.
    """
    complete = is_complete(context)
    completed = []
    for number, step in enumerate(STEPS, 1):
        began = time.monotonic()
        if not complete:
            step.run(context)
        completed.append(CompletedStep(step.title, time.monotonic() - began, step.summarize(context)))
        on_step(number, completed[-1])
    return completed
