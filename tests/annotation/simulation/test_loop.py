"""Runs the loop, checks its results and tables, and that a second run changes nothing."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotation.jobs import queueing, running
from annotation.judges import request, runs
from annotation.management.commands.demo import PAGES
from annotation.models import (
    Arm,
    Assignment,
    FinalScore,
    HistoryEntry,
    Job,
    Prediction,
    Question,
    Rating,
    Release,
    Sample,
    Score,
    Study,
    Suggestion,
    User,
)
from annotation.simulation.loop import annotators, measurements, table
from annotation.simulation.loop.context import FIRST, SECOND, LoopContext
from annotation.simulation.loop.runner import is_complete, prepare_loop, run_loop
from annotation.simulation.loop.scoring import synthetic_score
from annotation.suggestions.unseen_predictions import training_entries

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.sqlite,
    pytest.mark.usefixtures("sent", "judge_dir", "plain_static_names"),
]

QUESTIONS = 26


def run_job_now(job: Job) -> Job:
    running.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "done", (job.kind, job.error)
    return job


def cancel_at_training(job: Job) -> Job:
    """Run jobs until the first training, cancel that and stop."""
    if job.kind != runs.TRAIN:
        return run_job_now(job)
    queueing.cancel(by=User.objects.get(username=annotators.RESEARCHER), job=job)
    raise KeyboardInterrupt


def test_the_whole_loop_comes_round_and_what_its_table_claims_is_so(settings) -> None:
    settings.DEMO = True
    with pytest.raises(KeyboardInterrupt):
        run_loop(prepare_loop(carry_out=cancel_at_training, questions=QUESTIONS))
    context = prepare_loop(carry_out=run_job_now, questions=QUESTIONS)
    results = [(step.title, step.result) for step in run_loop(context)]
    assert is_complete(context)

    everything_is_agreed_and_the_second_release_is_larger(context)
    the_judge_is_better_than_what_it_has_to_beat_and_the_second_better_than_the_first(context)
    no_prediction_is_of_a_sample_that_the_model_had_seen(context)
    annotators_met_the_judge_as_was_drawn_and_the_blind_arm_did_not(context)
    what_may_be_test_or_calibrates_is_blind(context)
    labels_say_where_they_come_from(context)
    the_known_anchoring_is_measured(context)
    disputes_were_predicted(context)
    the_table_says_so(context, results)
    every_page_that_it_names_opens_and_so_does_what_these_lead_to(context)

    before = HistoryEntry.objects.count(), Job.objects.count(), Score.objects.count()
    again = prepare_loop(carry_out=run_job_now, questions=QUESTIONS)
    assert [(step.title, step.result) for step in run_loop(again)] == results
    assert (HistoryEntry.objects.count(), Job.objects.count(), Score.objects.count()) == before


def everything_is_agreed_and_the_second_release_is_larger(context: LoopContext) -> None:
    assert set(Sample.objects.values_list("state", flat=True)) == {"agreed"}
    first, second = Release.objects.order_by("number")
    assert (first.about["samples"], second.about["samples"]) == (3 * QUESTIONS, 9 * QUESTIONS)
    tested = [
        set(one.entries.filter(sample__question__part="test").values_list("sample", flat=True))
        for one in (first, second)
    ]
    assert tested[0] < tested[1]
    for batch in (FIRST, SECOND):
        # Discussions bring labels nearer to the true values than single scores are.
        assert measurements.measure_discussions(context, batch).rmse < measurements.measure_scoring(context, batch).rmse


def the_judge_is_better_than_what_it_has_to_beat_and_the_second_better_than_the_first(context: LoopContext) -> None:
    for number in (1, 2):
        for row in measurements.measure_judge(context, number):
            assert row.rmse < row.baselines["generator"] < row.baselines["constant"], (number, row)
    rows = measurements.compare_judges(context)
    assert len(rows) == 4
    assert sum(row.second for row in rows) < sum(row.first for row in rows)
    assert {row.samples for row in rows} == {row.samples for row in measurements.measure_judge(context, 2)}


def no_prediction_is_of_a_sample_that_the_model_had_seen(context: LoopContext) -> None:
    for number in (1, 2):
        judge = context.find_judge(number)
        assert judge is not None
        seen = Prediction.objects.filter(run=judge, sample__in=training_entries(judge).values("sample"))
        assert seen.filter(out_of_fold=True).count() == seen.count() > QUESTIONS
    assert (
        measurements.count_predictions(context)["fair"]
        == measurements.count_predictions(context)["all"]
        == 9 * QUESTIONS
    )


def annotators_met_the_judge_as_was_drawn_and_the_blind_arm_did_not(context: LoopContext) -> None:
    arms = measurements.measure_scoring(context, SECOND).arms
    assert all(arms.values()), arms
    assert measurements.measure_scoring(context, FIRST).arms == {
        "blind": sum(measurements.measure_scoring(context, FIRST).arms.values())
    } | {
        "delayed": 0,
        "prefilled": 0,
    }
    assert not Suggestion.objects.filter(assignment__arm=Arm.BLIND).exists()
    assert not Suggestion.objects.filter(assignment__sample__in=context.batch_samples(FIRST)).exists()
    assert not Suggestion.objects.filter(final=None).exists()
    for sample in context.batch_samples(SECOND):
        # However many met the judge, one of them did not.
        assert sample.assignments.filter(arm=Arm.BLIND, state=Assignment.State.SCORED).exists()
    # What the blind said, and what the delayed had locked, is what they would have said had there been no judge.
    met = dict.fromkeys(Arm, 0)
    for score in Score.objects.filter(sample__in=context.batch_samples(SECOND), round=1).select_related(
        "sample", "member__user"
    ):
        own = synthetic_score(context, score.member.user.username, score.sample.external_id).values
        given = dict(score.ratings.values_list("dimension__key", "level__value"))
        same = all(given[key] == own[key] for key in given)
        assert same or score.arm == Arm.PREFILLED, (score.sample.external_id, given, own)
        met[Arm(score.arm)] += not same
    assert met[Arm.PREFILLED] > 0


def what_may_be_test_or_calibrates_is_blind(context: LoopContext) -> None:
    kept = Question.objects.filter(reserved=True) | Question.objects.filter(calibration=True)
    assert kept.exists()
    assert set(Assignment.objects.filter(sample__question__in=kept).values_list("arm", flat=True)) == {Arm.BLIND}
    tested = FinalScore.objects.filter(sample__question__part="test", current=True)
    assert set(tested.values_list("label_origin", flat=True)) == {"blind"}


def labels_say_where_they_come_from(context: LoopContext) -> None:
    assert set(measurements.count_origins(context, FIRST)) == {"blind"}
    assert set(measurements.count_origins(context, SECOND)) == {"blind", "mixed"}
    for final in measurements.agreed_values(context, SECOND):
        helped = Suggestion.objects.filter(assignment__sample=final.sample_id, dimension=final.dimension_id)
        assert final.label_origin == ("mixed" if helped.exists() else "blind")


def the_known_anchoring_is_measured(context: LoopContext) -> None:
    rows = {row.arm: row for row in measurements.measure_anchoring(context)}
    assert set(rows) == {"delayed", "prefilled"}
    for row in rows.values():
        assert row.interval is not None
        assert row.interval[0] <= annotators.ANCHORING <= row.interval[1], row
        assert row.acceptance > row.coincidence
    delayed = rows["delayed"]
    assert delayed.interval[0] > 0
    assert delayed.alert


def disputes_were_predicted(context: LoopContext) -> None:
    found = measurements.measure_queue(context)
    assert found is not None
    assert found.interval[0] > 0.5
    values = Rating.objects.filter(score__sample__in=context.batch_samples(SECOND), score__round=1).exclude(
        score__arm=Arm.PREFILLED
    )
    given: dict[tuple[int, int], list[float]] = {}
    for sample, dimension, value in values.values_list("score__sample", "dimension", "level__value"):
        given.setdefault((sample, dimension), []).append(value)
    # Of what one person alone said without the judge, nobody can tell.
    assert found.samples == len({sample for (sample, _), said in given.items() if len(said) > 1}) < 6 * QUESTIONS
    apart = {sample for (sample, _), said in given.items() if max(said) - min(said) >= 2}
    assert found.disputed == len(apart)


def the_table_says_so(context: LoopContext, results: list[tuple[str, str]]) -> None:
    said = dict(results)
    assert f"{9 * QUESTIONS} labelled samples" in said["Release 2"]
    assert f"made with {annotators.ANCHORING}" in said["Measure anchoring"]
    judges = "\n".join(table.judge_lines(context))
    for row in measurements.compare_judges(context):
        assert f"{row.first:.3f}" in judges
        assert f"{row.difference:.3f}" in judges
    assert "yes" in "\n".join(table.anchoring_lines(context))


def every_page_that_it_names_opens_and_so_does_what_these_lead_to(context: LoopContext) -> None:
    ada, there = Client(), f"/studies/{context.study.slug}/"
    ada.force_login(context.admin)
    led_to: set[str] = set()
    for page in PAGES:
        answer = ada.get(there + page)
        assert answer.status_code == 200, page
        led_to |= set(re.findall(rf'href="({there}[^"]+)"', answer.content.decode()))
    ids = [one for one in Sample.objects.values_list("public_id", flat=True) if f"{there}samples/{one}/" in led_to]
    assert len(ids) > 5
    assert {ada.get(address.replace("&amp;", "&")).status_code for address in sorted(led_to)} == {200}


def test_where_no_judge_can_be_trained_it_says_so_before_anything_is_run(settings, monkeypatch) -> None:
    settings.DEMO = True
    monkeypatch.setattr(request, "find_spec", lambda library: None)
    with pytest.raises(CommandError, match="takes sklearn, skops: install with make dev"):
        call_command("demo", "--loop", stdout=io.StringIO(), stderr=io.StringIO())
    assert not Study.objects.exists()


def test_where_real_work_is_done_nothing_is_run(settings) -> None:
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="DEMO"):
        call_command("demo", "--loop", stdout=io.StringIO(), stderr=io.StringIO())
    assert not Sample.objects.exists()
