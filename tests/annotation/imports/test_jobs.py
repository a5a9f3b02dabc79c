"""Imports as jobs: previews, files of rejected lines, and killed attempts."""

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from annotation import job_kinds
from annotation.core.errors import BadInput
from annotation.imports import uploads
from annotation.jobs import queueing, rejected_lines, running
from annotation.jobs.context import JobContext
from annotation.models import Job, Sample, Study, User
from tests.annotation.conftest import let_lease_end, look

from .importing import import_sample_file, make_picture, sample_line, text_lines, write_picture, write_samples
from .zip_files import write_zip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress")]


def queue_import(by: User, study: Study, path: Path, *, kind: str = "import_samples", **arguments: Any) -> Job:
    """Upload a file and queue its import."""
    file = uploads.store_upload(by=by, study=study, upload=ContentFile(path.read_bytes(), name=path.name))
    return queueing.enqueue(by=by, kind=kind, study=study, arguments=arguments, file=file)


def lines_of(count: int) -> list[dict[str, Any] | bytes]:
    """Return lines of which every second is refused."""
    return [one for name in range(count) for one in (sample_line(f"s{name}"), b"{broken")]


# --- preview --------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_first_samples_as_they_would_look(study: Study, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", size=(2000, 1000))
    about = {"question_id": "q1", "generator": "g", "image": "a.png"}
    path = write_samples(
        tmp_path, sample_line("a", **about), b"{", *text_lines("bcdefgh"), sample_line("i", answer="x" * 5000)
    )
    report = import_sample_file(study, path, dry_run=True)
    first, *others = report.preview
    assert [one["id"] for one in others] == list("bcde")
    assert {name: first[name] for name in ("id", "question_id", "generator", "locked")} == {
        "id": "a",
        "question_id": "q1",
        "generator": "g",
        "locked": {},
    }
    (turn,) = first["turns"]
    text, shown = turn["blocks"]
    assert (turn["question"], turn["context"], text) == ("Why a?", False, {"text": "So a."})
    assert (shown["width"], shown["height"]) == (480, 240)
    data = base64.b64decode(shown["image"].removeprefix("data:image/webp;base64,"))
    assert Image.open(io.BytesIO(data)).size == (480, 240)
    assert others[0]["locked"]["ICC"] == {"value": 0, "why": "no_image"}
    assert not Sample.objects.exists()


def test_a_preview_stays_small_whatever_is_in_the_file(study: Study, tmp_path: Path) -> None:
    noise = Image.effect_noise((900, 900), 200).convert("RGB")
    noise.save(tmp_path / "a.png")
    blocks = [{"image": "a.png"}, {"text": "x" * 5000}] * 60
    path = write_samples(tmp_path, {"id": "a", "turns": [{"question": "y" * 5000, "blocks": blocks[:100]}]})
    (sample,) = import_sample_file(study, path, dry_run=True).preview
    turn = sample["turns"][0]
    assert len(turn["question"]) == len(turn["blocks"][1]["text"]) == 2000
    pictures = [block["image"] for block in turn["blocks"] if "image" in block]
    assert sum(map(bool, pictures)) == 12
    assert max(map(len, pictures)) < 60_000
    assert len(json.dumps(sample)) < 800_000


def test_a_real_run_previews_nothing_and_a_refused_sample_is_not_shown(study: Study, tmp_path: Path) -> None:
    path = write_samples(tmp_path, sample_line("a"))
    assert import_sample_file(study, path).preview == []
    changed = write_samples(tmp_path, sample_line("a", answer="Otherwise."), sample_line("b"))
    assert [one["id"] for one in import_sample_file(study, changed, dry_run=True).preview] == ["b"]


def test_preview_and_notes_are_in_the_result_of_the_job(study: Study, ada: User, tmp_path: Path) -> None:
    members = {
        "s.jsonl": json.dumps(sample_line("a", image="a.png")).encode(),
        "a.png": make_picture(),
        "README.md": b"x",
    }
    job = queue_import(ada, study, write_zip(tmp_path / "a.zip", members), dry_run=True)
    running.run_job(job.pk)
    result = look(job).result
    assert result["preview"][0]["turns"][0]["blocks"][1]["width"] == 64
    assert "README.md" in result["notes"][0]


# --- formats --------------------------------------------------------------------------------------


