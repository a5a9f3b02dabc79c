"""Tests of the pages of judges: training, progress, scorecard and comparison."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from annotation.jobs import running
from annotation.judges import runs
from annotation.judges.request import TrainingRequest
from annotation.models import Exposure, Job, JudgeRun, Member, Prediction, Release, Study, User
from tests.annotation.judges.judge_studies import join_lines, make_prediction_line
from tests.annotation.releases.release_rows import make_agreed_sample
from tests.factories import make_member, make_release, make_sample, make_study, make_user
from tests.judge_run_rows import make_judge_run

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2)
    make_member(study, "ada", "admin")
    make_member(study, "rae", "researcher")
    for number in range(4):
        make_agreed_sample(study, f"s{number}", question=f"Why does the bird sing on day {number}?")
    return study


@pytest.fixture
def release(study: Study) -> Release:
    return make_release(study)


@pytest.fixture
def rae(study: Study) -> Client:
    return signed_in("rae")


def signed_in(who: str) -> Client:
    client = Client()
    client.force_login(make_user(who), "django.contrib.auth.backends.ModelBackend")
    return client


def asked(of: Release, **fields: Any) -> dict[str, Any]:
    return {"release": of.public_id, "preset": "embedded/quick", "name": "", "options": "", "seed": "42"} | fields


def page_of(client: Client, run: JudgeRun, query: str = "") -> str:
    return client.get(f"/studies/birds/judges/{run.public_id}/{query}").content.decode()


def test_without_a_release_the_page_says_what_to_do_first(rae: Client) -> None:
    page = rae.get("/studies/birds/judges/").content.decode()
    assert "No judge yet" in page
    assert "A judge learns from a release, and this study has none." in page
    assert "Train it" not in page


def test_a_researcher_asks_for_a_training_and_watches_it(rae: Client, release: Release) -> None:
    sent = rae.post("/studies/birds/judges/", asked(release, name="first try", options="trees = 20"))
    run = JudgeRun.objects.get()
    assert sent.headers["Location"] == f"/studies/birds/judges/{run.public_id}/"
    assert (run.name, run.backend, run.preset, run.options) == ("first try", "embedded", "quick", {"trees": 20})
    assert run.job is not None
    Job.objects.filter(pk=run.job.pk).update(
        state="running", done=30, total=120, activity="Measuring samples", started_at=timezone.now()
    )
    JudgeRun.objects.filter(pk=run.pk).update(curves=[{"series": "loss", "x": 1, "y": 0.7}])
    page = page_of(rae, run)
    assert 'value="30" max="120"' in page
    assert "Measuring samples" in page
    assert "found again under Judge" in page
    assert "Loss" in page or "loss" in page
    part = rae.get(f"/studies/birds/judges/{run.public_id}/", **HTMX)
    assert "<html" not in part.content.decode()
    assert "HX-Refresh" not in part.headers
    Job.objects.filter(pk=run.job.pk).update(state="failed", error="The judge was killed.", lease_until=None)
    assert rae.get(f"/studies/birds/judges/{run.public_id}/", **HTMX).headers["HX-Refresh"] == "true"
    page = page_of(rae, run)
    assert "The judge was killed." in page
    assert "can be tried again" in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"preset": "embedded/no-such"}, "Select a valid choice"),
        ({"release": "222222222222"}, "Select a valid choice"),
        ({"options": "trees"}, "is no setting; write name=value"),
        ({"name": "a/b"}, "letters, digits, dots, dashes"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"preset": "endpoint/zero-shot"}, "Select a valid choice"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_queued(
    rae: Client, release: Release, fields: dict[str, str], told: str
) -> None:
    answer = rae.post("/studies/birds/judges/", asked(release, **fields))
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not JudgeRun.objects.exists()
    assert not Job.objects.exists()


def test_a_release_leads_to_a_training_on_it_and_to_its_judges(rae: Client, study: Study) -> None:
    first, _second = make_release(study), make_release(study)
    run = make_judge_run(study, release=first)
    page = rae.get(f"/studies/birds/releases/{first.public_id}/").content.decode()
    assert f"/studies/birds/judges/{run.public_id}/" in page
    link = f"/studies/birds/judges/?release={first.public_id}"
    assert link in page
    assert f'<option value="{first.public_id}" selected>' in rae.get(link).content.decode()


def test_a_name_that_is_taken_is_told(rae: Client, release: Release) -> None:
    rae.post("/studies/birds/judges/", asked(release, name="one"))
    answer = rae.post("/studies/birds/judges/", asked(release, name="one"))
    assert answer.status_code == 409
    assert "is called one already" in answer.content.decode()
    assert JudgeRun.objects.count() == 1


def test_the_list_shows_each_run_with_its_figures_beside_the_best_baselines(rae: Client, release: Release) -> None:
    run = make_judge_run(release.study, release=release)
    imported = make_judge_run(release.study)
    runs.activate_run(by=None, run=run)
    page = rae.get("/studies/birds/judges/").content.decode()
    assert f"Run {run.number} is this study’s judge" in page
    for shown in (run, imported):
        assert f"/judges/{shown.public_id}/" in page
        assert shown.name in page
    rmse = run.scorecards.get().cards["final"]["dimensions"][0]["asked"]["rmse"]
    assert f"<b>{rmse:.2f}</b>" in page


def test_the_scorecard_opens_with_its_finding_and_can_be_held_to_the_means(rae: Client, release: Release) -> None:
    run = make_judge_run(release.study, release=release)
    page = page_of(rae, run)
    assert '<p class="key-finding">' in page
    assert "against the final score" in page
    assert "against the mean of independent ratings" in page_of(rae, run, "?target=mean")
    assert "against the final score" in page_of(rae, run, "?target=nonsense&release=nonsense")
    assert release.name in page
    assert run.prompt_sha in page


def test_who_looks_at_the_worst_misses_never_scores_those_samples(study: Study, release: Release) -> None:
    run = make_judge_run(study, release=release)
    page_of(signed_in("ada"), run)
    card = run.scorecards.get().cards["final"]
    shown = {one["id"] for row in card["dimensions"] for one in row["worst"]}
    assert shown
    seen = Exposure.objects.filter(member__user__username="ada").values_list("sample__external_id", flat=True)
    assert set(seen) == shown


def test_taking_the_table_or_the_folder_away_is_remembered(study: Study, release: Release) -> None:
    run = make_judge_run(study, release=release)
    ada = signed_in("ada")
    place = f"/studies/birds/judges/{run.public_id}/download/"
    table = ada.post(place, {"release": release.public_id})
    assert b"".join(table.streaming_content).startswith(b"sample,dimension,human,expected")
    assert Member.objects.get(user__username="ada").exposed_through > 0
    folder = ada.post(place)
    assert folder.headers["Content-Type"] == "application/zip"
    assert ada.post(place, {"release": "222222222222"}).status_code == 404
    assert ada.get(place).status_code == 405


def test_one_run_at_a_time_is_active(rae: Client, release: Release) -> None:
    first, second = (make_judge_run(release.study, release=release) for _ in range(2))
    for run in (first, second):
        rae.post(f"/studies/birds/judges/{run.public_id}/active/")
        assert list(JudgeRun.objects.filter(active=True)) == [run]
    assert "This is the study’s judge." in page_of(rae, second)
    rae.post(f"/studies/birds/judges/{second.public_id}/active/", {"off": "1"})
    assert not JudgeRun.objects.filter(active=True).exists()


def test_a_study_is_judged_once_whoever_asks(study: Study, release: Release, rae: Client) -> None:
    run = make_judge_run(study, release=release, samples=[])
    page = page_of(rae, run)
    assert "0 of 4 samples have a prediction" in page
    place = f"/studies/birds/judges/{run.public_id}/predict/"
    job = Job.objects.get(public_id=rae.post(place).headers["Location"].split("/")[-2])
    assert (job.kind, job.arguments) == ("judge_predict", {"run": run.public_id})
    assert signed_in("ada").post(place).headers["Location"].endswith(f"/jobs/{job.public_id}/")
    assert "being judged" in page_of(rae, run)
    # Whoever reads results sees what judges do, and not by whose name it was asked for.
    make_member(study, "ravi", "researcher")
    User.objects.filter(username="rae").update(name="Rae Reader")
    shown = signed_in("ravi").get(signed_in("ravi").post(place).headers["Location"]).content.decode()
    assert "Predictions of a judge" in shown
    assert "Rae Reader" not in shown
    assert Job.objects.count() == 1


def test_a_run_is_held_to_a_release_that_it_was_not_held_to(study: Study, release: Release, rae: Client) -> None:
    run = make_judge_run(study)
    page = page_of(rae, run)
    assert "It has not been held to people yet." in page
    assert "Only its predictions are known here" in page
    place = f"/studies/birds/judges/{run.public_id}/evaluate/"
    assert rae.post(place, {"release": release.public_id}).status_code == 302
    assert Job.objects.get().arguments == {"run": run.public_id, "release": release.public_id}
    assert rae.post(place, {"release": "222222222222"}).status_code == 404


def test_two_runs_are_compared_on_the_samples_that_both_have_judged(rae: Client, release: Release) -> None:
    first, second = (
        make_judge_run(release.study, release=release),
        make_judge_run(release.study, release=release, turned=1),
    )
    page = page_of(rae, first)
    assert f'<option value="{second.public_id}">' in page
    answer = rae.get(f"/studies/birds/judges/{first.public_id}/compare/?with={second.public_id}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"Run {first.number}</a> against" in page
    assert '<p class="key-finding">' in page
    never = make_judge_run(release.study)
    assert rae.get(f"/studies/birds/judges/{first.public_id}/compare/?with={never.public_id}").status_code == 404
    assert rae.get(f"/studies/birds/judges/{first.public_id}/compare/?with=nonsense").status_code == 404


def test_predictions_are_tried_before_they_are_taken(rae: Client, study: Study, monkeypatch: Any) -> None:
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)
    sample = make_sample(study, external_id="one")
    lines = join_lines([make_prediction_line(sample), "{"])
    sent = rae.post("/studies/birds/judges/predictions/", {"file": SimpleUploadedFile("judged.jsonl", lines)})
    assert sent.status_code == 302
    rehearsal = Job.objects.get()
    running.run_job(rehearsal.pk)
    assert not Prediction.objects.exists()
    page = rae.get(sent.headers["Location"]).content.decode()
    assert "Import 1 line" in page
    taken = rae.post(f"/studies/birds/jobs/{rehearsal.public_id}/run/")
    running.run_job(Job.objects.exclude(pk=rehearsal.pk).get().pk)
    assert Prediction.objects.get().sample == sample
    assert "See the judges" in rae.get(taken.headers["Location"]).content.decode()


@pytest.mark.parametrize(("name", "told"), [("judged.csv", ".jsonl, .ndjson"), ("", "Choose a file.")])
def test_a_file_of_another_kind_is_refused_beside_the_field(rae: Client, name: str, told: str) -> None:
    data = {"file": SimpleUploadedFile(name, b"a,b\n")} if name else {}
    answer = rae.post("/studies/birds/judges/predictions/", data)
    assert answer.status_code == 400
    assert told in answer.content.decode()


def test_researchers_read_no_names_of_people(study: Study, release: Release, rae: Client) -> None:
    make_user("ada", name="Ada Admin")
    run = runs.start_training(by=make_user("ada"), release=release, wanted=TrainingRequest(preset="quick"))
    # As a word: its letters may stand in a token.
    assert not re.search(r"\bAda\b", page_of(rae, run))
    assert "by " in page_of(signed_in("ada"), run)
