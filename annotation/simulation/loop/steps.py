"""Lists the steps of the loop in order, through the services behind the pages.

What was done before is not done again, so that an interrupted loop goes on.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import QuerySet

from annotation.core.stable_hash import stable_digest
from annotation.imports.samples import import_samples
from annotation.jobs import queueing
from annotation.judges import runs
from annotation.judges.request import TrainingRequest
from annotation.models import JudgeRun, Member, Release, Sample
from annotation.models.fields import encode_id
from annotation.reports import stored_reports
from annotation.studies import protocols

from . import step_summary, synthetic_samples
from .context import FIRST, SECOND, LoopContext
from .discussing import settle_discussions
from .scoring import score_all_samples

PRESET = "quick"
TEST_SHARE = 0.25
# Both suggestion arms, three of ten samples blind, and probable disputes first.
WITH_JUDGE: dict[str, Any] = {"suggestions": "both", "blind_share": 0.3, "work_order": "disputed"}


class LoopStep(NamedTuple):
    """One step of the loop: its action, and a summary of what is stored afterwards."""

    title: str
    run: Callable[[LoopContext], object]
    summarize: Callable[[LoopContext], str]


def import_first_batch(context: LoopContext) -> None:
    """Import the first batch of samples."""
    _import_batch(context, FIRST)


def score_first_batch(context: LoopContext) -> None:
    """Score the first batch blind, and cross-review some of it."""
    if context.find_release(1) is None:
        score_all_samples(context)


def discuss_disputes(context: LoopContext) -> None:
    """Settle all open discussions."""
    settle_discussions(context.study)


def create_first_release(context: LoopContext) -> None:
    """Release the agreed samples of the first batch."""
    _get_or_create_release(context, 1)


def train_first_judge(context: LoopContext) -> None:
    """Train a judge on the first release and evaluate it on the test part."""
    _train_judge(context, 1)


def import_second_batch(context: LoopContext) -> None:
    """Import the second batch, of new questions, and predict it."""
    _import_batch(context, SECOND)
    _predict_samples(context, 1)


def activate_judge(context: LoopContext) -> None:
    """Activate the judge and change the protocol so that annotators see suggestions."""
    judge = _get_judge(context, 1)
    runs.activate_run(by=context.researcher, run=judge)
    protocols.change_protocol(by=context.admin, study=context.study, **WITH_JUDGE)
    context.run_pending_jobs()


def score_second_batch(context: LoopContext) -> None:
    """Score the second batch in the drawn arms, probable disputes first."""
    if context.find_release(2) is None:
        score_all_samples(context)


def measure_anchoring(context: LoopContext) -> None:
    """Calculate the report of the judge's influence on annotators."""
    stored = stored_reports.latest_report(context.study, "influence")
    if stored is None or context.find_release(2) is None:
        context.carry_out(stored_reports.request_reports(by=context.admin, study=context.study))


def create_second_release(context: LoopContext) -> None:
    """Release the agreed samples of both batches."""
    _get_or_create_release(context, 2)


def train_second_judge(context: LoopContext) -> None:
    """Train a judge on the second release; evaluate both judges on its test part."""
    release = _get_or_create_release(context, 2)
    _train_judge(context, 2)
    first = _get_judge(context, 1)
    if not first.scorecards.filter(release=release).exists():
        context.carry_out(runs.start_evaluation(by=context.researcher, run=first, release=release))


STEPS: tuple[LoopStep, ...] = (
    LoopStep("Import samples", import_first_batch, lambda context: step_summary.summarize_samples(context, FIRST)),
    LoopStep("Score, all blind", score_first_batch, lambda context: step_summary.summarize_scores(context, FIRST)),
    LoopStep("Discuss", discuss_disputes, lambda context: step_summary.summarize_discussions(context, FIRST)),
    LoopStep("Release 1", create_first_release, lambda context: step_summary.summarize_release(context, 1)),
    LoopStep("Train judge 1", train_first_judge, lambda context: step_summary.summarize_judge(context, 1)),
    LoopStep("Import and predict", import_second_batch, step_summary.summarize_predictions),
    LoopStep("Activate judge", activate_judge, step_summary.summarize_protocol),
    LoopStep("Score in arms", score_second_batch, lambda context: step_summary.summarize_scores(context, SECOND)),
    LoopStep("Discuss", discuss_disputes, lambda context: step_summary.summarize_discussions(context, SECOND)),
    LoopStep("Measure anchoring", measure_anchoring, step_summary.summarize_anchoring),
    LoopStep("Evaluate queue", lambda context: None, step_summary.summarize_queue),
    LoopStep("Release 2", create_second_release, lambda context: step_summary.summarize_release(context, 2)),
    LoopStep("Train judge 2", train_second_judge, step_summary.summarize_judges),
)


def _import_batch(context: LoopContext, batch: str) -> None:
    samples = context.batch_samples(batch)
    if samples.count() >= context.count_questions(batch) * len(synthetic_samples.GENERATORS):
        return
    with tempfile.TemporaryDirectory() as folder:
        source = synthetic_samples.write_batch(
            batch, Path(folder), questions=context.count_questions(batch), seed=context.seed
        )
        report = import_samples(by=context.admin, study=context.study, path=source.lines, images=source.images)
    if report.refused:
        raise RuntimeError(f"the loop's own samples were rejected: {report.as_data(most=3)['errors']}")
    _set_reproducible_ids(context, samples)


def _set_reproducible_ids(context: LoopContext, samples: QuerySet[Sample]) -> None:
    """Derive public ids and order from external ids.

    What is drawn from a public id, as an arm, is then the same in every run.
    """
    for order, sample in enumerate(samples.order_by("external_id")):
        digest = stable_digest("play", context.seed, context.study.slug, sample.external_id)
        public_id = encode_id(int.from_bytes(digest[:8], "big"))
        Sample.objects.filter(pk=sample.pk).update(public_id=public_id, shuffle=order)
    Member.objects.filter(study=context.study).update(shuffle_start=0)


def _get_or_create_release(context: LoopContext, number: int) -> Release:
    if context.find_release(number) is None:
        arguments = {"name": f"v{number}", "test_share": TEST_SHARE, "formats": ["jsonl"], "with_generator": True}
        context.run_job("release", by=context.admin, **arguments)
    release = context.find_release(number)
    assert release is not None
    return release


def _train_judge(context: LoopContext, number: int) -> None:
    run = context.find_judge(number)
    if run is None:
        request = TrainingRequest(preset=PRESET, seed=context.seed)
        run = runs.start_training(
            by=context.researcher, release=_get_or_create_release(context, number), wanted=request
        )
    if run.finished_at is None:
        assert run.job is not None
        # A job that was cancelled or has failed is retried; a queued one stays as it is.
        context.carry_out(queueing.retry(by=context.researcher, job=run.job))


def _predict_samples(context: LoopContext, number: int) -> None:
    context.carry_out(runs.start_predicting(by=context.researcher, run=_get_judge(context, number)))


def _get_judge(context: LoopContext, number: int) -> JudgeRun:
    judge = context.find_judge(number)
    assert judge is not None
    return judge
