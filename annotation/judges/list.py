"""Reads the judges of a study with their states and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from annotation.models import Job, JudgeRun, Prediction, Sample, Scorecard, Study

FINISHED, UNFINISHED = "finished", "unfinished"


@dataclass(frozen=True, slots=True)
class JudgeListRow:
    """A judge run with its state and newest scorecard, if it was evaluated."""

    run: JudgeRun
    state: str
    scorecard: Scorecard | None


def get_run_state(run: JudgeRun) -> str:
    """Return ``finished``, the training job's state, or ``unfinished`` without such a job."""
    if run.finished_at is not None:
        return FINISHED
    return run.job.state if run.job is not None else UNFINISHED


def is_training(run: JudgeRun) -> bool:
    """Return whether a run is being trained, or waits for that."""
    return get_run_state(run) in (Job.State.QUEUED, Job.State.RUNNING)


def list_runs(study: Study, *, limit: int = 100) -> Sequence[JudgeListRow]:
    """Return the newest runs of a study, each with its newest scorecard."""
    cards = Scorecard.objects.defer("pairs").select_related("release").order_by("-release__number")
    rows = study.judge_runs.select_related("release", "job", "by").defer("curves", "config").order_by("-number")
    runs = rows.prefetch_related(Prefetch("scorecards", cards))[:limit]
    return [JudgeListRow(run, get_run_state(run), next(iter(run.scorecards.all()), None)) for run in runs]


@dataclass(frozen=True, slots=True)
class ActiveJudge:
    """The study's active judge, and how many samples it has judged."""

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
    for dimension in scorecard.cards[target]["dimensions"]:
        baseline_errors = [base["rmse"] for base in dimension["baselines"] if base["rmse"] is not None]
        rows.append(
            {
                "key": dimension["key"],
                "rmse": dimension["asked"]["rmse"],
                "a1": dimension["asked"]["a1"],
                "best_baseline": min(baseline_errors, default=None),
            }
        )
    return rows
