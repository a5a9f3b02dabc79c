"""The whole loop, played once: what its table claims is so, and playing it again changes nothing."""

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
from annotation.simulation.loop.runner import is_over, play_all, prepare_loop
from annotation.simulation.loop.scoring import synthetic_opinion
from annotation.suggestions.unseen_predictions import training_entries

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.sqlite,
    pytest.mark.usefixtures("sent", "judge_dir", "plain_static_names"),
]

QUESTIONS = 26


def carried_out(job: Job) -> Job:
    running.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "done", (job.kind, job.error)
    return job


def cancelled_at_a_training(job: Job) -> Job:
    """Work jobs off until somebody has enough, who goes on later."""
    if job.kind != runs.TRAIN:
        return carried_out(job)
    queueing.cancel(by=User.objects.get(username=annotators.RESEARCHER), job=job)
    raise KeyboardInterrupt


def test_the_whole_loop_comes_round_and_what_its_table_claims_is_so(settings) -> None:
    settings.DEMO = True
    with pytest.raises(KeyboardInterrupt):
        play_all(prepare_loop(carry_out=cancelled_at_a_training, questions=QUESTIONS))
    play = prepare_loop(carry_out=carried_out, questions=QUESTIONS)
    told = [(one.title, one.gained) for one in play_all(play)]
    assert is_over(play)

    everything_is_agreed_and_the_second_release_is_larger(play)
    the_judge_is_better_than_what_it_has_to_beat_and_the_second_better_than_the_first(play)
    no_prediction_is_of_a_sample_that_the_model_had_seen(play)
    annotators_met_the_judge_as_was_drawn_and_the_blind_arm_did_not(play)
    what_may_be_test_or_calibrates_is_blind(play)
    labels_say_where_they_come_from(play)
    the_pull_that_people_were_made_with_is_found_again(play)
    disputes_were_foreseen(play)
    the_table_says_so(play, told)
    every_page_that_it_names_opens_and_so_does_what_these_lead_to(play)

    before = HistoryEntry.objects.count(), Job.objects.count(), Score.objects.count()
    again = prepare_loop(carry_out=carried_out, questions=QUESTIONS)
    assert [(one.title, one.gained) for one in play_all(again)] == told
    assert (HistoryEntry.objects.count(), Job.objects.count(), Score.objects.count()) == before


def everything_is_agreed_and_the_second_release_is_larger(play: LoopContext) -> None:
    assert set(Sample.objects.values_list("state", flat=True)) == {"agreed"}
    first, second = Release.objects.order_by("number")
    assert (first.about["samples"], second.about["samples"]) == (3 * QUESTIONS, 9 * QUESTIONS)
    tested = [
        set(one.entries.filter(sample__question__part="test").values_list("sample", flat=True))
        for one in (first, second)
    ]
    assert tested[0] < tested[1]
    for batch in (FIRST, SECOND):
        # Talking brings labels nearer to what samples deserve than single scores are.
        assert measurements.measure_discussions(play, batch).off < measurements.measure_scoring(play, batch).off


def the_judge_is_better_than_what_it_has_to_beat_and_the_second_better_than_the_first(play: LoopContext) -> None:
    for number in (1, 2):
        for row in measurements.measure_judge(play, number):
            assert row.rmse < row.baselines["generator"] < row.baselines["constant"], (number, row)
    rows = measurements.compared_judges(play)
    assert len(rows) == 4
    assert sum(row.second for row in rows) < sum(row.first for row in rows)
    assert {row.samples for row in rows} == {row.samples for row in measurements.measure_judge(play, 2)}


def no_prediction_is_of_a_sample_that_the_model_had_seen(play: LoopContext) -> None:
    for number in (1, 2):
        judge = play.judge(number)
        assert judge is not None
        seen = Prediction.objects.filter(run=judge, sample__in=training_entries(judge).values("sample"))
        assert seen.filter(out_of_fold=True).count() == seen.count() > QUESTIONS
    assert measurements.count_predictions(play)["fair"] == measurements.count_predictions(play)["all"] == 9 * QUESTIONS


def annotators_met_the_judge_as_was_drawn_and_the_blind_arm_did_not(play: LoopContext) -> None:
    arms = measurements.measure_scoring(play, SECOND).arms
    assert all(arms.values()), arms
    assert measurements.measure_scoring(play, FIRST).arms == {
        "blind": sum(measurements.measure_scoring(play, FIRST).arms.values())
    } | {
        "delayed": 0,
        "prefilled": 0,
    }
    assert not Suggestion.objects.filter(assignment__arm=Arm.BLIND).exists()
    assert not Suggestion.objects.filter(assignment__sample__in=play.batch(FIRST)).exists()
    assert not Suggestion.objects.filter(final=None).exists()
    for sample in play.batch(SECOND):
        # However many met the judge, one of them did not.
        assert sample.assignments.filter(arm=Arm.BLIND, state=Assignment.State.SCORED).exists()
    # What the blind said, and what the delayed had locked, is what they would have said had there been no judge.
    met = dict.fromkeys(Arm, 0)
    for score in Score.objects.filter(sample__in=play.batch(SECOND), round=1).select_related("sample", "member__user"):
        own = synthetic_opinion(play, score.member.user.username, score.sample.external_id).values
        given = dict(score.ratings.values_list("dimension__key", "level__value"))
        same = all(given[key] == own[key] for key in given)
        assert same or score.arm == Arm.PREFILLED, (score.sample.external_id, given, own)
        met[Arm(score.arm)] += not same
    assert met[Arm.PREFILLED] > 0


