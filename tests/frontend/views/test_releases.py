"""Tests of the pages of releases: creation, reading and downloads."""

import io
import re
import zipfile

import pytest
from django.test import Client

from annotation.models import Job, Member, ReservedPool, Study
from tests.annotation.releases.release_rows import make_agreed_sample
from tests.factories import make_member, make_release, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2)
    make_member(study, "ada", "admin")
    make_member(study, "rae", "researcher")
    return study


@pytest.fixture
def ada(study: Study) -> Client:
    return signed_in("ada")


@pytest.fixture
def rae(study: Study) -> Client:
    return signed_in("rae")


def signed_in(who: str) -> Client:
    client = Client()
    client.force_login(make_user(who), "django.contrib.auth.backends.ModelBackend")
    return client


ASKED = {"name": "v1", "test_by": "share", "test_share": "0.2", "test_count": "", "seed": "42", "formats": ["jsonl"]}


def test_without_agreed_samples_the_page_says_what_to_do_first(ada: Client) -> None:
    page = ada.get("/studies/birds/releases/").content.decode()
    assert "Nothing released yet" in page
    assert "can be released once they are agreed" in page
    assert "Make the release" not in page


def test_a_release_is_asked_for_and_followed(ada: Client, study: Study) -> None:
    make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")
    sent = ada.post("/studies/birds/releases/", {**ASKED, "formats": ["jsonl", "scores"], "with_generator": "on"})
    job = Job.objects.get()
    assert sent.headers["Location"].endswith(f"/{job.public_id}/")
    assert job.arguments == {
        "name": "v1",
        "test_share": 0.2,
        "exact": False,
        "seed": 42,
        "formats": ["jsonl", "scores"],
        "with_generator": True,
        "with_metadata": False,
    }
    listed = ada.get("/studies/birds/releases/").content.decode()
    assert "Being made" in listed
    assert "“v1”" in listed


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "Give it a name."),
        ({"test_share": "1.5"}, "A number between 0 and 1, as 0.2."),
        ({"test_share": ""}, "A number between 0 and 1."),
        ({"test_by": "count", "test_count": ""}, "From 1 on."),
        ({"test_by": "count", "test_count": "0"}, "A number of samples from 1 on."),
        ({"formats": []}, "Choose at least one."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(ada: Client, study: Study, changed: dict, told: str) -> None:
    make_agreed_sample(study, "a")
    sent = ada.post("/studies/birds/releases/", {**ASKED, **changed})
    assert sent.status_code == 400
    assert told in sent.content.decode()
    assert not Job.objects.exists()


def test_a_release_shows_how_well_each_aim_was_met_and_what_has_changed(rae: Client, study: Study) -> None:
    release = make_release(study)
    make_agreed_sample(study, "since")
    page = rae.get(f"/studies/birds/releases/{release.public_id}/").content.decode()
    assert "10 samples: 8 to train, 2 to test" in page
    assert "2 test samples; 3 were wanted." in page
    assert "Whole questions reach 2 or 4, not 3." in page
    assert "0 of 5 questions have samples in both parts" in page
    assert "of 2 the worst is 1 sample off" in page
    assert "1 has been agreed that is not in it." in page
    for figure in ("generator-of-0", "0.61", "train.jsonl", release.renditions.get().sha256):
        assert figure in page
    assert "Make the files" not in page


def test_files_are_taken_away_and_remembered(ada: Client, rae: Client, study: Study) -> None:
    sample = make_sample(study)
    release = make_release(study)
    (rendition,) = release.renditions.all()
    where = f"/studies/birds/releases/{release.public_id}/files/{rendition.public_id}/"
    with zipfile.ZipFile(io.BytesIO(b"".join(rae.post(where).streaming_content))) as archive:
        assert "train.jsonl" in archive.namelist()
    one = ada.post(where, {"file": "train.jsonl"})
    assert b"".join(one.streaming_content) == b'{"id": "released-line"}\n'
    assert Member.objects.get(name="Ada").exposed_through == sample.pk
    assert rae.post(where, {"file": "../../x"}).status_code == 404


def test_more_files_are_asked_for_by_admins_alone(ada: Client, rae: Client, study: Study) -> None:
    release = make_release(study)
    where = f"/studies/birds/releases/{release.public_id}/files/"
    assert rae.post(where, {"formats": ["parquet"]}).status_code == 403
    assert ada.post(where, {"formats": []}).status_code == 400
    assert ada.post(where, {"formats": ["parquet"]}).status_code == 302
    assert Job.objects.get().arguments["release"] == release.public_id


def test_the_pool_is_reserved_once_from_the_page(ada: Client, study: Study) -> None:
    make_sample(study)
    where = "/studies/birds/releases/pool/"
    assert ada.post(where, {"share": "2", "calibration_share": "0.05", "seed": "42"}).status_code == 400
    assert ada.post(where, {"share": "0.25", "calibration_share": "0.05", "seed": "42"}).status_code == 302
    assert ReservedPool.objects.get().share == 0.25
    assert "a share of 0.25" in ada.get("/studies/birds/releases/").content.decode()
    assert ada.post(where, {"share": "0.3", "calibration_share": "0.05", "seed": "42"}).status_code == 409


def test_a_release_of_another_study_is_not_found_under_this_one(ada: Client, study: Study) -> None:
    other = make_study("fishes")
    release = make_release(other)
    assert ada.get(f"/studies/birds/releases/{release.public_id}/").status_code == 404


def test_researchers_do_not_learn_who_made_a_release(rae: Client, study: Study) -> None:
    release = make_release(study, by=make_user("ada", name="Ada"))
    for page in ("/studies/birds/releases/", f"/studies/birds/releases/{release.public_id}/"):
        # As a word: its letters may stand in a token.
        assert not re.search(r"\bAda\b", rae.get(page).content.decode())
