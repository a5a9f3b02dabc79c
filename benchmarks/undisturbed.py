"""Scoring while a release is made: what long work costs the people who score."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from config.processes import WORKER

from .databases import Database, Store
from .figures import Measured, percentile, row
from .population import SLUG, Population
from .programs import ROOT, run
from .server import LOCAL, Server, serving

# All samples are text alone; the rule sets what needs a picture.
RATINGS = {"TCC": 4}
AGREED, AGREED_QUICK = 48_000, 8_000
OPEN = 12_000
# On average. People think for a moment; without a pause the clients alone would take both processors.
PAUSE_SECONDS = 0.05
IDLE_SECONDS, IDLE_SECONDS_QUICK = 10.0, 3.0
LONGEST_RELEASE = 300.0
WORKER_START_SECONDS = 4.0
ENQUEUE = f"""
import django
django.setup()
from annotation.models import Study
from annotation.jobs import queueing as jobs
arguments = {{"name": "v1", "formats": ["jsonl", "parquet"]}}
print(jobs.enqueue(by=None, kind="release", study=Study.objects.get(slug={SLUG!r}), arguments=arguments).pk)
"""


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how long submissions take with nothing else going on, and while a release is made beside them."""
    agreed, idle_seconds = (AGREED_QUICK, IDLE_SECONDS_QUICK) if quick else (AGREED, IDLE_SECONDS)
    population = Population(samples=agreed + OPEN, scored=agreed, agreed=True, pictures=False)
    with store.filled(population) as database, serving(database) as server:
        with working(database):
            # Caches and connections fill first.
            scored(server, database, until=lambda: False, seconds=3)
            idle = scored(server, database, until=lambda: False, seconds=idle_seconds)
            run(["-c", ENQUEUE], env=database.env())
            started = time.monotonic()
            busy = scored(server, database, until=lambda: over(database), seconds=LONGEST_RELEASE)
            seconds = time.monotonic() - started
            # On both sides of it, as a machine is not equally fast all the time.
            idle += scored(server, database, until=lambda: False, seconds=idle_seconds)
        if database.rows("SELECT count(*) FROM annotation_release") != [(1,)]:
            raise RuntimeError("The release was not made beside the scoring.")
    name = f"8 people who score while a release of {agreed:,} samples is made"
    yield row(f"{name}: submit p95, idle", "ms"), 1000 * percentile(idle, 0.95)
    yield row(f"{name}: submit p95, meanwhile", "ms"), 1000 * percentile(busy, 0.95)
    yield row(f"{name}: p95 over idle", "times", most=1.5), percentile(busy, 0.95) / percentile(idle, 0.95)
    yield row(f"{name}: the slowest submission meanwhile", "ms"), 1000 * max(busy)
    yield row(f"{name}: the release", "s"), seconds


def over(database: Database) -> bool:
    return database.rows("SELECT count(*) FROM annotation_job WHERE state IN ('queued', 'running')") == [(0,)]


def scored(server: Server, database: Database, *, until: Callable[[], bool], seconds: float) -> list[float]:
    """Let everybody score until it is time to stop; returns how long each submission took."""
    stop = threading.Event()
    times: list[float] = []
    faults: list[str] = []

    def person(token: str) -> None:
        connection = http.client.HTTPConnection(LOCAL, server.port, timeout=30)
        # Pauses of one length would make all eight come at once, again and again.
        chance = random.Random(token)
        headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

        def ask(method: str, path: str, body: object) -> dict[str, object]:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            read = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} {answer.status}: {read[:200]!r}")
            found: dict[str, object] = json.loads(read)
            return found

        try:
            while not stop.is_set():
                leased = ask("POST", f"/api/studies/{SLUG}/assignments/", {"count": 1})["assignments"]
                assert isinstance(leased, list)
                body = {"client_key": str(uuid.uuid4()), "ratings": RATINGS, "notes": {}, "seconds": 12.5}
                began = time.perf_counter()
                ask("PUT", f"/api/assignments/{leased[0]['id']}/score/", body)
                times.append(time.perf_counter() - began)
                stop.wait(chance.expovariate(1 / PAUSE_SECONDS))
        except Exception as error:
            faults.append(str(error))
        finally:
            connection.close()

    people = [threading.Thread(target=person, args=(token,)) for token in database.tokens]
    for one in people:
        one.start()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not until():
        time.sleep(0.2)
    stop.set()
    for one in people:
        one.join()
    if faults:
        raise RuntimeError(faults[0])
    return times


@contextmanager
def working(database: Database) -> Iterator[None]:
    """Keep a worker running beside the web server."""
    with (database.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *WORKER],
            env=database.env(),
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        # Until its start no longer takes the processors.
        time.sleep(WORKER_START_SECONDS)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