def what_may_be_test_or_calibrates_is_blind(play: LoopContext) -> None:
    kept = Question.objects.filter(reserved=True) | Question.objects.filter(calibration=True)
    assert kept.exists()
    assert set(Assignment.objects.filter(sample__question__in=kept).values_list("arm", flat=True)) == {Arm.BLIND}
    tested = FinalScore.objects.filter(sample__question__part="test", current=True)
    assert set(tested.values_list("label_origin", flat=True)) == {"blind"}


def labels_say_where_they_come_from(play: LoopContext) -> None:
    assert set(measurements.count_origins(play, FIRST)) == {"blind"}
    assert set(measurements.count_origins(play, SECOND)) == {"blind", "mixed"}
    for final in measurements.agreed_values(play, SECOND):
        helped = Suggestion.objects.filter(assignment__sample=final.sample_id, dimension=final.dimension_id)
        assert final.label_origin == ("mixed" if helped.exists() else "blind")


def the_pull_that_people_were_made_with_is_found_again(play: LoopContext) -> None:
    rows = {row.arm: row for row in measurements.measure_anchoring(play)}
    assert set(rows) == {"delayed", "prefilled"}
    for row in rows.values():
        assert row.interval is not None
        assert row.interval[0] <= annotators.PULL <= row.interval[1], row
        assert row.acceptance > row.coincidence
    delayed = rows["delayed"]
    assert delayed.interval[0] > 0
    assert delayed.alarm


def disputes_were_foreseen(play: LoopContext) -> None:
    found = measurements.measure_queue(play)
    assert found is not None
    assert found.interval[0] > 0.5
    values = Rating.objects.filter(score__sample__in=play.batch(SECOND), score__round=1).exclude(
        score__arm=Arm.PREFILLED
    )
    given: dict[tuple[int, int], list[float]] = {}
    for sample, dimension, value in values.values_list("score__sample", "dimension", "level__value"):
        given.setdefault((sample, dimension), []).append(value)
    # Of what one person alone said without the judge, nobody can tell.
    assert found.samples == len({sample for (sample, _), said in given.items() if len(said) > 1}) < 6 * QUESTIONS
    apart = {sample for (sample, _), said in given.items() if max(said) - min(said) >= 2}
    assert found.disputed == len(apart)


def the_table_says_so(play: LoopContext, told: list[tuple[str, str]]) -> None:
    said = dict(told)
    assert f"{9 * QUESTIONS} labelled samples" in said["Release 2"]
    assert f"made with {annotators.PULL}" in said["Influence"]
    judges = "\n".join(table.judges(play))
    for row in measurements.compared_judges(play):
        assert f"{row.first:.3f}" in judges
        assert f"{row.difference:.3f}" in judges
    assert "yes" in "\n".join(table.influence(play))


def every_page_that_it_names_opens_and_so_does_what_these_lead_to(play: LoopContext) -> None:
    ada, there = Client(), f"/studies/{play.study.slug}/"
    ada.force_login(play.admin)
    led_to: set[str] = set()
    for page in PAGES:
        answer = ada.get(there + page)
        assert answer.status_code == 200, page
        led_to |= set(re.findall(rf'href="({there}[^"]+)"', answer.content.decode()))
    ids = [one for one in Sample.objects.values_list("public_id", flat=True) if f"{there}samples/{one}/" in led_to]
    assert len(ids) > 5
    assert {ada.get(address.replace("&amp;", "&")).status_code for address in sorted(led_to)} == {200}


def test_where_no_judge_can_be_trained_it_says_so_before_anything_is_played(settings, monkeypatch) -> None:
    settings.DEMO = True
    monkeypatch.setattr(request, "find_spec", lambda library: None)
    with pytest.raises(CommandError, match="takes sklearn, skops: install with make dev"):
        call_command("demo", "--loop", stdout=io.StringIO(), stderr=io.StringIO())
    assert not Study.objects.exists()


def test_where_real_work_is_done_nothing_is_played(settings) -> None:
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="DEMO"):
        call_command("demo", "--loop", stdout=io.StringIO(), stderr=io.StringIO())
    assert not Sample.objects.exists()