def test_a_format_can_be_named_and_only_one_that_there_is(study: Study, ada: User, tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text('[{"id": "a", "question": "Why?"}]')
    with pytest.raises(BadInput) as refusal:
        queue_import(ada, study, path, format="xml")
    assert "format" in refusal.value.fields
    with pytest.raises(BadInput) as refusal:
        queue_import(ada, study, path, kind="import_scores", format="zip")
    assert "format" in refusal.value.fields
    job = queue_import(ada, study, path, format="json")
    running.run_job(job.pk)
    assert look(job).result["created"] == 1


def test_a_folder_on_the_server_can_be_named(study: Study, ada: User, settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOT = str(tmp_path)
    write_picture(tmp_path / "birds" / "heron" / "a.png")
    arguments = {"path": "birds", "question": "Show me a {category}."}
    job = queueing.enqueue(by=ada, kind="import_samples", study=study, arguments=arguments)
    running.run_job(job.pk)
    assert look(job).result["created"] == 1


def test_a_file_that_cannot_be_read_fails_its_job_in_words(study: Study, ada: User, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    job = queue_import(ada, study, path)
    running.run_job(job.pk)
    assert look(job).state == "failed"
    assert "cannot be read" in look(job).error


# --- refused lines --------------------------------------------------------------------------------


@pytest.fixture
def _few_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_kinds, "MAX_REFUSALS_KEPT", 3)


@pytest.mark.usefixtures("_few_kept")
def test_all_refused_lines_are_kept_as_a_file_and_the_first_in_the_result(
    study: Study, ada: User, tmp_path: Path
) -> None:
    job = queue_import(ada, study, write_samples(tmp_path, *lines_of(50)))
    running.run_job(job.pk)
    job = look(job)
    assert (job.result["refused"], len(job.result["errors"])) == (50, 3)
    assert job.refusals == f"jobs/{job.public_id}-refused.jsonl"
    with default_storage.open(job.refusals) as file:
        stored = [json.loads(one) for one in file]
    assert [list(one) for one in stored] == [["line", "field", "message"]] * 50
    assert [one.line for one in rejected_lines.read_rejected_lines(job)] == list(range(2, 101, 2))


def test_where_no_line_is_refused_no_file_is_kept(study: Study, ada: User, tmp_path: Path) -> None:
    job = queue_import(ada, study, write_samples(tmp_path, sample_line("a")))
    running.run_job(job.pk)
    assert (look(job).refusals, list(rejected_lines.read_rejected_lines(look(job)))) == ("", [])


@pytest.mark.usefixtures("_few_kept")
def test_refused_lines_are_forgotten_with_the_upload_and_the_first_stay(
    study: Study, ada: User, tmp_path: Path
) -> None:
    job = queue_import(ada, study, write_samples(tmp_path, *lines_of(5)))
    running.run_job(job.pk)
    name = look(job).refusals
    assert uploads.delete_old_uploads() == 0
    assert default_storage.exists(name)
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=15))
    assert uploads.delete_old_uploads() == 1
    assert not default_storage.exists(name)
    assert look(job).refusals == ""
    assert [one.line for one in rejected_lines.read_rejected_lines(look(job))] == [2, 4, 6]


# --- being killed ---------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the work runs on."""


def killed_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let the worker die when it first tells that so many lines are done."""
    report_progress = JobContext.progress

    def die(self: JobContext, done: int, total: int | None = None, activity: str | None = None) -> None:
        report_progress(self, done, total, activity)
        if done >= count:
            raise Killed

    monkeypatch.setattr(JobContext, "progress", die)


@pytest.mark.parametrize("form", ["jsonl", "json", "zip"])
def test_an_import_killed_in_the_middle_ends_with_the_right_totals(
    study: Study, ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = write_samples(tmp_path, *text_lines(f"s{n}" for n in range(2500)), sample_line("s7"))
    if form == "zip":
        path = write_zip(tmp_path / "a.zip", {"samples.jsonl": path.read_bytes()})
    elif form == "json":
        lines = [json.loads(one) for one in path.read_text().splitlines()]
        path = tmp_path / "a.json"
        path.write_text(json.dumps(lines))
    job = queue_import(ada, study, path)
    with monkeypatch.context() as patched:
        killed_after(patched, 1000)
        with pytest.raises(Killed):
            running.run_job(job.pk)
    assert Sample.objects.count() == 1000
    let_lease_end(job)
    queueing.resend_silent_jobs()
    running.run_job(job.pk)
    job = look(job)
    assert (job.state, job.attempts, Sample.objects.count()) == ("done", 2, 2500)
    assert [job.result[name] for name in ("created", "unchanged", "refused")] == [2500, 0, 1]
    assert [(one.line, one.field) for one in rejected_lines.read_rejected_lines(job)] == [(2501, "id")]


def test_a_job_that_runs_again_replaces_its_list_of_refused_lines(study: Study, ada: User, tmp_path: Path) -> None:
    job = queue_import(ada, study, write_samples(tmp_path, *lines_of(3)))
    errors = [rejected_lines.LineError(1, "id", "old")] * 9
    first = rejected_lines.store_rejected_lines(job, errors)
    running.run_job(job.pk)
    assert look(job).refusals == first
    assert [one.line for one in rejected_lines.read_rejected_lines(look(job))] == [2, 4, 6]
    assert rejected_lines.store_rejected_lines(job, []) == ""
    assert not default_storage.exists(first)


def test_a_worker_that_lost_its_job_leaves_the_list_of_another_alone(
    study: Study, ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue_import(ada, study, write_samples(tmp_path, *lines_of(3)))
    kept = rejected_lines.store_rejected_lines(job, [rejected_lines.LineError(1, "id", "of another")])
    report_progress = JobContext.progress

    def lose(self: JobContext, *arguments: Any) -> None:
        report_progress(self, *arguments)
        Job.objects.filter(pk=job.pk).update(lease_token="another")

    monkeypatch.setattr(JobContext, "progress", lose)
    running.run_job(job.pk)
    with default_storage.open(kept) as file:
        assert b"of another" in file.read()
