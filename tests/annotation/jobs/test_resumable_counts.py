"""A worker dies at any step of an import or of a move, and what is reported in the end is as if it had not.

Dying is an exception here that nothing in the work may act on, raised before or after each write of the job's row.
`test_jobs_under_fire` does the same to real processes.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotation.imports import samples as samples_module
from annotation.imports import scores as scores_module
from annotation.jobs import queueing, running
from annotation.jobs.context import JobContext, LeaseLost
from annotation.jobs.resumable_counts import ResumableCounts
from annotation.models import FinalScore, HistoryEntry, Job, JobLogLine, Rating, Sample, Study, User
from tests.annotation.conftest import let_lease_end, look
from tests.annotation.imports.importing import sample_line, write_samples, write_scores
from tests.factories import make_sample

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress")]


class Death(LeaseLost):
    """Nothing more is done by whoever meets it."""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[Job, int, bool], bool]:
    """Run a job until its ``number``-th write, and die before or after it; tells whether it came so far."""
    write = JobContext._write

    def run(job: Job, number: int, after: bool) -> bool:
        count = 0
        died = False

        def counted(context: JobContext, **options: Any) -> None:
            nonlocal count, died
            count += 1
            if count == number and not after:
                died = True
                raise Death
            write(context, **options)
            if count == number:
                died = True
                raise Death

        with monkeypatch.context() as patch:
            patch.setattr(JobContext, "_write", counted)
            running.run_job(job.pk)
        return died

    return run


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples_module, "CHUNK_LINES", 2)
    monkeypatch.setattr(scores_module, "CHUNK_LINES", 3)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.IMPORT_ROOT = str(tmp_path)
    return tmp_path


def queue(by: User, study: Study, kind: str, **arguments: Any) -> Job:
    return queueing.enqueue(by=by, study=study, kind=kind, arguments=arguments)


def survive(job: Job) -> None:
    """Let the sweep find the job whose worker is dead, and another worker end it."""
    let_lease_end(job)
    queueing.resend_silent_jobs()
    running.run_job(job.pk)


def told(study: Study, event: str) -> list[Any]:
    return list(HistoryEntry.objects.filter(study=study, event=event).values_list("detail__counts", flat=True))


@pytest.mark.parametrize("after", [False, True], ids=["before a write", "after a write"])
@pytest.mark.parametrize("number", range(1, 12))
def test_an_import_of_samples_reports_all_attempts_as_one(
    study: Study, ada: User, folder: Path, dying: Any, number: int, after: bool
) -> None:
    make_sample(study, external_id="b")
    write_samples(
        folder,
        sample_line("a"),
        sample_line("b"),
        b"{",
        sample_line("c"),
        sample_line("d"),
        sample_line("a"),
        sample_line("e"),
    )
    job = queue(ada, study, "import_samples", path="samples.jsonl", update=True)
    if dying(job, number, after) and look(job).state != "done":
        survive(job)
    job = look(job)
    assert job.state == "done", job.error
    assert job.result is not None
    counts = {name: job.result[name] for name in ("created", "updated", "unchanged", "refused")}
    assert counts == {"created": 4, "updated": 1, "unchanged": 0, "refused": 2}
    assert [error["line"] for error in job.result["errors"]] == [3, 6]
    assert told(study, "samples_imported") == [counts]
    assert sorted(Sample.objects.values_list("external_id", flat=True)) == ["a", "b", "c", "d", "e"]
    assert HistoryEntry.objects.filter(event="content_replaced").count() == 1


@pytest.mark.parametrize("after", [False, True], ids=["before a write", "after a write"])
@pytest.mark.parametrize("number", range(1, 14))
def test_an_import_of_scores_is_told_and_declared_complete_once(
    study: Study, ada: User, folder: Path, dying: Any, number: int, after: bool
) -> None:
    study.protocols.update(annotators_per_sample=2)
    for name in ("a", "b"):
        make_sample(study, pictures=["red"], external_id=name)
    rows = [f"{s},{who},{key},3,,," for s in "ab" for who in ("Ann", "Ben") for key in ("TCC", "ICC", "IQ", "ITS")]
    write_scores(folder, *rows)
    job = queue(ada, study, "import_scores", path="scores.csv", complete=True)
    if dying(job, number, after) and look(job).state != "done":
        survive(job)
    job = look(job)
    assert job.state == "done", job.error
    assert job.result is not None
    assert (job.result["created"], job.result["unchanged"], job.result["refused"]) == (16, 0, 0)
    assert told(study, "scores_imported") == [{"created": 16, "unchanged": 0, "refused": 0, "updated": 0}]
    (complete,) = HistoryEntry.objects.filter(study=study, event="scores_complete")
    assert complete.detail == {"samples": 2}
    assert HistoryEntry.objects.filter(event="scores_completed").count() == 2
    assert (Rating.objects.count(), FinalScore.objects.filter(current=True).count()) == (16, 8)


def test_an_import_that_is_cancelled_and_tried_again_is_told_in_two_parts(
    study: Study, ada: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_samples(folder, *(sample_line(f"s{number}") for number in range(7)))
    job = queue(ada, study, "import_samples", path="samples.jsonl")
    progress = JobContext.progress

    def cancelling(context: JobContext, done: int, *more: Any) -> None:
        if done == 4:
            queueing.cancel(by=ada, job=job)
        progress(context, done, *more)

    with monkeypatch.context() as patch:
        patch.setattr(JobContext, "progress", cancelling)
        running.run_job(job.pk)
    assert look(job).state == "cancelled"
    assert Sample.objects.count() == 4
    assert told(study, "samples_imported") == [{"created": 4, "updated": 0, "unchanged": 0, "refused": 0}]
    queueing.retry(by=ada, job=look(job))
    running.run_job(job.pk)
    result = look(job).result
    assert result is not None
    assert result["created"] == 7
    assert [part["created"] for part in told(study, "samples_imported")] == [4, 3]
    assert "got as far as line 4" in JobLogLine.objects.get(job=job).line


def test_a_dry_run_that_is_interrupted_starts_anew(study: Study, ada: User, folder: Path, dying: Any) -> None:
    write_samples(folder, *(sample_line(f"s{number}") for number in range(7)))
    job = queue(ada, study, "import_samples", path="samples.jsonl", dry_run=True)
    assert dying(job, 3, True)
    survive(job)
    result = look(job).result
    assert result is not None
    assert result["created"] == 7
    assert told(study, "samples_imported") == []


def test_a_ledger_counts_what_is_passed_again_once() -> None:
    kept: dict[str, Any] = {}
    first = ResumableCounts({}, kept.update)
    first.count_up_to(10, created=10)
    first.run_once("said", lambda: None)
    again = ResumableCounts(json.loads(json.dumps(kept)), kept.update)
    again.count_up_to(10, created=10)
    again.count_up_to(12, created=2)
    assert (again["created"], again.reached) == (12, 12)
    again.run_once("said", lambda: pytest.fail("it has been said"))


def test_a_long_job_on_a_machine_that_is_restarted_often_ends_all_the_same(
    study: Study, ada: User, folder: Path, dying: Any
) -> None:
    write_samples(folder, *(sample_line(f"s{number}") for number in range(20)))
    job = queue(ada, study, "import_samples", path="samples.jsonl")
    for attempt in range(1, queueing.MAX_ATTEMPTS + 3):
        # Each attempt passes what was there, takes one more piece and dies.
        assert dying(job, attempt + 1, True)
        assert look(job).state == "running"
        let_lease_end(job)
        queueing.resend_silent_jobs()
        assert look(job).state == "queued", look(job).error
    running.run_job(job.pk)
    result = look(job).result
    assert result is not None
    assert result["created"] == 20
