"""Judges through the API: trained by those who read results, held to people, compared, activated, taken away."""

import io
import json
import zipfile
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from annotation.jobs import running
from annotation.models import Job, JudgeRun, Member, Prediction, Release, Sample, Study
from tests.annotation.judges.judge_studies import (
    QUICK,
    join_lines,
    learnable_study,
    make_prediction_line,
    release_study,
)
from tests.factories import make_member, make_release, make_sample, make_study
from tests.judge_run_rows import make_judge_run, make_scorecard

from .caller import Caller, fields, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_sent() -> Any:
    with patch("annotation.jobs.queueing.send_job"):
        yield


@pytest.fixture
def release(study: Study) -> Release:
    for number in range(8):
        make_sample(study, f"Answer {number}.", ["red"], external_id=f"s{number}", question=f"Question {number}?")
    return make_release(study)


@pytest.fixture
def run(study: Study, release: Release) -> JudgeRun:
    return make_judge_run(study, release=release)


def upload(caller: Caller, content: bytes, name: str = "predictions.jsonl", **form: Any) -> HttpResponse:
    form = {"file": SimpleUploadedFile(name, content), **form}
    return caller.client.post("/api/studies/birds/predictions/", form, headers=caller.headers)


def body_of(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


# --- training -----------------------------------------------------------------------------------------------------


def test_a_researcher_trains_a_judge_watches_its_job_and_reads_how_it_did(settings: Any, tmp_path: Any) -> None:
    settings.JUDGE_DIR = tmp_path / "judge"
    study = learnable_study()
    rae, ann = Caller(make_member(study, "rae", "researcher")), Caller(make_member(study, "ann"))
    release = release_study(study)
    body = {
        "release": release.public_id,
        "backend": "embedded",
        "preset": QUICK.preset,
        "options": dict(QUICK.options),
        "name": "judge-of-rae",
        "seed": 7,
    }
    asked = rae.post("studies/birds/judge-runs/", body)
    assert asked.status_code == 202
    job = asked.json()
    assert (job["kind"], job["state"]) == ("judge_train", "queued")
    assert asked.headers["Location"] == f"/api/jobs/{job['id']}/"
    address = f"judge-runs/{job['judge_run']}/"
    waiting = rae.get(address).json()
    assert (waiting["state"], waiting["finished_at"], waiting["archive"]) == ("queued", None, None)
    assert refusal(rae.post(f"{address}activate/")) == (409, "run_unfinished")

    running.run_job(Job.objects.get().pk)
    done = rae.get(asked.headers["Location"]).json()
    assert done["state"] == "done", done["error"]
    assert done["result"]["run"] == job["judge_run"]
    shown = rae.get(address).json()
    assert (shown["number"], shown["name"], shown["origin"], shown["state"]) == (
        1,
        "judge-of-rae",
        "trained",
        "finished",
    )
    assert (shown["backend"], shown["preset"], shown["options"], shown["seed"]) == (
        "embedded",
        "quick",
        dict(QUICK.options),
        7,
    )
    assert shown["release"] == {"id": release.public_id, "number": 1, "name": "v1"}
    assert (shown["predictions"], shown["job"], shown["active"]) == (28, job["id"], False)
    assert shown["config"]["seed"] == 7
    assert shown["prompt_sha"] == shown["config"]["prompt_sha"]
    archive = body_of(rae.get(f"{address}archive/"))
    assert len(archive) == shown["archive"]["bytes"]

    card = rae.get(f"{address}scorecard/").json()["card"]
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        metrics = json.loads(packed.read("metrics.json"))["final"]
    assert [one["asked"] for one in card["dimensions"]] == [one["asked"] for one in metrics["dimensions"]]

    predicted = rae.post(f"{address}predict/")
    assert (predicted.status_code, predicted.json()["judge_run"]) == (202, job["judge_run"])
    running.run_job(Job.objects.get(public_id=predicted.json()["id"]).pk)
    assert rae.get(address).json()["predictions"] == Sample.objects.count() == 32
    assert refusal(ann.get(address))[0] == 404


def test_the_same_key_twice_is_one_judge(rae: Caller, release: Release) -> None:
    body = {"release": release.public_id, "client_key": str(uuid4())}
    first, again = (rae.post("studies/birds/judge-runs/", body) for _ in range(2))
    assert first.json() == again.json()
    assert JudgeRun.objects.count() == Job.objects.count() == 1
    others: list[dict[str, Any]] = [{"seed": 43}, {"options": {"trees": 5}}, {"preset": "quick"}, {"name": "other"}]
    for other in others:
        assert refusal(rae.post("studies/birds/judge-runs/", body | other)) == (409, "client_key_reused"), other


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("release", {"release": None}),
        ("release", {"release": 1}),
        ("release", {"release": "bcdfghjkmnpq"}),
        ("release", {"release": ""}),
        ("backend", {"backend": "oracle"}),
        ("backend", {"backend": ["embedded"]}),
        ("backend", {"backend": "endpoint"}),
        ("preset", {"preset": "no-such"}),
        ("preset", {"preset": "zero-shot"}),
        ("options", {"options": [["trees", 10]]}),
        ("options", {"options": "trees=10"}),
        ("options", {"options": {"--set": 1}}),
        ("options", {"options": {"a=b": 1}}),
        ("options.a�", {"options": {"a\x00": 1}}),
        ("options", {"options": {f"option_{number}": 1 for number in range(101)}}),
        ("options.trees", {"options": {"trees": None}}),
        ("options.trees", {"options": {"trees": [10]}}),
        ("options.trees", {"options": {"trees": 10**30}}),
        ("options.labels", {"options": {"labels": "x" * 501}}),
        ("options.labels", {"options": {"labels": "a\x00b"}}),
        ("name", {"name": "a/b"}),
        ("name", {"name": 4}),
        ("name", {"name": "x" * 81}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": "42"}),
        ("seed", {"seed": True}),
        ("seed", {"seed": 10**30}),
        ("client_key", {"client_key": "x"}),
        ("study", {"study": "birds"}),
    ],
)
def test_what_cannot_be_trained_is_named_before_anything_is_queued(
    rae: Caller, release: Release, field: str, change: dict[str, Any]
) -> None:
    asked = rae.post("studies/birds/judge-runs/", {"release": release.public_id} | change)
    assert fields(asked) == {field}
    assert not Job.objects.exists()
    assert not JudgeRun.objects.exists()


