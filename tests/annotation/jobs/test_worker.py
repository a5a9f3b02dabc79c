"""Jobs under a real worker: killed, stopped, robbed of its broker. Nothing is lost, nothing is done twice."""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation.jobs import queueing, running
from annotation.jobs.context import JobContext
from annotation.jobs.registry import KINDS, JobKind
from annotation.models import Job
from tests.factories import make_study
from tests.installation import Installation, kill, migrated_postgres, service_url, wait_until

# Nobody loses a lease by waiting for the processors for a moment, and no worker lets other tests go first.
QUICK = {"JOB_LEASE_SECONDS": "6", "JOB_SWEEP_SECONDS": "1", "JOB_NICENESS": "0"}
LINES = 12_000

SET_UP = """
from annotation.studies import rubrics
from annotation.studies import studies
studies.create_study(by=None, slug="birds", rubric=rubrics.get_or_load("interleaved-answer"))
"""
QUEUE = """
from annotation.models import Study
from annotation.jobs import queueing as jobs
study = Study.objects.get(slug="birds")
answer = [
    jobs.enqueue(by=None, study=study, kind="import_samples", arguments={{"path": name}}).pk for name in {names}
]
"""


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.sqlite), pytest.param("services", marks=pytest.mark.postgres)]
)
def place(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any) -> Iterator[Installation]:
    """A study called birds; embedded, or with PostgreSQL and Redis."""
    imports = tmp_path / "imports"
    imports.mkdir()
    more = QUICK | {"IMPORT_ROOT": str(imports)}
    with django_db_blocker.unblock():
        if request.param == "embedded":
            made = Installation(tmp_path / "data", more, migrated=True)
            made.python(SET_UP)
            yield made
            made.close()
            return
        redis_url = service_url("TEST_REDIS_URL").rpartition("/")[0] + "/5"
        with migrated_postgres() as database_url:
            made = Installation(tmp_path / "data", more | {"DATABASE_URL": database_url, "REDIS_URL": redis_url})
            empty_broker(made)
            made.python(SET_UP)
            yield made
            made.close()


def write_lines(place: Installation, name: str, count: int) -> None:
    """Put a file of ``count`` sample lines into the import folder."""
    with Path(place.environment["IMPORT_ROOT"], name).open("w") as file:
        for number in range(count):
            line = {"id": f"{name}-{number}", "question": "Why do birds sing?", "answer": f"Because of {number}."}
            file.write(json.dumps(line) + "\n")


def queue(place: Installation, *names: str) -> list[int]:
    return place.python(QUEUE.format(names=names))


def empty_broker(place: Installation) -> None:
    """Lose every message, as a broker without a disk does when it is restarted."""
    if url := place.environment.get("REDIS_URL"):
        import redis

        redis.Redis.from_url(url).flushdb()
    else:
        shutil.rmtree(place.folder / "broker" / "queue")


def states(place: Installation) -> list[str]:
    return [state for (state,) in place.query("SELECT state FROM annotation_job ORDER BY id")]


def progress(place: Installation) -> int:
    return place.query("SELECT done FROM annotation_job")[0][0]


def samples(place: Installation) -> int:
    return place.query("SELECT count(*) FROM annotation_sample")[0][0]


def result(place: Installation) -> tuple[int, dict[str, Any]]:
    ((attempts, result),) = place.query("SELECT attempts, result FROM annotation_job")
    return attempts, json.loads(result)


def test_an_import_whose_worker_is_killed_ends_as_if_it_had_not_been(place: Installation) -> None:
    write_lines(place, "many.jsonl", LINES)
    queue(place, "many.jsonl")
    with place.worker() as worker:
        wait_until(lambda: progress(place) >= 1000, about=place.log.read_text)
        kill(worker)
    assert states(place) == ["running"]
    assert 0 < samples(place) < LINES
    with place.worker():
        wait_until(lambda: states(place) == ["done"], about=place.log.read_text)
    assert samples(place) == LINES
    attempts, counts = result(place)
    assert attempts == 2
    assert (counts["created"], counts["unchanged"], counts["refused"]) == (LINES, 0, 0)


def test_a_worker_asked_to_stop_lets_go_of_its_import_at_once(place: Installation) -> None:
    write_lines(place, "many.jsonl", LINES)
    queue(place, "many.jsonl")
    with place.worker() as worker:
        wait_until(lambda: progress(place) >= 1000, about=place.log.read_text)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert states(place) == ["queued"]
    with place.worker():
        wait_until(lambda: states(place) == ["done"], about=place.log.read_text)
    assert samples(place) == LINES
    assert result(place)[0] == 1


def test_jobs_outlive_a_broker_that_lost_every_message(place: Installation) -> None:
    names = [f"few-{number}.jsonl" for number in range(4)]
    for name in names:
        write_lines(place, name, 3)
    queue(place, *names)
    empty_broker(place)
    with place.worker():
        wait_until(lambda: states(place) == ["done"] * 4, about=place.log.read_text)
    assert samples(place) == 12


@pytest.mark.postgres
def test_a_request_does_not_hang_because_redis_is_away(tmp_path: Path) -> None:
    place = Installation(tmp_path / "data", {"REDIS_URL": "redis://127.0.0.1:1/0"})
    sent, took = place.python(
        """
import time
from annotation.jobs.broker import send_job
began = time.monotonic()
sent = send_job(1, "statistics")
answer = [sent, time.monotonic() - began]
"""
    )
    assert sent is False
    # Send once and be done: trying until Redis is back would hold the request for as long.
    assert took < 10


@pytest.mark.django_db(transaction=True)
def test_a_long_silent_step_keeps_its_lease(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.JOB_LEASE_SECONDS = 6
    swept = []

    def work(context: JobContext) -> dict[str, int]:
        time.sleep(7)
        swept.append(queueing.resend_silent_jobs())
        return {}

    monkeypatch.setitem(KINDS, "made up", JobKind(title="Made up", run=work, arguments={}))
    job = Job.objects.create(kind="made up", study=make_study())
    running.run_job(job.pk)
    assert swept == [0]
    assert Job.objects.get(pk=job.pk).state == "done"
