"""Tests of the import page: file or path, dry run, and refusals beside fields."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.jobs import running
from annotation.models import HistoryEntry, Job, Sample, Study
from tests.annotation.imports.importing import make_picture

from .disputes import client_of, text_of

pytestmark = pytest.mark.django_db
IMPORTS = "/studies/birds/imports/"
LINE = b'{"id": "x", "question": "Why?", "answer": "So.", "generator": "heron"}\n'


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """The server's import folder."""
    settings.IMPORT_ROOT = str(tmp_path / "to-import")
    Path(settings.IMPORT_ROOT).mkdir()
    return Path(settings.IMPORT_ROOT)


def send(ada: Client, **form: Any) -> Any:
    return ada.post(IMPORTS, {"kind": "import_samples", **form})


def upload(content: bytes = LINE, name: str = "birds of may.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_zip_is_tried_previewed_and_taken(study: Study, ada: Client) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        line = {"id": "z", "question": "Which bird?", "answer": "A robin.", "image": "robin.png"}
        archive.writestr("lines.jsonl", json.dumps(line) + "\n{\n")
        archive.writestr("robin.png", make_picture())
    dry = send(ada, file=upload(held.getvalue(), "robins.zip"))
    rehearsal = Job.objects.get()
    running.run_job(rehearsal.pk)
    assert not Sample.objects.exists()
    page = text_of(ada, dry.headers["Location"])
    for words in ("robins.zip", "Which bird?", "A robin.", "data:image/webp;base64,", "Import 1 line", "Refused lines"):
        assert words in page, words
    real = ada.post(dry.headers["Location"] + "run/")
    running.run_job(Job.objects.exclude(pk=rehearsal.pk).get().pk)
    assert Sample.objects.get(study=study).external_id == "z"
    assert "See who scores them" in text_of(ada, real.headers["Location"])
    assert text_of(ada, IMPORTS).count("robins.zip") == 2
    (entry,) = HistoryEntry.objects.filter(event="samples_imported")
    assert entry.detail["counts"]["created"] == 1


def test_a_path_on_the_server_is_taken_without_an_upload(study: Study, ada: Client, folder: Path) -> None:
    (folder / "lines.jsonl").write_bytes(LINE)
    dry = send(ada, path="lines.jsonl", format="jsonl", question="What is this?")
    job = Job.objects.get()
    assert job.arguments == {
        "path": "lines.jsonl",
        "format": "jsonl",
        "question": "What is this?",
        "update": False,
        "dry_run": True,
    }
    running.run_job(job.pk)
    page = text_of(ada, dry.headers["Location"])
    assert "heron" in page
    assert "Import 1 line" in page


def test_without_an_import_folder_a_file_is_asked_for_and_no_path(
    study: Study, ada: Client, folder: Path, settings: Any
) -> None:
    assert 'name="path"' in text_of(ada, IMPORTS)
    settings.IMPORT_ROOT = ""
    page = text_of(ada, IMPORTS)
    assert 'name="path"' not in page
    answer = send(ada)
    assert answer.status_code == 400
    assert "Choose a file." in answer.content.decode()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "file"),
        ({"path": "../secret"}, "path"),
        ({"path": "nothing.jsonl"}, "path"),
        ({"path": "a\0b"}, "path"),
        ({"path": "lines.jsonl", "images": "no/such"}, "images"),
        ({"path": "lines.jsonl", "format": "stone tablet"}, "format"),
        ({"path": "lines.jsonl", "format": "zip", "kind": "import_scores"}, "format"),
        ({"path": "lines.jsonl", "kind": "people"}, "kind"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    study: Study, ada: Client, folder: Path, form: dict[str, Any], field: str
) -> None:
    (folder / "lines.jsonl").write_bytes(LINE)
    answer = send(ada, **form)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    if field in ("format", "images"):
        assert '<details class="fold" open>' in page, "what is wrong is not folded away"
    assert not Job.objects.exists()


def test_file_and_path_together_are_one_too_many(study: Study, ada: Client, folder: Path) -> None:
    (folder / "lines.jsonl").write_bytes(LINE)
    answer = send(ada, file=upload(), path="lines.jsonl")
    assert answer.status_code == 400
    assert 'id="id_path_error"' in answer.content.decode()


def test_what_the_other_kind_of_import_asks_is_not_looked_at(study: Study, ada: Client, folder: Path) -> None:
    table = upload(b"sample,annotator,dimension,value\n", "scores.csv")
    assert send(ada, file=table, kind="import_scores", images="no/such", update="on", complete="on").status_code == 302
    assert Job.objects.get().arguments == {"complete": True, "dry_run": True}


def test_only_those_who_lead_import(study: Study) -> None:
    for who in ("ann", "ravi"):
        assert client_of(who).post(IMPORTS, {"kind": "import_samples", "file": upload()}).status_code == 403
    assert not Job.objects.exists()


def test_a_closed_study_asks_for_no_file_and_takes_none(study: Study, ada: Client) -> None:
    send(ada, file=upload())
    rehearsal = Job.objects.get()
    running.run_job(rehearsal.pk)
    Study.objects.update(state="closed")
    page = text_of(ada, IMPORTS)
    assert "This study is closed and takes no more samples or scores." in page
    assert 'href="/studies/birds/settings/"' in page
    assert 'type="file"' not in page
    answer = send(ada, file=upload())
    assert answer.status_code == 409
    assert "This study is closed" in answer.content.decode()
    real = ada.post(f"/studies/birds/jobs/{rehearsal.public_id}/run/")
    assert real.status_code == 409
    assert "This study is closed and takes no more samples." in real.content.decode()
    assert Job.objects.get() == rehearsal