def test_a_release_of_another_study_is_none_to_learn_from(rae: Caller, release: Release, run: JudgeRun) -> None:
    foreign = make_release(make_study("boats"))
    assert fields(rae.post("studies/birds/judge-runs/", {"release": foreign.public_id})) == {"release"}
    assert fields(rae.post(f"judge-runs/{run.public_id}/evaluate/", {"release": foreign.public_id})) == {"release"}
    assert not Job.objects.exists()


def test_a_name_is_given_once_in_a_study(rae: Caller, release: Release, run: JudgeRun) -> None:
    body = {"release": release.public_id, "name": run.name}
    assert refusal(rae.post("studies/birds/judge-runs/", body)) == (409, "name_taken")


# --- reading ------------------------------------------------------------------------------------------------------


def test_judges_are_listed_newest_first_with_how_they_did(rae: Caller, study: Study, release: Release) -> None:
    first, second = (make_judge_run(study, release=release, turned=turned) for turned in range(2))
    imported = make_judge_run(study, samples=[])
    page = rae.get("studies/birds/judge-runs/?limit=2").json()
    rest = rae.get(page["next"]).json()["results"]
    rows = [*page["results"], *rest]
    assert [row["id"] for row in rows] == [imported.public_id, second.public_id, first.public_id]
    assert [row["origin"] for row in rows] == ["imported", "trained", "trained"]
    assert (rows[0]["release"], rows[0]["scorecards"]) == (None, [])
    (held,) = rows[2]["scorecards"]
    assert held["release"]["id"] == release.public_id
    card = first.scorecards.get().cards["final"]["dimensions"][0]
    best = min(one["rmse"] for one in card["baselines"])
    expected = {"key": "TCC", "rmse": card["asked"]["rmse"], "a1": card["asked"]["a1"], "best_baseline": best}
    assert held["dimensions"][0] == expected


def test_a_list_of_judges_costs_the_same_number_of_queries_however_long(
    rae: Caller, study: Study, release: Release
) -> None:
    counts = []
    for _ in range(2):
        make_judge_run(study, release=release)
        with CaptureQueriesContext(connection) as counted:
            assert rae.get("studies/birds/judge-runs/").status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_the_curves_of_a_training_are_shown(rae: Caller, run: JudgeRun) -> None:
    shown = rae.get(f"judge-runs/{run.public_id}/").json()
    assert shown["curves"] == [{"series": "RMSE TCC", "x": 4.0, "y": 1.5}, {"series": "RMSE TCC", "x": 8.0, "y": 1.25}]


