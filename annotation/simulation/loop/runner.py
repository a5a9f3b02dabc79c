"""The play from the first step to the last; again it goes on where it was broken off, and does nothing twice."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotation.core.errors import WrongState
from annotation.judges.request import find_missing_libraries
from annotation.models import Job, ReviewQueue, Scorecard, Study
from annotation.simulation.demo_users import require_demo
from annotation.studies import protocols, rubrics, studies

from .annotators import create_annotators
from .context import LoopContext
from .steps import STEPS

SLUG = "loop"
# Of sixteen the one whose pulls lie in the middle.
SEED = 202
QUESTIONS = 40
JUDGES = (1, 2)
# Three score each sample; where two are two points apart or more, it is discussed.
RULES: dict[str, Any] = {"cross_review": "share", "review_share": 0.1}


@dataclass(frozen=True, slots=True)
class CompletedStep:
    """One step that was played."""

    title: str
    seconds: float
    gained: str


def prepare_loop(
    *, carry_out: Callable[[Job], Job], slug: str = SLUG, questions: int = QUESTIONS, seed: int = SEED
) -> LoopContext:
    """Return the play at its beginning, or where it was left.

    Raises:
        NotAllowed: this is neither a demo nor a development server.
        WrongState: a login of the play is somebody's here, or the libraries of judges are missing.
    """
    require_demo()
    if missing := find_missing_libraries():
        raise WrongState(f"The play trains judges, which takes {', '.join(missing)}: install with make dev first.")
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        study = studies.create_study(
            by=None,
            slug=slug,
            title="Loop: people and a judge",
            rubric=rubrics.get_or_load("interleaved-answer"),
            preset="tolerant",
        )
        # Chance in its queues is that of the play, whoever makes them.
        ReviewQueue.objects.create(study=study, seed=seed)
    play = LoopContext(study, create_annotators(study), questions, seed, carry_out)
    if not study.samples.exists():
        protocols.change_protocol(by=play.admin, study=study, **RULES)
    return play


def is_over(play: LoopContext) -> bool:
    """Tell whether everything was played before."""
    release = play.release(2)
    return release is not None and Scorecard.objects.filter(release=release).count() == len(JUDGES)


def play_all(
    play: LoopContext, *, told: Callable[[int, CompletedStep], object] = lambda number, one: None
) -> list[CompletedStep]:
    """Play what is not played yet; ``told`` hears of each step when it is over.

    A play that is over is told of again, as it stands now, and nothing is done.
    """
    over = is_over(play)
    found = []
    for number, step in enumerate(STEPS, 1):
        began = time.monotonic()
        if not over:
            step.act(play)
        found.append(CompletedStep(step.title, time.monotonic() - began, step.gained(play)))
        told(number, found[-1])
    return found
