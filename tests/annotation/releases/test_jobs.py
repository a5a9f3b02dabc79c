"""Releases as jobs: taken up after a crash, never made twice, never half there."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotation.core.errors import BadInput
from annotation.jobs import queueing, running
from annotation.models import HistoryEntry, Job, Release, Rendition, Study
from annotation.releases import creating, creating_renditions
from tests.factories import make_study

from .release_rows import make_agreed_sample

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress")]


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2)
    for number in range(5):
        make_agreed_sample(study, f"s{number}", generator="generator-x", metadata={"batch": 1})
    return study


def queue(study: Study, **arguments: Any) -> Job:
    arguments = {"name": "v1", "test_count": 2, "formats": ["jsonl"], **arguments}
    return queueing.enqueue(by=None, kind="release", study=study, arguments=arguments)


def done(job: Job) -> Job:
    running.run_job(job.pk)
    job.refresh_from_db()
    return job


def test_a_release_job_makes_the_release_and_its_files(study: Study) -> None:
    job = done(queue(study, formats=["scores", "jsonl"]))
    assert (job.state, job.error) == ("done", "")
    release = Release.objects.get()
    assert job.result == {
        "release": release.public_id,
        "number": 1,
        "name": "v1",
        "train": {"samples": 3, "questions": 3},
        "test": {"samples": 2, "questions": 2},
        "met": release.about["met"],
        "rendition": release.renditions.get().public_id,
    }
    rendition = release.renditions.get()
    assert rendition.formats == ["jsonl", "scores"]
    with zipfile.ZipFile(io.BytesIO(default_storage.open(rendition.archive).read())) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        paths = {file["path"] for file in manifest["files"]}
        assert {"train.jsonl", "test.jsonl", "scores.csv", "README.md", "rubric.toml"} <= paths
        assert {file["path"] for file in rendition.files} == {p for p in paths if not p.startswith("images/")}
        assert b"generator-x" not in b"".join(archive.read(name) for name in archive.namelist())


def test_who_made_a_sample_is_in_the_files_where_that_is_asked_for(study: Study) -> None:
    done(queue(study, with_generator=True, with_metadata=True))
    with zipfile.ZipFile(io.BytesIO(default_storage.open(Rendition.objects.get().archive).read())) as archive:
        line = json.loads(archive.read("test.jsonl").splitlines()[0])
    assert (line["generator"], line["metadata"]) == ("generator-x", {"batch": 1})


def test_a_release_without_files_is_possible_and_gets_them_later_the_same_each_time(study: Study) -> None:
    done(queue(study, formats=[]))
    release = Release.objects.get()
    assert not release.renditions.exists()
    for _ in range(2):
        arguments = {"release": release.public_id, "formats": ["jsonl", "parquet"]}
        job = done(queueing.enqueue(by=None, kind="render_release", study=study, arguments=arguments))
        assert job.state == "done", job.error
    first, second = release.renditions.all()
    assert first.sha256 == second.sha256


def test_an_attempt_that_died_after_freezing_is_taken_up_without_a_second_release(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(study)
    original = creating_renditions.render_release

    def die(**more: Any) -> Any:
        raise SystemExit

    monkeypatch.setattr(creating_renditions, "render_release", die)
    with pytest.raises(SystemExit):
        running.run_job(job.pk)
    monkeypatch.setattr(creating_renditions, "render_release", original)
    Job.objects.filter(pk=job.pk).update(state="queued", lease_token="")
    job = done(job)
    assert (job.state, job.attempts) == ("done", 2)
    assert Release.objects.count() == 1
    assert Rendition.objects.count() == 1
    assert HistoryEntry.objects.filter(event="release_made").count() == 1
    assert HistoryEntry.objects.filter(event="release_rendered").count() == 1


def test_an_attempt_that_died_while_freezing_starts_over_under_the_same_name(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(study)
    original = creating._store_release

    def die(*parts: Any) -> Any:
        raise SystemExit

    monkeypatch.setattr(creating, "_store_release", die)
    with pytest.raises(SystemExit):
        running.run_job(job.pk)
    monkeypatch.setattr(creating, "_store_release", original)
    assert not Release.objects.exists()
    Job.objects.filter(pk=job.pk).update(state="queued", lease_token="")
    job = done(job)
    assert job.state == "done"
    assert Release.objects.get().public_id == job.checkpoint["release"]


def test_an_attempt_that_lost_its_lease_makes_nothing_visible(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    job = queue(study)
    original = creating.store_file

    def rob(path: Any, name: str) -> str:
        Job.objects.filter(pk=job.pk).update(lease_token="another")
        return original(path, name)

    monkeypatch.setattr(creating, "store_file", rob)
    running.run_job(job.pk)
    assert not Release.objects.exists()
    assert Job.objects.get(pk=job.pk).state == "running"


def test_a_release_job_that_is_cancelled_leaves_nothing(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    job = queue(study)
    original = creating._freeze_study

    def cancel(*parts: Any) -> Any:
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return original(*parts)

    monkeypatch.setattr(creating, "_freeze_study", cancel)
    assert done(job).state == "cancelled"
    assert not Release.objects.exists()


def test_what_cannot_be_reached_exactly_fails_with_what_can(study: Study) -> None:
    for number in range(5):
        make_agreed_sample(study, f"t{number}", question="Why together?")
    for number in range(5):
        make_agreed_sample(study, f"u{number}", question="Why together too?")
    study.questions.filter(samples__external_id__startswith="s").update(part="train")
    job = done(queue(study, test_count=3, exact=True))
    assert job.state == "failed"
    assert "cannot be reached" in job.error
    assert "test_count" in job.error


def test_what_is_wrong_with_a_release_is_said_before_it_is_queued(study: Study) -> None:
    for field, arguments in (
        ("name", {"name": ""}),
        ("formats", {"formats": ["docx"]}),
        ("seed", {"seed": "42"}),
        ("test_share", {"test_share": 2.0, "test_count": 1}),
        ("path", {"path": "x"}),
    ):
        with pytest.raises(BadInput) as refused:
            queue(study, **arguments)
        assert field in refused.value.fields, field
    assert not Job.objects.exists()
