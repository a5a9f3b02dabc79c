"""Everything is killed in the middle of long work, three times: each job ends once, nothing is lost, nothing twice.

Web server, worker and Redis are real processes here and die by SIGKILL together, as when a machine loses its power.
"""

import contextlib
import hashlib
import json
import os
import random
import socket
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, free_port, migrated_postgres, wait_until

from .kill_workers import PATIENCE, PREPARE, House, OwnRedis, multipart

pytestmark = pytest.mark.slow

LINES, REFUSED = 40_000, 40
KILLS = 3
RATED = 4_000
LABELLED = 5_000
QUICK = {
    "JOB_LEASE_SECONDS": "6",
    "JOB_SWEEP_SECONDS": "1",
    # The worker lets no other tests go first.
    "JOB_NICENESS": "0",
    # Its job is nothing that was asked for here.
    "QUEUE_FOLLOW_SECONDS": "3600",
    # A place for each kind, so that all of them are met at work together.
    "JOB_WORKERS": "3",
    "WEB_CONCURRENCY": "1",
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class Work:
    """A kind of long work: how it is asked for through the web, and what must hold when it has ended."""

    ask: Callable[[House], str]
    """Returns the id of the job."""
    hold: Callable[[House, dict[str, Any]], None]
    """Is given the job as the API shows it."""
    again: bool = False
    """So quick that it is asked for again until it is met at work; other work lasts until the last kill."""


def ask_for_import(house: House) -> str:
    lines = [json.dumps({"id": f"s{n}", "question": f"Why {n % 500}?", "answer": f"So {n}."}) for n in range(LINES)]
    for place in range(0, LINES, LINES // REFUSED):
        lines.insert(place, "{")
    return house.upload("\n".join(lines).encode(), kind="samples")


def an_import_holds(house: House, job: dict[str, Any]) -> None:
    result = job["result"]
    counts = {name: result[name] for name in ("created", "updated", "unchanged", "refused")}
    assert counts == {"created": LINES, "updated": 0, "unchanged": 0, "refused": REFUSED}
    assert len(result["errors"]) == len({error["line"] for error in result["errors"]}) == REFUSED
    found = house.place.query(
        "SELECT count(*), count(DISTINCT external_id), count(DISTINCT public_id), count(DISTINCT sample_id)"
        " FROM annotation_sample LEFT JOIN annotation_samplecontent ON sample_id = annotation_sample.id"
        " WHERE external_id LIKE 's%'"
    )
    assert found == [(LINES, LINES, LINES, LINES)]
    questions = house.place.query("SELECT count(*), count(DISTINCT key) FROM annotation_question")
    assert questions[0][0] == questions[0][1]
    (entry,) = entries(house, "samples_imported", after=1)
    assert entry["counts"] == counts
    assert job["done"] == job["total"] == LINES + REFUSED


def ask_for_statistics(house: House) -> str:
    return str(house.api("POST", "studies/birds/agreement/", {})["id"])


def statistics_hold(house: House, job: dict[str, Any]) -> None:
    kinds = house.place.query("SELECT kind, count(*) FROM annotation_studyfigures GROUP BY kind ORDER BY kind")
    assert kinds == [("agreement", 1), ("annotators", 1), ("progress", 1)]
    rows = house.api("GET", "studies/birds/agreement/")["rows"]
    assert [row["samples"] for row in rows if row["dimension"] == "TCC"] == [RATED]
    assert job["result"] == {}


def ask_for_a_release(house: House) -> str:
    body = {"name": "v1", "test_count": LABELLED // 5, "exact": True, "formats": ["jsonl", "scores"]}
    return str(house.api("POST", "studies/birds/releases/", body)["id"])


def a_release_holds(house: House, job: dict[str, Any]) -> None:
    release = house.api("GET", f"releases/{job['result']['release']}/")
    assert (release["samples"], release["test"]["samples"]) == (LABELLED, LABELLED // 5)
    (rendition,) = release["renditions"]
    ((name, sha256),) = house.place.query(
        f"SELECT frozen, frozen_sha256 FROM annotation_release WHERE public_id = '{release['id']}'"  # noqa: S608
    )
    media = house.place.folder / "media"
    frozen = (media / name).read_bytes()
    assert hashlib.sha256(frozen).hexdigest() == sha256
    assert len({json.loads(line)["id"] for line in frozen.splitlines()}) == LABELLED
    ((packed,),) = house.place.query(
        f"SELECT archive FROM annotation_rendition WHERE public_id = '{rendition['id']}'"  # noqa: S608
    )
    # What killed attempts began is cleared away: nothing else lies beside these.
    assert {str(path.relative_to(media)) for path in (media / name).parent.iterdir()} == {name, packed}
    with zipfile.ZipFile(media / packed) as archive:
        assert archive.testzip() is None
        lines = archive.read("train.jsonl").splitlines() + archive.read("test.jsonl").splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) == LABELLED
    entries_of_it = entries(house, "release_made") + entries(house, "release_rendered")
    assert sorted(entry["release"] for entry in entries_of_it).count(release["id"]) == 2
    jobs = house.place.query("SELECT count(*) FROM annotation_job WHERE kind = 'release'")
    numbers = house.place.query("SELECT number FROM annotation_release ORDER BY number")
    assert [number for (number,) in numbers] == list(range(1, jobs[0][0] + 1))
    parts = house.place.query(
        "SELECT q.part, count(*) FROM annotation_question q JOIN annotation_sample s ON s.question_id = q.id"
        " WHERE s.external_id LIKE 'l%' GROUP BY q.part ORDER BY q.part"
    )
    assert parts == [("test", LABELLED // 5), ("train", LABELLED - LABELLED // 5)]


# Asked for together. A new kind of work is a line here.
WORKS: dict[str, Work] = {
    "release": Work(ask_for_a_release, a_release_holds, again=True),
    "import_samples": Work(ask_for_import, an_import_holds),
    "statistics": Work(ask_for_statistics, statistics_hold, again=True),
}


def entries(house: House, event: str, *, after: int = 0) -> list[dict[str, Any]]:
    """Return what the history says of an event, but for its first ``after`` entries."""
    rows = house.place.query("SELECT event, detail FROM annotation_historyentry WHERE sample_id IS NULL ORDER BY id")
    return [json.loads(detail) for name, detail in rows if name == event][after:]


@pytest.fixture(scope="module")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Collected by the first house that starts."""
    return str(tmp_path_factory.mktemp("static"))


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.sqlite), pytest.param("services", marks=pytest.mark.postgres)]
)
def house(request: pytest.FixtureRequest, tmp_path: Path, static_root: str, django_db_blocker: Any) -> Iterator[House]:
    """A study with scores in it that Ada leads; nothing runs yet. Embedded, or with PostgreSQL and a Redis."""
    more = QUICK | {"STATIC_ROOT": static_root, "PORT": str(free_port())}
    write_scores(tmp_path)
    with contextlib.ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        redis = None
        if request.param == "services":
            more["DATABASE_URL"] = stack.enter_context(migrated_postgres())
            redis = OwnRedis(tmp_path / "redis")
            more["REDIS_URL"] = redis.url
        place = Installation(tmp_path / "data", more, migrated=redis is None)
        stack.callback(place.close)
        house = House(place, place.python(PREPARE.format(folder=tmp_path)), redis)
        stack.callback(house.kill)
        yield house


def write_scores(folder: Path) -> None:
    """Write samples and what four people gave them, so that there is something to calculate."""
    chance = random.Random(4)
    with (folder / "there.jsonl").open("w") as samples:
        for number in range(RATED):
            line = {"id": f"r{number}", "question": f"Who {number}?", "answer": "We.", "generator": f"g{number % 40}"}
            samples.write(json.dumps(line) + "\n")
        for number in range(LABELLED):
            line = {"id": f"l{number}", "question": f"What {number}?", "answer": "It.", "labels": {"TCC": number % 6}}
            samples.write(json.dumps(line) + "\n")
    with (folder / "scores.jsonl").open("w") as scores:
        for number in range(RATED):
            for who in ("Ben", "Cho", "Dee", "Eli"):
                score = {"sample": f"r{number}", "annotator": who, "dimension": "TCC", "value": chance.randint(0, 5)}
                scores.write(json.dumps(score) + "\n")


def test_all_work_ends_once_though_everything_is_killed_three_times(house: House) -> None:
    asked: dict[str, list[str]] = {}
    cut_short: dict[str, int] = {}
    hits: Counter[str] = Counter()
    for kill in range(KILLS):
        with house.running():
            if not asked:
                asked = {kind: [work.ask(house)] for kind, work in WORKS.items()}
            be_in_the_middle(house, asked, cut_short, share=0.2 * (kill + 1))
        # What was at work when it died, and not just before.
        rows = house.place.query("SELECT public_id, attempts, kind FROM annotation_job WHERE state = 'running'")
        hits.update(kind for _, _, kind in rows)
        cut_short |= {name: attempts for name, attempts, _ in rows}
    for kind, work in WORKS.items():
        assert hits[kind] >= (1 if work.again else KILLS), f"each kind is to be met at work: {hits}"
    with house.running():
        all_jobs = [(kind, job) for kind, jobs in asked.items() for job in jobs]
        wait_until(
            lambda: all(look(house, job)["state"] == "done" for _, job in all_jobs),
            seconds=PATIENCE,
            about=lambda: said(house),
        )
        for kind, name in all_jobs:
            job = look(house, name)
            assert job["error"] == ""
            assert job["attempts"] == cut_short.get(name, 0) + 1
            WORKS[kind].hold(house, job)
            assert name in house.page("/studies/birds/jobs/")
        assert house.place.query("SELECT count(*) FROM annotation_job") == [(len(all_jobs),)]
        assert len(entries(house, "job_queued")) == len(all_jobs)
        kept = sorted(path.name for path in (house.place.folder / "media" / "jobs").iterdir())
        files = house.place.query("SELECT file, refusals FROM annotation_job")
        assert kept == sorted(Path(name).name for pair in files for name in pair if name)


def be_in_the_middle(house: House, asked: dict[str, list[str]], cut_short: dict[str, int], *, share: float) -> None:
    """Return when work of every kind is in full swing, lasting work past a share of what it has to do.

    ``cut_short`` tells of each job the attempt that was killed last; that is not the one to wait for.
    """

    def at_work(kind: str) -> bool:
        job = look(house, asked[kind][-1])
        if WORKS[kind].again and job["state"] == "done":
            asked[kind].append(WORKS[kind].ask(house))
        assert WORKS[kind].again or job["state"] != "done", f"too late to kill anything: {said(house)}"
        lives = job["state"] == "running" and job["attempts"] > cut_short.get(job["id"], 0) and job["total"]
        return bool(lives and (WORKS[kind].again or job["done"] >= share * job["total"]))

    lasting = sorted(WORKS, key=lambda kind: WORKS[kind].again)
    wait_until(lambda: all(at_work(kind) for kind in lasting), seconds=PATIENCE, about=lambda: said(house))


def look(house: House, job: str) -> dict[str, Any]:
    """Return a job as the API shows it; its page is opened as well, as somebody does who watches."""
    assert "<h1" in house.page(f"/studies/birds/jobs/{job}/")
    found: dict[str, Any] = house.api("GET", f"jobs/{job}/")
    assert found["state"] not in ("failed", "cancelled"), found["error"]
    return found


def said(house: House) -> str:
    jobs = house.place.query("SELECT kind, state, attempts, done, total, error FROM annotation_job")
    return f"{jobs}\n{house.place.log.read_text()[-5000:]}"


@pytest.mark.sqlite
def test_a_web_server_killed_in_the_middle_of_an_upload_leaves_no_half_file(
    tmp_path: Path, static_root: str, django_db_blocker: Any
) -> None:
    write_scores(tmp_path)
    more = QUICK | {"STATIC_ROOT": static_root, "PORT": str(free_port())}
    with django_db_blocker.unblock(), contextlib.closing(Installation(tmp_path / "data", more, migrated=True)) as place:
        house = House(place, place.python(PREPARE.format(folder=tmp_path)))
        body, content_type = multipart(b'{"id": "x", "question": "q", "answer": "a"}\n' * 200_000, {"kind": "samples"})
        incoming, jobs = (place.folder / "media" / name for name in ("incoming", "jobs"))
        with house.running(), socket.create_connection(("127.0.0.1", house.port)) as line:
            head = (
                "POST /api/studies/birds/imports/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token syn_fire\r\n"
                f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            line.sendall(head.encode() + body[: len(body) // 2])
            wait_until(lambda: sum(path.stat().st_size for path in incoming.glob("*")) > 1_000_000, seconds=PATIENCE)
            house.kill()
        assert not jobs.exists()
        assert place.query("SELECT count(*) FROM annotation_job") == [(0,)]
        (half,) = incoming.iterdir()
        os.utime(half, (0, 0))
        with house.running():
            name = house.upload(b'{"id": "x", "question": "q", "answer": "a"}\n', kind="samples")
            wait_until(lambda: look(house, name)["state"] == "done", seconds=PATIENCE, about=lambda: said(house))
        place.python("from annotation.imports import uploads as job_inputs\njob_inputs.delete_old_uploads()")
        assert list(incoming.iterdir()) == []
        assert len(list(jobs.iterdir())) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("house", ["services"], indirect=True)
def test_without_redis_pages_answer_running_work_goes_on_and_waiting_work_comes_later(house: House) -> None:
    with house.running():
        running = ask_for_import(house)
        wait_until(lambda: look(house, running)["done"], seconds=PATIENCE, about=lambda: said(house))
        house.kill_redis()
        waiting = ask_for_statistics(house)
        wait_until(lambda: look(house, running)["state"] == "done", seconds=PATIENCE, about=lambda: said(house))
        assert look(house, waiting)["state"] in ("queued", "running", "done")
        house.start_redis()
        wait_until(lambda: look(house, waiting)["state"] == "done", seconds=PATIENCE, about=lambda: said(house))
        assert [look(house, job)["attempts"] for job in (running, waiting)] == [1, 1]
        an_import_holds(house, look(house, running))
        statistics_hold(house, look(house, waiting))