def test_an_imported_judge_is_shown_without_a_folder_and_cannot_predict(rae: Caller, study: Study, release: Release):
    run = make_judge_run(study)
    shown = rae.get(f"judge-runs/{run.public_id}/").json()
    assert (shown["state"], shown["archive"], shown["job"], shown["predictions"]) == ("finished", None, None, 8)
    assert refusal(rae.get(f"judge-runs/{run.public_id}/archive/")) == (404, "archive_gone")
    assert refusal(rae.post(f"judge-runs/{run.public_id}/predict/")) == (409, "no_model")
    assert not Job.objects.exists()


def test_a_scorecard_is_that_of_the_release_it_learned_from_unless_another_is_named(
    rae: Caller, study: Study, release: Release, run: JudgeRun
) -> None:
    later = make_release(study)
    make_scorecard(run, later)
    address = f"judge-runs/{run.public_id}/scorecard/"
    shown = rae.get(address).json()
    assert (shown["release"]["number"], shown["target"], shown["card"]["target"]) == (1, "final", "final")
    assert shown["judge_run"] == run.public_id
    assert rae.get(f"{address}?release={later.public_id}&target=mean").json()["release"]["number"] == 2
    assert rae.get(f"{address}?target=mean").json()["card"]["target"] == "mean"
    run.release = None
    run.origin = "imported"
    run.save()
    assert rae.get(address).json()["release"]["number"] == 2, "the newest, where it has learned from none"


def test_where_a_judge_is_furthest_off_the_sample_is_named_so_that_it_can_be_looked_at(
    rae: Caller, study: Study, run: JudgeRun
) -> None:
    worst = rae.get(f"judge-runs/{run.public_id}/scorecard/").json()["card"]["dimensions"][0]["worst"]
    assert len(worst) == 8
    ids = dict(Sample.objects.values_list("external_id", "public_id"))
    assert {one["id"]: one["sample"] for one in worst} == ids
    assert rae.get(f"samples/{worst[0]['sample']}/").status_code == 200


def test_where_there_is_no_scorecard_the_answer_says_what_to_do(
    rae: Caller, study: Study, release: Release, run: JudgeRun
) -> None:
    bare = make_judge_run(study, release=release, held=False)
    later = make_release(study)
    for address in (
        f"judge-runs/{bare.public_id}/scorecard/",
        f"judge-runs/{bare.public_id}/pairs/",
        f"judge-runs/{run.public_id}/scorecard/?release={later.public_id}",
        f"judge-runs/{run.public_id}/scorecard/?release=nonsense",
        f"judge-runs/{run.public_id}/pairs/?release={later.public_id}",
        f"judge-runs/{run.public_id}/comparison/?with={bare.public_id}",
    ):
        answer = rae.get(address)
        assert refusal(answer) == (404, "no_scorecard"), address
        assert "evaluate" in answer.json()["message"]


def test_two_judges_are_compared_on_the_newest_release_that_both_were_held_to(
    rae: Caller, study: Study, release: Release, run: JudgeRun
) -> None:
    other = make_judge_run(study, release=release, turned=1)
    address = f"judge-runs/{run.public_id}/comparison/?with={other.public_id}"
    shown = rae.get(address).json()
    assert (shown["first"], shown["second"], shown["release"]["number"]) == (run.public_id, other.public_id, 1)
    assert (shown["comparison"]["samples"], shown["comparison"]["target"]) == (8, "final")
    for number, row in enumerate(shown["comparison"]["dimensions"]):
        sides = [one.scorecards.get().cards["final"]["dimensions"][number]["asked"]["rmse"] for one in (run, other)]
        assert row["rmse_difference"] == pytest.approx(sides[0] - sides[1], abs=1e-3)
    later = make_release(study)
    make_scorecard(run, later)
    assert rae.get(address).json()["release"]["number"] == 1
    make_scorecard(other, later)
    assert rae.get(address).json()["release"]["number"] == 2
    assert rae.get(f"{address}&release={release.public_id}").json()["release"]["number"] == 1


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("comparison/", "with"),
        ("comparison/?with=nonsense", "with"),
        ("comparison/?with={self}", "with"),
        ("comparison/?with={foreign}", "with"),
        ("comparison/?with={self}&target=mean", "target"),
        ("scorecard/?target=median", "target"),
        ("scorecard/?target=final&target=mean", "target"),
        ("scorecard/?format=csv", "format"),
        ("scorecard/?release=%00", "release"),
        ("pairs/?target=mean", "target"),
    ],
)
def test_a_query_that_is_not_known_is_refused(
    rae: Caller, study: Study, run: JudgeRun, address: str, field: str
) -> None:
    foreign = make_judge_run(make_study("boats"))
    filled = address.format(self=run.public_id, foreign=foreign.public_id)
    assert fields(rae.get(f"judge-runs/{run.public_id}/{filled}")) == {field}


