"""Jobs: what people may ask of them, and how a runner works on one. No worker process takes part here."""

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.utils import timezone

from annotation.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import HistoryEntry, Job, JobLogLine, Study, User
from annotation.querysets import jobs_visible_to
from annotation.services import job_context, job_inputs, job_runner, job_sending, jobs
from annotation.services.job_context import JobContext
from annotation.services.job_kinds import KINDS, Kind
from tests.factories import make_member, make_study, make_user

pytestmark = pytest.mark.django_db

Work = Callable[[JobContext], Mapping[str, Any]]


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_member(study, "ada", "admin")
    make_member(study, "ann")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What reached the broker."""
    numbers: list[int] = []
    monkeypatch.setattr(
        job_sending.current_app, "send_task", lambda name, args, **options: numbers.append(args[0]), raising=False
    )
    return numbers


@pytest.fixture(autouse=True)
def _eager_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_context, "SECONDS_BETWEEN_WRITES", 0)


@pytest.fixture
def job_doing(study: Study, ada: User, monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], Job]:
    """Queue a job of Ada's that does what the given function does."""

    def make(work: Work) -> Job:
        monkeypatch.setitem(KINDS, "made up", Kind(title="Made up", work=work, arguments={}))
        return Job.objects.create(
            kind="made up", study=study, created_by=ada, lease_until=timezone.now() + timedelta(seconds=30)
        )

    return make


