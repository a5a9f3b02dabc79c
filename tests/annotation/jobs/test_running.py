"""How a runner works on a job, and what the sweep makes of one that fell silent. No worker process takes part here."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from annotation.core.errors import BadInput
from annotation.jobs import context as job_context
from annotation.jobs import queueing, running
from annotation.jobs.context import JobContext
from annotation.jobs.eta import Pace
from annotation.models import Job, Study
from tests.annotation.conftest import let_lease_end, lines, look
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress")]


# --- running --------------------------------------------------------------------------------------


def test_a_job_that_succeeds_keeps_its_result(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        context.progress(3, 10, "reading")
        assert (look(job).done, look(job).total, look(job).activity) == (3, 10, "reading")
        assert look(job).state == "running"
        context.log("a line")
        return {"created": 10}

    job = job_doing(work)
    running.run_job(job.pk)
    job = look(job)
    assert (job.state, job.result, job.attempts, job.error) == ("done", {"created": 10}, 1, "")
    assert job.finished_at is not None
    assert lines(job) == ["a line"]


def test_a_refusal_is_shown_in_its_own_words(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        raise BadInput("No line could be read.", fields={"line 1": "Not JSON."})

    job = job_doing(work)
    running.run_job(job.pk)
    assert look(job).state == "failed"
    assert look(job).error == "No line could be read.\nline 1: Not JSON."
    assert lines(job) == []


def test_a_fault_is_named_shortly_and_its_trace_is_in_the_log(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        raise ZeroDivisionError("a made-up fault")

    job = job_doing(work)
    running.run_job(job.pk)
    assert look(job).state == "failed"
    assert "ZeroDivisionError: a made-up fault" in look(job).error
    assert "Try again" in look(job).error
    (trace,) = lines(job)
    assert trace.startswith("Traceback")
    assert "in work" in trace


def test_work_of_an_unknown_kind_fails_with_a_reason(study: Study) -> None:
    job = Job.objects.create(kind="of the future", study=study, lease_until=timezone.now())
    running.run_job(job.pk)
    assert look(job).state == "failed"
    assert "of the future" in look(job).error


def test_of_two_runners_that_found_the_same_job_one_gets_it(job_doing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rivals: list[Job | None] = []
    original = running.write_transaction

    def late() -> Any:
        # The rival claims after we have read the row and before we write it.
        monkeypatch.setattr(running, "write_transaction", original)
        rivals.append(running.claim_job(job.pk))
        return original()

    job = job_doing(lambda context: {})
    monkeypatch.setattr(running, "write_transaction", late)
    assert running.claim_job(job.pk) is None
    assert rivals[0] is not None
    assert look(job).lease_token == rivals[0].lease_token
    assert look(job).attempts == 1


def test_a_job_runs_once_however_often_it_is_sent(job_doing: Any) -> None:
    runs: list[int] = []

    def work(context: JobContext) -> dict[str, int]:
        runs.append(1)
        running.run_job(job.pk)
        return {}

    job = job_doing(work)
    running.run_job(job.pk)
    running.run_job(job.pk)
    assert runs == [1]


def test_a_runner_works_off_what_else_waits_oldest_first(job_doing: Any) -> None:
    order: list[int] = []

    def work(context: JobContext) -> dict[str, int]:
        order.append(context.job.pk)
        return {}

    first, second, third = (job_doing(work) for _ in range(3))
    running.run_waiting_jobs(third.pk)
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
    running.run_job(job.pk)
    assert look(job).state == "done"
    assert look(job).done == 999


def test_a_log_is_bounded_and_says_so(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        for number in range(3000):
            context.log(f"{number} " + "x" * 5000)
        raise ZeroDivisionError

    job = job_doing(work)
    running.run_job(job.pk)
    kept = lines(job)
    assert len(kept) == job_context.MAX_LOG_LINES + 1
    assert max(len(line) for line in kept) <= job_context.MAX_TRACE_LENGTH
    assert "left out" in kept[-2]
    assert kept[-1].startswith("Traceback")
    queueing.retry(by=make_user("ada"), job=look(job))
    running.run_job(job.pk)
    assert len(lines(job)) == job_context.MAX_LOG_LINES + 2


def test_rate_and_time_left_follow_from_what_this_attempt_has_done(study: Study) -> None:
    now = timezone.now()
    job = Job(
        state="running", study=study, done=300, done_before=100, total=500, started_at=now - timedelta(seconds=10)
    )
    assert queueing.job_pace(job, now=now) == Pace(per_second=20, seconds_left=10)
    job.total = None
    assert queueing.job_pace(job, now=now) == Pace(per_second=20, seconds_left=None)
    job.done = 100
    assert queueing.job_pace(job, now=now) == Pace(None, None)
    job.state = "done"
    assert queueing.job_pace(job, now=now) == Pace(None, None)


def test_work_that_counts_anew_has_the_rate_of_its_present_count(job_doing: Any, study: Study) -> None:
    def work(context: JobContext) -> dict[str, int]:
        context.progress(900, 1000, "freezing")
        assert look(job).step_at is None
        context.progress(20, 1000, "writing")
        assert look(job).step_at is not None
        return {}

    job = job_doing(work)
    running.run_job(job.pk)
    now = timezone.now()
    row = Job(state="running", study=study, done=200, total=1000, started_at=now - timedelta(seconds=60))
    row.step_at = now - timedelta(seconds=10)
    assert queueing.job_pace(row, now=now) == Pace(per_second=20, seconds_left=40)


# --- leases ---------------------------------------------------------------------------------------


def test_a_runner_whose_lease_was_taken_writes_nothing_more(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        let_lease_end(job)
        queueing.resend_silent_jobs()
        rival = running.claim_job(job.pk)
        assert rival is not None
        context.log("written too late")
        with pytest.raises(job_context.LeaseLost):
            context.progress(99)
        with pytest.raises(job_context.LeaseLost):
            context.checkpoint({"done": 99})
        return {"created": 99}

    job = job_doing(work)
    running.run_job(job.pk)
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
    running.run_job(job.pk)
    assert reached == []
    assert look(job).state == "running"


def test_a_worker_that_falls_silent_loses_the_job_to_the_next(job_doing: Any, sent: list[int]) -> None:
    job = job_doing(lambda context: {"resumed_from": dict(context.resumed_from)})
    lost = running.claim_job(job.pk)
    JobContext(lost).checkpoint({"done": 40})
    assert queueing.resend_silent_jobs() == 0
    let_lease_end(job)
    assert queueing.resend_silent_jobs() == 1
    assert sent == [job.pk]
    assert look(job).state == "queued"
    assert "fell silent" in lines(job)[0]
    running.run_job(job.pk)
    job = look(job)
    assert (job.state, job.attempts, job.done_before) == ("done", 2, 40)
    assert job.result == {"resumed_from": {"done": 40}}


def test_a_queued_job_that_nobody_took_is_sent_again_ever_more_rarely(
    job_doing: Any, sent: list[int], settings: Any
) -> None:
    settings.JOB_LEASE_SECONDS = 30
    job = job_doing(lambda context: {})
    assert queueing.resend_silent_jobs() == 0
    pauses = []
    for waited in (30, 60, 120, 240, 6000):
        now = timezone.now()
        Job.objects.filter(pk=job.pk).update(queued_at=now - timedelta(seconds=waited), lease_until=now)
        assert queueing.resend_silent_jobs() == 1
        pauses.append((look(job).lease_until - now).total_seconds())
    # The sweep looks at the clock a moment later.
    assert pauses == pytest.approx([30, 60, 120, 240, 300], abs=10)
    assert sent == [job.pk] * 5
    assert look(job).attempts == 0


def test_a_job_whose_worker_is_lost_again_and_again_fails_with_a_reason(job_doing: Any) -> None:
    job = job_doing(lambda context: {})
    for _ in range(queueing.MAX_ATTEMPTS):
        assert look(job).state == "queued"
        running.claim_job(job.pk)
        let_lease_end(job)
        queueing.resend_silent_jobs()
    assert look(job).state == "failed"
    assert "lost 5 times" in look(job).error
    assert "memory" in look(job).error
    assert queueing.resend_silent_jobs() == 0


def test_two_sweeps_at_once_recover_a_job_once(job_doing: Any, sent: list[int]) -> None:
    job = job_doing(lambda context: {})
    running.claim_job(job.pk)
    let_lease_end(job)
    seen_by_both = look(job)
    assert queueing._resend_job(look(job)) is True
    assert queueing._resend_job(seen_by_both) is False
    assert sent == [job.pk]


def test_a_worker_that_answers_while_the_sweep_looks_keeps_its_job(job_doing: Any, sent: list[int]) -> None:
    job = job_doing(lambda context: {})
    context = JobContext(running.claim_job(job.pk))
    let_lease_end(job)
    seen_by_the_sweep = look(job)
    context.prolong_lease()
    assert queueing._resend_job(seen_by_the_sweep) is False
    assert look(job).state == "running"
    assert sent == []


def test_a_database_that_was_away_costs_an_attempt_and_not_the_job(job_doing: Any) -> None:
    def work(context: JobContext) -> dict[str, int]:
        if context.job.attempts == 1:
            raise OperationalError("the server closed the connection")
        return {}

    job = job_doing(work)
    running.run_job(job.pk)
    assert look(job).state == "running"
    let_lease_end(job)
    queueing.resend_silent_jobs()
    running.run_job(job.pk)
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
        running.run_waiting_jobs(job.pk)
    finally:
        job_context.stopping.clear()
    assert (look(job).state, look(job).attempts, look(job).checkpoint) == ("queued", 0, {"done": 7})
    assert sent == [job.pk]
    running.run_waiting_jobs(job.pk)
    assert (look(job).state, look(job).attempts) == ("done", 1)
