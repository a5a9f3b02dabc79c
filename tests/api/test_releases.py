"""Releases through the API: asked for by admins, read and taken away by those who read results."""

import io
import json
import uuid
import zipfile

import pytest

from annotation.models import Job, Member, Sample, Study
from tests.annotation.releases.release_rows import make_agreed_sample
from tests.factories import make_release, make_rendition, make_sample

from .caller import Caller, fields, refusal

pytestmark = pytest.mark.django_db


def body_of(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


# --- asking for one -----------------------------------------------------------------------------------------------


def test_a_release_is_asked_for_and_becomes_a_job(ada: Caller, study: Study) -> None:
    asked = ada.post("studies/birds/releases/", {"name": "v1", "test_count": 3, "formats": ["jsonl", "parquet"]})
    assert asked.status_code == 202
    job = Job.objects.get(public_id=asked.json()["id"])
    assert asked.headers["Location"] == f"/api/jobs/{job.public_id}/"
    assert (job.kind, job.study) == ("release", study)
    assert job.arguments == {
        "name": "v1",
        "test_count": 3,
        "exact": False,
        "seed": 42,
        "calibration_share": 0.05,
        "formats": ["jsonl", "parquet"],
        "with_generator": False,
        "with_metadata": False,
    }


def test_the_same_key_twice_is_one_release(ada: Caller) -> None:
    body = {"name": "v1", "client_key": str(uuid.uuid4())}
    assert ada.post("studies/birds/releases/", body).json() == ada.post("studies/birds/releases/", body).json()
    assert Job.objects.count() == 1
    other = ada.post("studies/birds/releases/", {**body, "name": "v2"})
    assert refusal(other) == (409, "client_key_reused")


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("name", {}),
        ("name", {"name": " "}),
        ("test_share", {"name": "v1", "test_share": 1.5}),
        ("test_share", {"name": "v1", "test_share": "0.2"}),
        ("test_count", {"name": "v1", "test_count": 0}),
        ("test_count", {"name": "v1", "test_share": 0.2, "test_count": 3}),
        ("seed", {"name": "v1", "seed": -1}),
        ("seed", {"name": "v1", "seed": 10**30}),
        ("formats.0", {"name": "v1", "formats": ["docx"]}),
        ("no_such", {"name": "v1", "no_such": 1}),
    ],
)
def test_what_cannot_be_released_is_named_before_anything_is_queued(ada: Caller, field: str, body: dict) -> None:
    assert fields(ada.post("studies/birds/releases/", body)) == {field}
    assert not Job.objects.exists()


# --- reading ------------------------------------------------------------------------------------------------------


def test_a_release_is_shown_with_what_it_holds_and_how_well_its_aims_were_met(rae: Caller, study: Study) -> None:
    release = make_release(study)
    make_sample(study)
    make_agreed_sample(study, "agreed since")
    shown = rae.get(f"releases/{release.public_id}/").json()
    assert (shown["number"], shown["name"], shown["samples"]) == (1, "v1", 10)
    assert shown["train"] == {"samples": 8, "questions": 4}
    assert shown["met"]["test_samples"]["why"] == "Whole questions reach 2 or 4, not 3."
    assert shown["since"] == {"same": 0, "changed": 0, "open": 0, "withdrawn": 0, "added": 1}
    assert [file["name"] for file in shown["files"]] == ["train.jsonl"]
    assert shown["renditions"][0]["formats"] == ["jsonl"]


def test_releases_are_listed_newest_first(rae: Caller, study: Study) -> None:
    for _ in range(3):
        make_release(study)
    listed = rae.get("studies/birds/releases/?limit=2").json()
    assert [row["number"] for row in listed["results"]] == [3, 2]


# --- taking away --------------------------------------------------------------------------------------------------