def look(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def lines(job: Job) -> list[str]:
    return list(JobLogLine.objects.filter(job=job).values_list("line", flat=True))


def let_lease_end(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def ask_for_import(by: User | None, study: Study, **more: Any) -> Job:
    """Queue an import of an uploaded file."""
    return jobs.enqueue(
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

    monkeypatch.setattr(job_sending.current_app, "send_task", refuse, raising=False)
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
    first = job_inputs.store_input(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
    again = job_inputs.store_input(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
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
            job_inputs.store_input(by=ada, study=study, upload=ContentFile(content, name=name))
        assert "file" in refusal.value.fields
    assert not default_storage.exists("jobs") or default_storage.listdir("jobs")[1] == []


# --- who ------------------------------------------------------------------------------------------


def test_only_who_leads_the_study_queues_work_in_it(study: Study) -> None:
    with pytest.raises(NotAllowed):
        ask_for_import(make_user("ann"), study)
    with pytest.raises(NotFound):
        ask_for_import(make_user("sam"), study)
    with pytest.raises(NotAllowed):
        job_inputs.store_input(by=make_user("ann"), study=study, upload=ContentFile(b"{}", name="a.jsonl"))
    assert ask_for_import(make_user("root", is_site_admin=True), study).state == "queued"


def test_ada_sees_the_jobs_of_her_study_and_sam_and_ann_see_none(study: Study, ada: User) -> None:
    job = ask_for_import(None, study)
    assert list(jobs_visible_to(ada)) == [job]
    for name in ("ann", "sam"):
        user = make_user(name)
        assert not jobs_visible_to(user).exists()
        with pytest.raises(NotFound):
            jobs.cancel(by=user, job=job)
        with pytest.raises(NotFound):
            jobs.retry(by=user, job=job)


# --- running --------------------------------------------------------------------------------------


def test_a_job_that_succeeds_keeps_its_result(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        context.progress(3, 10, "reading")
        assert (look(job).done, look(job).total, look(job).activity) == (3, 10, "reading")
        assert look(job).state == "running"
        context.log("a line")
        return {"created": 10}

    job = job_doing(work)
    job_runner.run(job.pk)
    job = look(job)
    assert (job.state, job.result, job.attempts, job.error) == ("done", {"created": 10}, 1, "")
    assert job.finished_at is not None
    assert lines(job) == ["a line"]


def test_a_refusal_is_shown_in_its_own_words(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        raise BadInput("No line could be read.", fields={"line 1": "Not JSON."})

    job = job_doing(work)
    job_runner.run(job.pk)
    assert look(job).state == "failed"
    assert look(job).error == "No line could be read.\nline 1: Not JSON."
    assert lines(job) == []


def test_a_fault_is_named_shortly_and_its_trace_is_in_the_log(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        raise ZeroDivisionError("a made-up fault")

    job = job_doing(work)
    job_runner.run(job.pk)
    assert look(job).state == "failed"
    assert "ZeroDivisionError: a made-up fault" in look(job).error
    assert "Try again" in look(job).error
    (trace,) = lines(job)
    assert trace.startswith("Traceback")
    assert "in work" in trace


def test_work_of_an_unknown_kind_fails_with_a_reason(study: Study) -> None:
    job = Job.objects.create(kind="of the future", study=study, lease_until=timezone.now())
    job_runner.run(job.pk)
    assert look(job).state == "failed"
    assert "of the future" in look(job).error


def test_of_two_runners_that_found_the_same_job_one_gets_it(job_doing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rivals: list[Job | None] = []
    original = job_runner.write_transaction

    def late() -> Any:
        # The rival claims after we have read the row and before we write it.
        monkeypatch.setattr(job_runner, "write_transaction", original)
        rivals.append(job_runner.claim(job.pk))
        return original()

    job = job_doing(lambda context: {})
    monkeypatch.setattr(job_runner, "write_transaction", late)
    assert job_runner.claim(job.pk) is None
    assert rivals[0] is not None
    assert look(job).lease_token == rivals[0].lease_token
    assert look(job).attempts == 1


def test_a_job_runs_once_however_often_it_is_sent(job_doing: Any) -> None:
    runs: list[int] = []

    def work(context: JobContext) -> dict[str, int]:
        runs.append(1)
        job_runner.run(job.pk)
        return {}

    job = job_doing(work)
    job_runner.run(job.pk)
    job_runner.run(job.pk)
    assert runs == [1]


def test_a_runner_works_off_what_else_waits_oldest_first(job_doing: Any) -> None:
    order: list[int] = []

    def work(context: JobContext) -> dict[str, int]:
        order.append(context.job.pk)
        return {}

    first, second, third = (job_doing(work) for _ in range(3))
    job_runner.work_off(third.pk)
    assert order == [third.pk, first.pk, second.pk]


def test_progress_is_written_at_most_twice_a_second(
    job_doing: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(job_context, "SECONDS_BETWEEN_WRITES", 3600)

    def work(context: JobContext) -> dict[str, int]:
        context.progress(1)
        with django_assert_num_queries(0):
            for done in range(2, 1000):
                context.progress(done)
        assert look(job).done == 1
        return {}

    job = job_doing(work)
    job_runner.run(job.pk)
    assert look(job).state == "done"
    assert look(job).done == 999


def test_a_log_is_bounded_and_says_so(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        for number in range(3000):
            context.log(f"{number} " + "x" * 5000)
        raise ZeroDivisionError

    job = job_doing(work)
    job_runner.run(job.pk)
    kept = lines(job)
    assert len(kept) == job_context.MAX_LOG_LINES + 1
    assert max(len(line) for line in kept) <= job_context.MAX_TRACE_LENGTH
    assert "left out" in kept[-2]
    assert kept[-1].startswith("Traceback")
    jobs.retry(by=make_user("ada"), job=look(job))
    job_runner.run(job.pk)
    assert len(lines(job)) == job_context.MAX_LOG_LINES + 2


def test_rate_and_time_left_follow_from_what_this_attempt_has_done(study: Study) -> None:
    now = timezone.now()
    job = Job(
        state="running", study=study, done=300, done_before=100, total=500, started_at=now - timedelta(seconds=10)
    )
    assert jobs.pace(job, now=now) == jobs.Pace(per_second=20, seconds_left=10)
    job.total = None
    assert jobs.pace(job, now=now) == jobs.Pace(per_second=20, seconds_left=None)
    job.done = 100
    assert jobs.pace(job, now=now) == jobs.Pace(None, None)
    job.state = "done"
    assert jobs.pace(job, now=now) == jobs.Pace(None, None)


# --- leases ---------------------------------------------------------------------------------------


def test_a_runner_whose_lease_was_taken_writes_nothing_more(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        let_lease_end(job)
        jobs.sweep()
        rival = job_runner.claim(job.pk)
        assert rival is not None
        context.log("written too late")
        with pytest.raises(job_context.LeaseLost):
            context.progress(99)
        with pytest.raises(job_context.LeaseLost):
            context.checkpoint({"done": 99})
        return {"created": 99}

    job = job_doing(work)
    job_runner.run(job.pk)
    job = look(job)
    assert (job.state, job.result, job.done, job.checkpoint) == ("running", None, 0, {})
    assert not any("too late" in line for line in lines(job))


def test_bad_line_handling_inside_the_work_does_not_swallow_a_lost_lease(job_doing: Any) -> None:
    reached: list[str] = []

    def work(context: JobContext) -> dict[str, int]:
        Job.objects.filter(pk=job.pk).update(lease_token="another")
        try:
            context.progress(1)
        except Exception:
            reached.append("swallowed")
        reached.append("went on")
        return {}

    job = job_doing(work)
    job_runner.run(job.pk)
    assert reached == []
    assert look(job).state == "running"


def test_a_worker_that_falls_silent_loses_the_job_to_the_next(job_doing: Any, sent: list[int]) -> None:
    job = job_doing(lambda context: {"resumed_from": dict(context.resumed_from)})
    lost = job_runner.claim(job.pk)
    JobContext(lost).checkpoint({"done": 40})
    assert jobs.sweep() == 0
    let_lease_end(job)
    assert jobs.sweep() == 1
    assert sent == [job.pk]
    assert look(job).state == "queued"
    assert "fell silent" in lines(job)[0]
    job_runner.run(job.pk)
    job = look(job)
    assert (job.state, job.attempts, job.done_before) == ("done", 2, 40)
    assert job.result == {"resumed_from": {"done": 40}}


def test_a_queued_job_that_nobody_took_is_sent_again_ever_more_rarely(job_doing: Any, sent: list[int]) -> None:
    job = job_doing(lambda context: {})
    assert jobs.sweep() == 0
    pauses = []
    for waited in (30, 60, 120, 240, 6000):
        now = timezone.now()
        Job.objects.filter(pk=job.pk).update(queued_at=now - timedelta(seconds=waited), lease_until=now)
        assert jobs.sweep() == 1
        pauses.append(round((look(job).lease_until - now).total_seconds()))
    assert pauses == [30, 60, 120, 240, 300]
    assert sent == [job.pk] * 5
    assert look(job).attempts == 0


def test_a_job_whose_worker_is_lost_again_and_again_fails_with_a_reason(job_doing: Any) -> None:
    job = job_doing(lambda context: {})
    for _ in range(jobs.MAX_ATTEMPTS):
        assert look(job).state == "queued"
        job_runner.claim(job.pk)
        let_lease_end(job)
        jobs.sweep()
    assert look(job).state == "failed"
    assert "lost 5 times" in look(job).error
    assert "memory" in look(job).error
    assert jobs.sweep() == 0


def test_two_sweeps_at_once_recover_a_job_once(job_doing: Any, sent: list[int]) -> None:
    job = job_doing(lambda context: {})
    job_runner.claim(job.pk)
    let_lease_end(job)
    seen_by_both = look(job)
    assert jobs._sweep_one(look(job)) is True
    assert jobs._sweep_one(seen_by_both) is False
    assert sent == [job.pk]


def test_a_database_that_was_away_costs_an_attempt_and_not_the_job(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        if context.job.attempts == 1:
            raise OperationalError("the server closed the connection")
        return {}

    job = job_doing(work)
    job_runner.run(job.pk)
    assert look(job).state == "running"
    let_lease_end(job)
    jobs.sweep()
    job_runner.run(job.pk)
    assert look(job).state == "done"


def test_a_worker_asked_to_stop_hands_its_job_back(
    job_doing: Any, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(context: JobContext) -> dict[str, int]:
        if not context.resumed_from:
            context.checkpoint({"done": 7})
            job_context.stopping.set()
            context.progress(9)
        return {}

    job = job_doing(work)
    try:
        job_runner.work_off(job.pk)
    finally:
        job_context.stopping.clear()
    assert (look(job).state, look(job).attempts, look(job).checkpoint) == ("queued", 0, {"done": 7})
    assert sent == [job.pk]
    job_runner.work_off(job.pk)
    assert (look(job).state, look(job).attempts) == ("done", 1)


# --- cancelling, trying again ---------------------------------------------------------------------


def test_a_waiting_job_is_cancelled_at_once_and_only_once(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    assert jobs.cancel(by=ada, job=job).state == "cancelled"
    assert jobs.cancel(by=ada, job=job).state == "cancelled"
    assert HistoryEntry.objects.filter(event="job_cancelled").count() == 1
    job_runner.run(job.pk)
    assert look(job).state == "cancelled"


def test_a_running_job_is_cancelled_at_its_next_step(job_doing: Any, ada: User) -> None:
    def work(context: JobContext) -> dict[str, int]:
        context.progress(1)
        assert jobs.cancel(by=ada, job=job).state == "running"
        context.progress(2)
        return {"ran": "to the end"}

    job = job_doing(work)
    job_runner.run(job.pk)
    assert (look(job).state, look(job).result) == ("cancelled", None)


def test_a_cancelled_job_whose_worker_is_gone_ends_by_the_sweep(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    job_runner.claim(job.pk)
    jobs.cancel(by=ada, job=job)
    let_lease_end(job)
    jobs.sweep()
    assert look(job).state == "cancelled"


def test_a_heartbeat_prolongs_the_lease_and_notices_a_cancellation(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    context = JobContext(job_runner.claim(job.pk))
    let_lease_end(job)
    context.beat()
    assert look(job).lease_until > timezone.now()
    jobs.cancel(by=ada, job=job)
    context.beat()
    assert context.cancelled.is_set()
    assert not context.lost.is_set()


def test_a_finished_job_is_neither_cancelled_nor_tried_again(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    job_runner.run(job.pk)
    for ask in (jobs.cancel, jobs.retry):
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
    job_runner.run(job.pk)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            assert jobs.retry(by=ada, job=job).state == "queued"
    assert sent == [job.pk]
    assert (look(job).error, look(job).finished_at, look(job).attempts) == ("", None, 0)
    job_runner.run(job.pk)
    assert look(job).result == {"done": 5}


def test_a_job_that_is_just_being_cancelled_cannot_be_tried_again_yet(job_doing: Any, ada: User) -> None:
    job = job_doing(lambda context: {})
    job_runner.claim(job.pk)
    jobs.cancel(by=ada, job=job)
    with pytest.raises(WrongState) as refusal:
        jobs.retry(by=ada, job=job)
    assert refusal.value.code == "job_stopping"


def test_uploads_are_forgotten_two_weeks_after_their_job_ended(study: Study, ada: User) -> None:
    made = []
    for days in (13, 15):
        name = job_inputs.store_input(by=ada, study=study, upload=ContentFile(b"{}", name="a.jsonl"))
        made.append(ask_for_import(ada, study, file=name))
        ended = timezone.now() - timedelta(days=days)
        Job.objects.filter(pk=made[-1].pk).update(state="failed", finished_at=ended, lease_until=None)
    recent, old = made
    assert job_inputs.forget_inputs() == 1
    assert default_storage.exists(recent.file)
    assert not default_storage.exists(old.file)
    assert jobs.retry(by=ada, job=recent).state == "queued"
    with pytest.raises(WrongState) as refusal:
        jobs.retry(by=ada, job=old)
    assert refusal.value.code == "input_gone"
