"""The plot: every step in its order, through the services that a person's click calls.

What was done before is not done again, so that a play that was broken off goes on.
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
from .discussing import settle_everything
from .scoring import score_everything

PRESET = "quick"
TEST_SHARE = 0.25
# Both ways of meeting the judge, three of ten samples without it, and what is likely to be disputed first.
WITH_JUDGE: dict[str, Any] = {"suggestions": "both", "blind_share": 0.3, "work_order": "disputed"}


class LoopStep(NamedTuple):
    """One step: what is done, and what it gained, in words, read from what is stored."""

    title: str
    act: Callable[[LoopContext], object]
    gained: Callable[[LoopContext], str]


def import_first(play: LoopContext) -> None:
    """Take in the first samples."""
    _import(play, FIRST)


def score_first(play: LoopContext) -> None:
    """Score the first batch, blind, and cross-review some of it."""
    if play.release(1) is None:
        score_everything(play)


def discuss_disputes(play: LoopContext) -> None:
    """Settle what is disputed."""
    settle_everything(play.study)


def first_release(play: LoopContext) -> None:
    """Freeze what is agreed."""
    _release(play, 1)


def first_judge(play: LoopContext) -> None:
    """Train a judge on it, which is held to the test part."""
    _train(play, 1)


def import_second(play: LoopContext) -> None:
    """Take in the second batch, of new questions, and have the judge say what it expects."""
    _import(play, SECOND)
    _predict(play, 1)


def let_it_help(play: LoopContext) -> None:
    """Make the judge the active one, and have it meet annotators: so the rules say from here on."""
    judge = _judge(play, 1)
    runs.activate_run(by=play.researcher, run=judge)
    protocols.change_protocol(by=play.admin, study=play.study, **WITH_JUDGE)
    play.work_off()


def score_second(play: LoopContext) -> None:
    """Score the second batch in the arms that were drawn, what is likely to be disputed first."""
    if play.release(2) is None:
        score_everything(play)


def report_influence(play: LoopContext) -> None:
    """Measure what the judge did to those whom it helped."""
    kept = stored_reports.latest_report(play.study, "influence")
    if kept is None or play.release(2) is None:
        play.carry_out(stored_reports.request_reports(by=play.admin, study=play.study))


def second_release(play: LoopContext) -> None:
    """Freeze what is agreed now."""
    _release(play, 2)


def second_judge(play: LoopContext) -> None:
    """Train a judge on that, and hold the first one to the same test part."""
    release = _release(play, 2)
    _train(play, 2)
    first = _judge(play, 1)
    if not first.scorecards.filter(release=release).exists():
        play.carry_out(runs.start_evaluation(by=play.researcher, run=first, release=release))


STEPS: tuple[LoopStep, ...] = (
    LoopStep("Samples come in", import_first, lambda play: step_summary.samples(play, FIRST)),
    LoopStep("Scored, all blind", score_first, lambda play: step_summary.scores(play, FIRST)),
    LoopStep("Discussed", discuss_disputes, lambda play: step_summary.discussions(play, FIRST)),
    LoopStep("Release 1", first_release, lambda play: step_summary.release(play, 1)),
    LoopStep("Judge 1 learns", first_judge, lambda play: step_summary.judge(play, 1)),
    LoopStep("More samples, foretold", import_second, step_summary.foretold),
    LoopStep("The judge helps", let_it_help, step_summary.rules),
    LoopStep("Scored in the arms", score_second, lambda play: step_summary.scores(play, SECOND)),
    LoopStep("Discussed", discuss_disputes, lambda play: step_summary.discussions(play, SECOND)),
    LoopStep("Influence", report_influence, step_summary.influence),
    LoopStep("The queue", lambda play: None, step_summary.queue),
    LoopStep("Release 2", second_release, lambda play: step_summary.release(play, 2)),
    LoopStep("Judge 2 learns", second_judge, step_summary.compare_judges),
)


def _import(play: LoopContext, batch: str) -> None:
    there = play.batch(batch)
    if there.count() >= play.count(batch) * len(synthetic_samples.GENERATORS):
        return
    with tempfile.TemporaryDirectory() as folder:
        drawn = synthetic_samples.write_batch(batch, Path(folder), questions=play.count(batch), seed=play.seed)
        report = import_samples(by=play.admin, study=play.study, path=drawn.lines, images=drawn.images)
    if report.refused:
        raise RuntimeError(f"the play's own samples are refused: {report.as_data(most=3)['errors']}")
    _same_draws_each_time(play, there)


def _same_draws_each_time(play: LoopContext, samples: QuerySet[Sample]) -> None:
    """Name and order samples by their own ids: what is drawn from a name, as an arm, is drawn alike in every play."""
    for place, sample in enumerate(samples.order_by("external_id")):
        drawn = stable_digest("play", play.seed, play.study.slug, sample.external_id)
        name = encode_id(int.from_bytes(drawn[:8], "big"))
        Sample.objects.filter(pk=sample.pk).update(public_id=name, shuffle=place)
    Member.objects.filter(study=play.study).update(shuffle_start=0)


def _release(play: LoopContext, number: int) -> Release:
    if play.release(number) is None:
        asked = {"name": f"v{number}", "test_share": TEST_SHARE, "formats": ["jsonl"], "with_generator": True}
        play.work("release", by=play.admin, **asked)
    made = play.release(number)
    assert made is not None
    return made


def _train(play: LoopContext, number: int) -> None:
    run = play.judge(number)
    if run is None:
        wanted = TrainingRequest(preset=PRESET, seed=play.seed)
        run = runs.start_training(by=play.researcher, release=_release(play, number), wanted=wanted)
    if run.finished_at is None:
        assert run.job is not None
        # One that was cancelled or has failed goes on; one that waits is as it was.
        play.carry_out(queueing.retry(by=play.researcher, job=run.job))


def _predict(play: LoopContext, number: int) -> None:
    play.carry_out(runs.start_predicting(by=play.researcher, run=_judge(play, number)))


def _judge(play: LoopContext, number: int) -> JudgeRun:
    found = play.judge(number)
    assert found is not None
    return found
