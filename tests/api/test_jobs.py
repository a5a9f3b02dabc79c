"""Imports as jobs, and the jobs themselves."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from annotation.jobs import running
from annotation.models import Job, JobLogLine, Sample, Study
from tests.factories import make_member, make_sample, make_study

from .caller import Caller, fields, refusal

pytestmark = pytest.mark.django_db
LINE = json.dumps({"id": "s1", "question": "Why?", "answer": "Because.", "image": None}) + "\n"


@pytest.fixture(autouse=True)
def _nothing_is_sent() -> Any:
    with patch("annotation.jobs.queueing.send_job"):
        yield


def upload(caller: Caller, content: str = LINE, name: str = "samples.jsonl", **form: Any) -> HttpResponse:
    file = SimpleUploadedFile(name, content.encode())
    form = {"kind": "samples", "file": file, **form}
    form = {name: value for name, value in form.items() if value is not None}
    return caller.client.post("/api/studies/birds/imports/", form, headers=caller.headers)


def test_an_upload_becomes_a_job_that_imports_it(study: Study, ada: Caller) -> None:
    queued = upload(ada)
    assert queued.status_code == 202
    job = queued.json()
    assert queued["Location"] == f"/api/jobs/{job['id']}/"
    assert (job["kind"], job["state"], job["study"]) == ("import_samples", "queued", "birds")
    running.run_job(Job.objects.get().pk)
    done = ada.get(f"jobs/{job['id']}/").json()
    assert (done["state"], done["result"]["created"]) == ("done", 1)
    assert Sample.objects.get(study=study).external_id == "s1"


def test_a_closed_study_takes_no_upload(study: Study, ada: Caller) -> None:
    Study.objects.update(state="closed")
    assert refusal(upload(ada)) == (409, "study_closed")
    assert refusal(upload(ada, kind="scores")) == (409, "study_closed")
    assert not Job.objects.exists()


def test_an_upload_is_never_half_in_its_place(study: Study, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def watched(self: FileSystemStorage, name: str, content: Any) -> str:
        seen.append((Path(content.temporary_file_path()).parent.name, content.size))
        return save(self, name, content)

    save = FileSystemStorage._save
    monkeypatch.setattr(FileSystemStorage, "_save", watched)
    upload(ada)
    assert seen == [("incoming", len(LINE))], "it is moved as a whole, from a folder of the same disk"
    assert default_storage.open(Job.objects.get().file).read() == LINE.encode()


def test_the_format_of_a_file_can_be_named(study: Study, ada: Caller) -> None:
    table = "id;question\ns1;Why?\n"
    assert upload(ada, content=table, name="samples.tab", format="csv").status_code == 202
    assert Job.objects.get().arguments["format"] == "csv"
    running.run_job(Job.objects.get().pk)
    assert Job.objects.get().result["created"] == 1


def test_a_dry_run_writes_nothing(study: Study, ada: Caller) -> None:
    upload(ada, dry_run="true")
    running.run_job(Job.objects.get().pk)
    assert ada.get("studies/birds/jobs/").json()["results"][0]["result"]["created"] == 1
    assert not Sample.objects.exists()


def test_the_same_client_key_is_the_same_job(study: Study, ada: Caller) -> None:
    key = str(uuid4())
    first, again = upload(ada, client_key=key), upload(ada, client_key=key)
    assert first.json()["id"] == again.json()["id"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "people"}, "kind"),
        ({"kind": None}, "kind"),
        ({"file": None}, "file"),
        ({"file": "text"}, "file"),
        ({"update": "maybe"}, "update"),
        ({"slug": "boats"}, "slug"),
        ({"client_key": "x"}, "client_key"),
        ({"images": "../../etc"}, "images"),
        ({"format": "xml"}, "format"),
        ({"format": "zip", "kind": "scores"}, "format"),
        ({"images": "a\x00b"}, "images"),
    ],
)
def test_a_form_that_is_wrong_is_refused(study: Study, ada: Caller, form: dict[str, Any], field: str) -> None:
    assert field in fields(upload(ada, **form))
    assert not Job.objects.exists()


def test_an_empty_file_or_one_of_another_kind_is_refused(study: Study, ada: Caller) -> None:
    assert fields(upload(ada, content="")) == {"file"}
    assert fields(upload(ada, name="samples.exe")) == {"file"}
    assert not Job.objects.exists()


def test_forms_are_taken_nowhere_else_and_here_nothing_but_forms(ada: Caller) -> None:
    assert refusal(ada.post("studies/birds/imports/", {"kind": "samples"})) == (415, "unsupported_media_type")
    response = ada.client.post("/api/studies/birds/members/", {"name": "x"}, headers=ada.headers)
    assert refusal(response) == (415, "unsupported_media_type")
    broken = ada.post("studies/birds/imports/", b"no form", content_type="multipart/form-data; boundary=x")
    assert refusal(broken)[0] == 400
    assert refusal(ada.post("studies/birds/imports/", b"x", content_type="multipart/form-data")) == (400, "malformed")


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(ada: Caller, settings) -> None:
    settings.IMPORT_MAX_BYTES = 10
    assert fields(upload(ada)) == {"file"}
    assert refusal(upload(ada, content="x" * 200_000)) == (413, "too_large")


def test_imports_and_jobs_are_the_admins(study: Study, ada: Caller, ann: Caller, rae: Caller, sam: Caller) -> None:
    job = upload(ada).json()["id"]
    for caller, answer in ((ann, (403, "not_allowed")), (rae, (403, "not_allowed")), (sam, (404, "not_found"))):
        assert refusal(upload(caller)) == answer
        assert refusal(caller.get("studies/birds/jobs/")) == answer
        for path in (f"jobs/{job}/", f"jobs/{job}/log/"):
            assert refusal(caller.get(path)) == (404, "not_found")
        assert refusal(caller.post(f"jobs/{job}/cancel/")) == (404, "not_found")
        assert refusal(caller.post(f"jobs/{job}/retry/")) == (404, "not_found")
    assert Job.objects.count() == 1


def test_a_job_is_cancelled_and_tried_again(study: Study, ada: Caller) -> None:
    path = f"jobs/{upload(ada).json()['id']}/"
    assert ada.post(path + "cancel/").json()["state"] == "cancelled"
    assert ada.post(path + "retry/").json()["state"] == "queued"
    running.run_job(Job.objects.get().pk)
    assert refusal(ada.post(path + "cancel/")) == (409, "job_over")
    assert fields(ada.post(path + "retry/", {"force": True})) == {"force"}


def test_a_log_comes_in_pages(study: Study, ada: Caller) -> None:
    job = upload(ada).json()["id"]
    JobLogLine.objects.bulk_create(JobLogLine(job=Job.objects.get(), line=f"line {n}") for n in range(5))
    page = ada.get(f"jobs/{job}/log/?limit=3").json()
    rest = ada.get(page["next"]).json()
    assert [line["line"] for line in page["results"] + rest["results"]] == [f"line {n}" for n in range(5)]


def test_scores_are_exported_by_admins_who_then_score_none_of_them(
    study: Study, ada: Caller, ann: Caller, rae: Caller, sam: Caller
) -> None:
    make_sample(study, external_id="s1")
    make_sample(make_study("boats"), external_id="elsewhere")
    ann.score(ann.lease(), {"TCC": 4}, seconds=7)
    assert ada.post("studies/birds/assignments/").json()["assignments"]
    response = ada.get("studies/birds/scores/")
    header, row = b"".join(response.streaming_content).decode().splitlines()
    assert header.startswith("sample,annotator,dimension,value")
    assert row.startswith("s1,Ann,TCC,4,")
    assert response["Content-Disposition"] == 'attachment; filename="birds-scores.csv"'
    lines = b"".join(ada.get("studies/birds/scores/?format=jsonl").streaming_content).decode().splitlines()
    assert [json.loads(line)["value"] for line in lines] == [4]
    assert ada.post("studies/birds/assignments/").json()["assignments"] == []
    assert fields(ada.get("studies/birds/scores/?format=xml")) == {"format"}
    assert refusal(ann.get("studies/birds/scores/")) == (403, "not_allowed")
    assert refusal(rae.get("studies/birds/scores/")) == (403, "not_allowed")
    assert refusal(sam.get("studies/birds/scores/")) == (404, "not_found")


def test_jobs_of_another_study_are_out_of_reach(study: Study, ada: Caller) -> None:
    other = Caller(make_member(make_study("boats"), "bob", "admin"))
    job = upload(ada).json()["id"]
    assert refusal(other.get(f"jobs/{job}/")) == (404, "not_found")
    assert refusal(other.post(f"jobs/{job}/cancel/")) == (404, "not_found")


def test_refused_lines_leave_in_full_for_programs_and_for_people(
    study: Study, ada: Caller, ann: Caller, rae: Caller, sam: Caller
) -> None:
    bad = json.dumps({"id": "=cmd|' /C calc'!A0", "question": 1}) + "\n"
    job = upload(ada, content=LINE + bad * 3).json()["id"]
    running.run_job(Job.objects.get().pk)
    path = f"jobs/{job}/refusals/"
    response = ada.get(path)
    assert response["Content-Type"] == "application/x-ndjson; charset=utf-8"
    lines = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert [line["line"] for line in lines] == [2, 3, 4]
    assert set(lines[0]) == {"line", "field", "message"}
    response = ada.get(f"{path}?format=csv")
    assert response["Content-Disposition"] == f'attachment; filename="refused-{job}.csv"'
    table = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert table[0] == "line,field,message"
    assert len(table) == 4
    assert fields(ada.get(f"{path}?format=xml")) == {"format"}
    for caller in (ann, rae, sam):
        assert refusal(caller.get(path)) == (404, "not_found")
