"""Judge jobs under real workers, killed and resumed."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.processes import WORKER
from tests.installation import Installation, kill, migrated_postgres, service_url, wait_until

# Nobody loses a lease by waiting for the processors for a moment, and no worker lets other tests go first.
QUICK = {"JOB_LEASE_SECONDS": "6", "JOB_SWEEP_SECONDS": "1", "JOB_NICENESS": "0"}
SET_UP = """
from tests.annotation.judges.judge_studies import QUICK, learnable_study, release_study
from annotation.judges import runs
run = runs.start_training(by=None, release=release_study(learnable_study()), wanted=QUICK)
answer = run.public_id
"""
QUEUE_FIGURES = """
from annotation.models import Study
from annotation.jobs import queueing as jobs
jobs.enqueue(by=None, study=Study.objects.get(slug="birds"), kind="statistics", arguments={})
"""


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.sqlite), pytest.param("services", marks=pytest.mark.postgres)]
)
def place(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any) -> Iterator[Installation]:
    """A study whose judge waits to be trained; embedded, or with PostgreSQL and Redis."""
    with django_db_blocker.unblock():
        if request.param == "embedded":
            made = Installation(tmp_path / "data", QUICK, migrated=True)
            made.python(SET_UP)
            yield made
            made.close()
            return
        redis_url = service_url("TEST_REDIS_URL").rpartition("/")[0] + "/6"
        with migrated_postgres() as database_url:
            made = Installation(tmp_path / "data", QUICK | {"DATABASE_URL": database_url, "REDIS_URL": redis_url})
            made.python("import redis; redis.Redis.from_url(__import__('os').environ['REDIS_URL']).flushdb()")
            made.python(SET_UP)
            yield made
            made.close()


def jobs(place: Installation) -> dict[str, tuple[str, int, str]]:
    rows = place.query("SELECT kind, state, attempts, activity FROM annotation_job")
    return {kind: (state, attempts, activity) for kind, state, attempts, activity in rows}


def judges_at_work(place: Installation) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "judge" in line and any(str(place.folder) in word for word in line):
            found.append(process)
    return found


def test_a_training_whose_worker_is_killed_is_taken_up_by_the_next_one_and_stored_once(place: Installation) -> None:
    with place.worker() as worker:
        # Not by what it says it does: on a fast machine that is over sooner than it is told.
        wait_until(lambda: judges_at_work(place), seconds=300, about=place.log.read_text)
        kill(worker)
    wait_until(lambda: not judges_at_work(place), about=lambda: str(judges_at_work(place)))
    assert jobs(place)["judge_train"][0] == "running"
    with place.worker():
        wait_until(lambda: jobs(place)["judge_train"][0] == "done", seconds=300, about=place.log.read_text)
    assert jobs(place)["judge_train"][1] == 2
    ((finished, archive, curves),) = place.query("SELECT finished_at, archive, curves FROM annotation_judgerun")
    assert finished is not None
    assert place.folder.joinpath("media", archive).stat().st_size > 1000
    assert isinstance(curves if isinstance(curves, list) else json.loads(curves), list)
    assert place.query("SELECT count(*), count(DISTINCT sample_id) FROM annotation_prediction") == [(28, 28)]
    assert place.query("SELECT count(*) FROM annotation_scorecard") == [(1,)]
    # What lay on the worker's disk is gone, but for what can be made again.
    assert not list((place.folder / "judge" / "jobs").iterdir())


def test_a_worker_may_take_the_work_of_judges_alone_or_leave_it_to_another(place: Installation) -> None:
    place.python(QUEUE_FIGURES)
    command = [sys.executable, "-m", *WORKER]
    queues = command.index("--queues") + 1
    for taken, done, waiting in (("celery", "statistics", "judge_train"), ("judge", "judge_train", None)):
        command[queues] = taken
        worker = place.start(*command)
        try:
            wait_until(lambda done=done: jobs(place)[done][0] == "done", seconds=300, about=place.log.read_text)
            if waiting:
                assert jobs(place)[waiting][0] == "queued"
        finally:
            kill(worker)