def test_one_file_comes_as_it_was_written(rae: Caller, study: Study) -> None:
    line = '{"id": "=cmd()", "answer": "früh"}\n'.encode()
    release = make_release(study, files={"train.jsonl": line, "images/a.png": b"png", "sub/train.json": b"[]"})
    for name, data in (("train.jsonl", line), ("images/a.png", b"png"), ("sub/train.json", b"[]")):
        sent = rae.get(f"releases/{release.public_id}/files/{name}")
        assert sent.status_code == 200
        assert body_of(sent) == data
        assert sent.headers["Content-Disposition"] == f'attachment; filename="{name.rpartition("/")[2]}"'
        assert sent.headers["X-Content-Type-Options"] == "nosniff"
    manifest = json.loads(body_of(rae.get(f"releases/{release.public_id}/files/manifest.json")))
    assert [file["path"] for file in manifest["files"]] == ["train.jsonl", "images/a.png", "sub/train.json"]


@pytest.mark.parametrize("name", ["nothing.jsonl", "images/none.png", "../settings.py", "%2e%2e/x", "train.jsonl/x"])
def test_a_file_that_the_release_has_not_is_not_found(rae: Caller, study: Study, name: str) -> None:
    release = make_release(study, files={"train.jsonl": b"{}\n", "images/a.png": b"png"})
    assert refusal(rae.get(f"releases/{release.public_id}/files/{name}"))[0] == 404


def test_the_archive_holds_all_files(rae: Caller, study: Study) -> None:
    release = make_release(study)
    (rendition,) = release.renditions.all()
    sent = rae.get(f"releases/{release.public_id}/renditions/{rendition.public_id}/archive/")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="birds-release-1.zip"'
    with zipfile.ZipFile(io.BytesIO(body_of(sent))) as archive:
        assert archive.namelist() == ["manifest.json", "train.jsonl"]


def test_a_file_of_two_renditions_comes_from_the_newest(rae: Caller, study: Study) -> None:
    release = make_release(study, files={"train.jsonl": b"old"})
    release.renditions.all().delete()
    make_rendition(release, {"train.jsonl": b"older", "scores.csv": b"kept"})
    make_rendition(release, {"train.jsonl": b"new"})
    assert body_of(rae.get(f"releases/{release.public_id}/files/train.jsonl")) == b"new"
    assert body_of(rae.get(f"releases/{release.public_id}/files/scores.csv")) == b"kept"


def test_an_admin_who_takes_scores_away_scores_no_sample_of_today_any_more(ada: Caller, study: Study) -> None:
    sample = make_sample(study)
    release = make_release(study)
    assert ada.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]
    body_of(ada.get(f"releases/{release.public_id}/files/train.jsonl"))
    assert Member.objects.get(user__username="ada").exposed_through == sample.pk
    assert not ada.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]
    assert Sample.objects.get(pk=sample.pk).free_slots


def test_whoever_only_looks_at_a_release_stays_independent(ada: Caller, study: Study) -> None:
    make_sample(study)
    release = make_release(study)
    assert ada.get(f"releases/{release.public_id}/").status_code == 200
    assert Member.objects.get(user__username="ada").exposed_through == 0


def test_more_files_of_a_release_are_a_job(ada: Caller, rae: Caller, study: Study) -> None:
    release = make_release(study)
    asked = ada.post(f"releases/{release.public_id}/renditions/", {"formats": ["scores"], "with_generator": True})
    assert asked.status_code == 202
    job = Job.objects.get()
    assert job.arguments["release"] == release.public_id
    assert fields(ada.post(f"releases/{release.public_id}/renditions/", {"formats": []})) == {"formats"}
    assert refusal(rae.post(f"releases/{release.public_id}/renditions/", {"formats": ["jsonl"]}))[0] == 403


# --- the pool -----------------------------------------------------------------------------------------------------


def test_a_pool_is_reserved_and_shown(ada: Caller, rae: Caller, study: Study) -> None:
    for number in range(20):
        make_sample(study, question=f"Why {number}?")
    before = rae.get("studies/birds/test-pool/").json()
    assert (before["reserved"], before["questions"], before["in_pool"]) == (False, 20, 0)
    made = ada.post("studies/birds/test-pool/", {"share": 0.5}).json()
    assert (made["reserved"], made["share"], made["seed"]) == (True, 0.5, 42)
    assert rae.get("studies/birds/test-pool/").json() == made
    assert 2 < made["in_pool"] < 18
    assert refusal(ada.post("studies/birds/test-pool/", {"share": 0.4})) == (409, "pool_reserved")
    assert fields(ada.post("studies/birds/test-pool/", {"share": 2})) == {"share"}
