"""The judges of a study as lists and pages show them: where each stands, and how it did. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from annotation.models import Job, JudgeRun, Prediction, Sample, Scorecard, Study

FINISHED, UNFINISHED = "finished", "unfinished"


@dataclass(frozen=True, slots=True)
class JudgeListRow:
    """One run with its state and, where it was held to the release that it learned from or to another, its figures."""

    run: JudgeRun
    state: str
    scorecard: Scorecard | None


def state_of(run: JudgeRun) -> str:
    """Return ``finished``, the state of the job that trains it, or ``unfinished`` where that job is no more."""
    if run.finished_at is not None:
        return FINISHED
    return run.job.state if run.job is not None else UNFINISHED


def is_training(run: JudgeRun) -> bool:
    """Whether it is being trained, or waits for that."""
    return state_of(run) in (Job.State.QUEUED, Job.State.RUNNING)


def list_runs(study: Study, *, limit: int = 100) -> Sequence[JudgeListRow]:
    """Return the newest runs of a study, each with its newest scorecard."""
    cards = Scorecard.objects.defer("pairs").select_related("release").order_by("-release__number")
    rows = study.judge_runs.select_related("release", "job", "by").defer("curves", "config").order_by("-number")
    found = rows.prefetch_related(Prefetch("scorecards", cards))[:limit]
    return [JudgeListRow(run, state_of(run), next(iter(run.scorecards.all()), None)) for run in found]


@dataclass(frozen=True, slots=True)
class ActiveJudge:
    """The judge whose values annotators may meet: how many of the study's samples it has judged."""

    run: JudgeRun
    judged: int
    samples: int


def find_active_judge(study: Study) -> ActiveJudge | None:
    """Return the study's active judge, if it has one."""
    run = study.judge_runs.filter(active=True).defer("curves", "config").first()
    if run is None:
        return None
    samples = study.samples.exclude(state=Sample.State.WITHDRAWN)
    judged = samples.filter(predictions__run=run, predictions__status=Prediction.Status.OK)
    return ActiveJudge(run, judged.count(), samples.count())


def judge_metrics(scorecard: Scorecard, target: str = "final") -> list[dict[str, Any]]:
    """Return the judge's RMSE and A@1 of each dimension, beside the best of its baselines."""
    rows = []
    for one in scorecard.cards[target]["dimensions"]:
        known = [base["rmse"] for base in one["baselines"] if base["rmse"] is not None]
        rows.append(
            {
                "key": one["key"],
                "rmse": one["asked"]["rmse"],
                "a1": one["asked"]["a1"],
                "best_baseline": min(known, default=None),
            }
        )
    return rows
