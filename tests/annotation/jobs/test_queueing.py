"""What people may ask of jobs: to queue, to cancel and to try again."""

import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.core.visibility import jobs_visible_to
from annotation.imports import uploads
from annotation.jobs import broker, queueing, running
from annotation.jobs.context import JobContext
from annotation.models import HistoryEntry, Job, Study, User
from tests.annotation.conftest import let_lease_end, look
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress")]


def ask_for_import(by: User | None, study: Study, **more: Any) -> Job:
    """Queue an import of an uploaded file."""
    return queueing.enqueue(
        **{"by": by, "study": study, "kind": "import_samples", "arguments": {}, "file": "jobs/a", **more}
    )


# --- queueing -------------------------------------------------------------------------------------


def test_a_job_is_sent_when_its_transaction_is_committed_and_not_before(
    study: Study, ada: User, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = ask_for_import(ada, study)
        assert sent == []
    assert sent == [job.pk]
    assert job.state == "queued"
    assert HistoryEntry.objects.filter(study=study, user=ada, event="job_queued").exists()


def test_a_broker_that_is_away_does_not_stop_adas_request(
    study: Study, ada: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(broker.current_app, "send_task", refuse, raising=False)
    with django_capture_on_commit_callbacks(execute=True):
        job = ask_for_import(ada, study)
    assert look(job).state == "queued"


def test_the_same_client_key_is_the_same_job(study: Study, ada: User) -> None:
    key = uuid.uuid4()
    first = ask_for_import(ada, study, client_key=key)
    assert ask_for_import(ada, study, client_key=key) == first
    assert Job.objects.count() == 1
    with pytest.raises(WrongState) as refusal:
        ask_for_import(ada, study, client_key=key, arguments={"update": True})
    assert refusal.value.code == "client_key_reused"


def test_an_upload_that_came_twice_under_one_key_is_kept_once(study: Study, ada: User) -> None:
    key = uuid.uuid4()
    first = uploads.store_upload(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
    again = uploads.store_upload(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
    assert ask_for_import(ada, study, file=first, client_key=key) == ask_for_import(
        ada, study, file=again, client_key=key
    )
    assert default_storage.exists(first)
    assert not default_storage.exists(again)


def test_wrong_arguments_are_refused_by_name(study: Study, ada: User) -> None:
    with pytest.raises(BadInput) as refusal:
        ask_for_import(ada, study, arguments={"updaet": True, "dry_run": "yes"})
    assert set(refusal.value.fields) == {"updaet", "dry_run"}
    with pytest.raises(BadInput) as refusal:
        ask_for_import(ada, study, kind="mischief")
    assert "kind" in refusal.value.fields
    with pytest.raises(BadInput) as refusal:
        ask_for_import(ada, study, file="")
    assert "file" in refusal.value.fields
    assert not Job.objects.exists()


@pytest.mark.parametrize("path", ["../secret.jsonl", "/etc/passwd", "missing.jsonl", "link.jsonl", "a\0b"])
def test_a_path_outside_the_import_folder_is_not_found(
    study: Study, ada: User, settings: Any, tmp_path: Path, path: str
) -> None:
    settings.IMPORT_ROOT = str(tmp_path / "imports")
    (tmp_path / "imports").mkdir()
    (tmp_path / "secret.jsonl").write_text("{}")
    (tmp_path / "imports" / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    with pytest.raises(BadInput) as refusal:
        ask_for_import(ada, study, file="", arguments={"path": path})
    assert "path" in refusal.value.fields


def test_a_path_in_the_import_folder_is_queued(study: Study, ada: User, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no import folder"):
        ask_for_import(ada, study, file="", arguments={"path": "a.jsonl"})
    settings.IMPORT_ROOT = str(tmp_path)
    (tmp_path / "a.jsonl").write_text("{}")
    assert ask_for_import(ada, study, file="", arguments={"path": "a.jsonl"}).state == "queued"


def test_uploads_that_no_import_could_read_are_refused(study: Study, ada: User, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 3
    for name, content in (("a.exe", b"x"), ("a.jsonl", b""), ("a.jsonl", b"1234")):
        with pytest.raises(BadInput) as refusal:
            uploads.store_upload(by=ada, study=study, upload=ContentFile(content, name=name))
        assert "file" in refusal.value.fields
    assert not default_storage.exists("jobs") or default_storage.listdir("jobs")[1] == []


# --- who ------------------------------------------------------------------------------------------


def test_only_who_leads_the_study_queues_work_in_it(study: Study) -> None:
    with pytest.raises(NotAllowed):
        ask_for_import(make_user("ann"), study)
    with pytest.raises(NotFound):
        ask_for_import(make_user("sam"), study)
    with pytest.raises(NotAllowed):
        uploads.store_upload(by=make_user("ann"), study=study, upload=ContentFile(b"{}", name="a.jsonl"))
    assert ask_for_import(make_user("root", is_site_admin=True), study).state == "queued"


def test_ada_sees_the_jobs_of_her_study_and_sam_and_ann_see_none(study: Study, ada: User) -> None:
    job = ask_for_import(None, study)
    assert list(jobs_visible_to(ada)) == [job]
    for name in ("ann", "sam"):
        user = make_user(name)
        assert not jobs_visible_to(user).exists()
        with pytest.raises(NotFound):
            queueing.cancel(by=user, job=job)
        with pytest.raises(NotFound):
            queueing.retry(by=user, job=job)


# --- cancelling, trying again ---------------------------------------------------------------------


def test_a_waiting_job_is_cancelled_at_once_and_only_once(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    assert queueing.cancel(by=ada, job=job).state == "cancelled"
    assert queueing.cancel(by=ada, job=job).state == "cancelled"
    assert HistoryEntry.objects.filter(event="job_cancelled").count() == 1
    running.run_job(job.pk)
    assert look(job).state == "cancelled"


def test_a_running_job_is_cancelled_at_its_next_step(job_doing: Any, ada: User) -> None:
    def work(context: JobContext) -> dict[str, int]:
        context.progress(1)
        assert queueing.cancel(by=ada, job=job).state == "running"
        context.progress(2)
        return {"ran": "to the end"}

    job = job_doing(work)
    running.run_job(job.pk)
    assert (look(job).state, look(job).result) == ("cancelled", None)


def test_a_cancelled_job_whose_worker_is_gone_ends_by_the_sweep(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    running.claim_job(job.pk)
    queueing.cancel(by=ada, job=job)
    let_lease_end(job)
    queueing.resend_silent_jobs()
    assert look(job).state == "cancelled"


def test_a_heartbeat_prolongs_the_lease_and_notices_a_cancellation(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    context = JobContext(running.claim_job(job.pk))
    let_lease_end(job)
    context.prolong_lease()
    assert look(job).lease_until > timezone.now()
    queueing.cancel(by=ada, job=job)
    context.prolong_lease()
    assert context.cancelled.is_set()
    assert not context.lost.is_set()


def test_a_finished_job_is_neither_cancelled_nor_tried_again(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    running.run_job(job.pk)
    for ask in (queueing.cancel, queueing.retry):
        with pytest.raises(WrongState) as refusal:
            ask(by=ada, job=job)
        assert refusal.value.code == "job_over"


def test_a_failed_job_is_tried_again_from_its_checkpoint(
    job_doing: Any, ada: User, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    def work(context: JobContext) -> dict[str, int]:
        if not context.resumed_from:
            context.checkpoint({"done": 5})
            raise BadInput("Not yet.")
        return dict(context.resumed_from)

    job = job_doing(work)
    running.run_job(job.pk)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            assert queueing.retry(by=ada, job=job).state == "queued"
    assert sent == [job.pk]
    assert (look(job).error, look(job).finished_at, look(job).attempts) == ("", None, 0)
    running.run_job(job.pk)
    assert look(job).result == {"done": 5}


def test_a_job_that_is_just_being_cancelled_cannot_be_tried_again_yet(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    running.claim_job(job.pk)
    queueing.cancel(by=ada, job=job)
    with pytest.raises(WrongState) as refusal:
        queueing.retry(by=ada, job=job)
    assert refusal.value.code == "job_stopping"


def test_an_upload_keeps_its_name_for_people_and_is_harmless_as_a_file(study: Study, ada: User) -> None:
    for given, known in (
        ("Birds of May.JSONL", "Birds_of_May.jsonl"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("-rf ~;$(id).csv", "-rf_id.csv"),
        (".csv.json", "csv.json"),
        ("....jsonl", "file.jsonl"),
        ("~.csv", "file.csv"),
        ("鳥" * 300 + ".csv", "鳥" * 48 + ".csv"),
    ):
        file = uploads.store_upload(by=ada, study=study, upload=ContentFile(b"{}", name=given))
        assert uploads.original_file_name(file) == known
        assert file.startswith("jobs/")
        assert file.count("/") == 1


def test_what_a_killed_web_server_left_behind_is_swept_a_day_later(study: Study, ada: User) -> None:
    with_job = uploads.store_upload(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
    ask_for_import(ada, study, file=with_job)
    without = uploads.store_upload(by=ada, study=study, upload=ContentFile(b"{}", name="b.jsonl"))
    folder = uploads.incoming_folder()
    assert folder is not None
    (folder / "half.upload").write_bytes(b"{")
    assert uploads.delete_old_uploads() == 0
    long_ago = (timezone.now() - timedelta(days=2)).timestamp()
    for name in (with_job, without, "incoming/half.upload"):
        os.utime(default_storage.path(name), (long_ago, long_ago))
    assert uploads.delete_old_uploads() == 2
    assert default_storage.exists(with_job)
    assert not default_storage.exists(without)
    assert list(folder.iterdir()) == []


def test_uploads_are_forgotten_two_weeks_after_their_job_ended(study: Study, ada: User) -> None:
    made = []
    for days in (13, 15):
        name = uploads.store_upload(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
        made.append(ask_for_import(ada, study, file=name))
        ended = timezone.now() - timedelta(days=days)
        Job.objects.filter(pk=made[-1].pk).update(state="failed", finished_at=ended, lease_until=None)
    recent, old = made
    # The dry run before the recent import.
    Job.objects.create(
        kind="import_samples",
        study=study,
        file=recent.file,
        state="done",
        finished_at=timezone.now() - timedelta(days=20),
    )
    assert uploads.delete_old_uploads() == 1
    assert default_storage.exists(recent.file)
    assert not default_storage.exists(old.file)
    assert queueing.retry(by=ada, job=recent).state == "queued"
    with pytest.raises(WrongState) as refusal:
        queueing.retry(by=ada, job=old)
    assert refusal.value.code == "input_gone"