def test_a_judge_of_another_study_is_as_if_it_were_not(rae: Caller, ada: Caller, ann: Caller, sam: Caller) -> None:
    foreign = make_judge_run(make_study("boats"))
    reads = ("", "scorecard/", "comparison/", "pairs/", "archive/")
    writes = ("activate/", "deactivate/", "predict/", "evaluate/")
    for caller in (rae, ada, ann, sam):
        for way, paths in ((caller.get, reads), (caller.post, writes)):
            for path in paths:
                there, nowhere = (way(f"judge-runs/{name}/{path}") for name in (foreign.public_id, "bcdfghjkmnpq"))
                assert refusal(there) == (404, "not_found")
                assert there.content == nowhere.content


# --- taking away --------------------------------------------------------------------------------------------------


def test_the_scores_behind_a_scorecard_come_as_a_table(rae: Caller, run: JudgeRun) -> None:
    response = rae.get(f"judge-runs/{run.public_id}/pairs/")
    header, *rows = body_of(response).decode("utf-8-sig").splitlines()
    assert header == "sample,dimension,human,expected,rounded,sd,low,high"
    assert len(rows) == 8 * 4
    assert response.headers["Content-Disposition"] == 'attachment; filename="birds-judge-1-release-1.csv"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_folder_of_a_judge_comes_as_it_was_stored(rae: Caller, run: JudgeRun) -> None:
    response = rae.get(f"judge-runs/{run.public_id}/archive/")
    with zipfile.ZipFile(io.BytesIO(body_of(response))) as packed:
        assert json.loads(packed.read("run.json")) == {"name": run.name}
    assert response.headers["Content-Disposition"] == 'attachment; filename="birds-judge-1.zip"'
    assert int(response.headers["Content-Length"]) == run.archive_bytes


def test_an_admin_scores_nothing_that_a_scorecard_has_shown_them(ada: Caller, study: Study, run: JudgeRun) -> None:
    assert ada.get("studies/birds/judge-runs/").status_code == 200
    assert ada.get(f"judge-runs/{run.public_id}/").status_code == 200
    assert ada.lease()
    assert ada.get(f"judge-runs/{run.public_id}/scorecard/").status_code == 200
    assert not ada.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]
    make_sample(study)
    assert ada.lease(), "of what has come since they know nothing"
    assert Member.objects.get(user__username="ada").exposed_through == 0


@pytest.mark.parametrize("what", ["pairs/", "archive/"])
def test_an_admin_who_takes_a_judge_away_scores_no_sample_of_today_any_more(
    ada: Caller, study: Study, run: JudgeRun, what: str
) -> None:
    newest = make_sample(study)
    assert ada.lease()
    body_of(ada.get(f"judge-runs/{run.public_id}/{what}"))
    assert Member.objects.get(user__username="ada").exposed_through == newest.pk
    assert not ada.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]


# --- what is done with one ----------------------------------------------------------------------------------------


def test_one_judge_is_active_at_a_time(rae: Caller, ada: Caller, study: Study, release: Release, run: JudgeRun) -> None:
    other = make_judge_run(study)
    assert rae.post(f"judge-runs/{run.public_id}/activate/").json()["active"] is True
    assert ada.post(f"judge-runs/{other.public_id}/activate/").json()["active"] is True
    assert [row["active"] for row in rae.get("studies/birds/judge-runs/").json()["results"]] == [True, False]
    assert ada.post(f"judge-runs/{other.public_id}/deactivate/").json()["active"] is False
    assert ada.post(f"judge-runs/{other.public_id}/deactivate/").status_code == 200
    assert not JudgeRun.objects.filter(active=True).exists()
    assert fields(rae.post(f"judge-runs/{run.public_id}/activate/", {"force": True})) == {"force"}


def test_predictions_and_scorecards_are_jobs_and_one_under_way_is_enough(
    rae: Caller, study: Study, release: Release, run: JudgeRun
) -> None:
    later = make_release(study)
    for path, body in (("predict/", {}), ("evaluate/", {"release": later.public_id})):
        first, again = (rae.post(f"judge-runs/{run.public_id}/{path}", body) for _ in range(2))
        assert first.status_code == again.status_code == 202
        assert first.json()["id"] == again.json()["id"]
        assert first.json()["judge_run"] == run.public_id
        assert rae.get(first.headers["Location"]).json()["state"] == "queued"
    assert [job.kind for job in Job.objects.order_by("pk")] == ["judge_predict", "judge_evaluate"]
    assert fields(rae.post(f"judge-runs/{run.public_id}/evaluate/")) == {"release"}
    assert fields(rae.post(f"judge-runs/{run.public_id}/evaluate/", {"release": 4})) == {"release"}
    assert fields(rae.post(f"judge-runs/{run.public_id}/predict/", {"release": later.public_id})) == {"release"}


def test_annotators_start_nothing_and_change_nothing(ann: Caller, sam: Caller, release: Release, run: JudgeRun) -> None:
    for caller, of_study in ((ann, (403, "not_allowed")), (sam, (404, "not_found"))):
        assert refusal(caller.get("studies/birds/judge-runs/")) == of_study
        assert refusal(caller.post("studies/birds/judge-runs/", {"release": release.public_id})) == of_study
        assert refusal(upload(caller, b"{}\n")) == of_study
        for path in ("activate/", "deactivate/", "predict/"):
            assert refusal(caller.post(f"judge-runs/{run.public_id}/{path}"))[0] == 404
    assert not Job.objects.exists()
    assert JudgeRun.objects.get().active is False


# --- predictions that were made elsewhere -------------------------------------------------------------------------


def test_a_researcher_brings_predictions_in(rae: Caller, study: Study, release: Release) -> None:
    samples = list(Sample.objects.order_by("pk"))
    strange = make_prediction_line(samples[0]) | {"id": "no-such-sample"}
    queued = upload(rae, join_lines([make_prediction_line(sample) for sample in samples] + [strange]))
    assert queued.status_code == 202
    job = queued.json()
    assert (job["kind"], queued["Location"]) == ("import_predictions", f"/api/jobs/{job['id']}/")
    running.run_job(Job.objects.get().pk)
    done = rae.get(queued["Location"]).json()
    assert (done["state"], done["result"]["created"], done["result"]["refused"]) == ("done", 8, 1)
    (row,) = rae.get("studies/birds/judge-runs/").json()["results"]
    assert (row["name"], row["origin"], row["state"]) == ("elsewhere-1", "imported", "finished")
    assert Prediction.objects.count() == 8


def test_a_dry_run_of_predictions_stores_nothing(rae: Caller, release: Release) -> None:
    samples = Sample.objects.all()
    upload(rae, join_lines([make_prediction_line(sample) for sample in samples]), dry_run="true")
    running.run_job(Job.objects.get().pk)
    result = Job.objects.get().result
    assert result is not None
    assert result["created"] == 8
    assert not JudgeRun.objects.exists()
    assert not Prediction.objects.exists()


def test_the_same_key_twice_is_one_import(rae: Caller, release: Release) -> None:
    key = str(uuid4())
    first, again = (upload(rae, b"{}\n", client_key=key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"file": "text"}, "file"),
        ({"name": "predictions.csv"}, "file"),
        ({"name": "predictions.zip"}, "file"),
        ({"content": b""}, "file"),
        ({"dry_run": "maybe"}, "dry_run"),
        ({"kind": "samples"}, "kind"),
        ({"update": "true"}, "update"),
        ({"client_key": "x"}, "client_key"),
    ],
)
def test_an_upload_that_is_wrong_is_refused(rae: Caller, study: Study, form: dict[str, Any], field: str) -> None:
    assert field in fields(upload(rae, **{"content": b"{}\n", **form}))
    assert not Job.objects.exists()


def test_predictions_are_taken_as_a_form_alone_and_not_too_large(rae: Caller, settings: Any) -> None:
    assert refusal(rae.post("studies/birds/predictions/", {"dry_run": "true"})) == (415, "unsupported_media_type")
    settings.IMPORT_MAX_BYTES = 10
    assert fields(upload(rae, b"{}\n" * 10)) == {"file"}
    assert refusal(upload(rae, b"x" * 200_000)) == (413, "too_large")
