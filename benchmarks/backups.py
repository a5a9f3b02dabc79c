"""Backup and restore of a large study by the commands that a person would use, and what people notice of a backup."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .annotators import broken_rules, work
from .databases import Database, Store
from .drawings import draw
from .figures import Measured, percentile, row
from .load import WARM_UP_PAIRS_EACH, tell
from .population import Population, a_third_scored
from .programs import ROOT, manage
from .server import serving

SAMPLES, SAMPLES_QUICK = 48_000, 8_000
RATINGS_PER_SAMPLE = 3 * 4
PICTURES, PICTURES_QUICK = 2_000, 200
PAIRS_EACH, PAIRS_EACH_QUICK = 400, 100
ENDINGS = ("tar", "tar.gz")


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield seconds, memory and size per kind of file, then the latency of submissions with and without a backup."""
    samples, pictures = (SAMPLES_QUICK, PICTURES_QUICK) if quick else (SAMPLES, PICTURES)
    with store.filled(Population(samples=samples, scored=samples)) as database:
        # The folder that the other benchmarks read their pictures from stands for the media.
        media = store.folder.parent / "images"
        draw(media, pictures)
        for ending in ENDINGS:
            file = database.folder / f"backup.{ending}"
            name = f"{samples * RATINGS_PER_SAMPLE:,} ratings and {pictures:,} pictures, .{ending}"
            done = manage("backup", str(file), env=database.env(MEDIA_ROOT=str(media)))
            yield row(f"backup of {name}", "s"), done.seconds
            yield row(f"backup of {name}: peak memory", "MB", most=120), done.peak_bytes / 1e6
            yield row(f"backup of {name}: size", "MB"), file.stat().st_size / 1e6
            with store.nothing() as empty:
                done = manage("restore", str(file), env=empty.env())
                _require_same(database, empty)
            yield row(f"restore of {name}", "s"), done.seconds
            yield row(f"restore of {name}: peak memory", "MB", most=150), done.peak_bytes / 1e6
            file.unlink()
    yield from _scoring(store, samples, PAIRS_EACH_QUICK if quick else PAIRS_EACH)


def _require_same(one: Database, other: Database) -> None:
    for table in ("annotation_sample", "annotation_score", "annotation_rating", "annotation_historyentry"):
        sql = f"SELECT count(*) FROM {table}"  # noqa: S608
        if one.rows(sql) != other.rows(sql):
            raise RuntimeError(f"{table} was not restored whole.")


def _scoring(store: Store, samples: int, pairs_each: int) -> Measured:
    with store.filled(a_third_scored(samples)) as database, serving(database) as server:
        work(server, database.tokens, WARM_UP_PAIRS_EACH)
        idle, _ = work(server, database.tokens, pairs_each)
        with backups_without_end(database) as made:
            busy, _ = work(server, database.tokens, pairs_each)
        faults = idle.faults + busy.faults + broken_rules(database) + ([] if made else ["no backup was made meanwhile"])
    tell(faults)
    before, during = (1000 * percentile(log.submit_seconds or [float("inf")], 0.95) for log in (idle, busy))
    yield row("8 annotators: submit p95", "ms"), before
    yield row("8 annotators while one backup after the other is made: submit p95", "ms"), during
    yield row("8 annotators while backups are made: p95 over that without", "times", most=1.5), during / before
    yield row("8 annotators while backups are made: errors and rules broken", "", most=0), len(faults)


@contextmanager
def backups_without_end(database: Database) -> Iterator[list[Path]]:
    """Make one backup after the other until the block ends; yields those that were begun."""
    stop = threading.Event()
    made: list[Path] = []

    def make() -> None:
        while not stop.is_set():
            file = database.folder / f"meanwhile-{len(made)}.tar"
            made.append(file)
            command = [sys.executable, str(ROOT / "manage.py"), "backup", str(file)]
            with subprocess.Popen(command, env=database.env(), cwd=ROOT, stdout=subprocess.DEVNULL) as process:
                while process.poll() is None and not stop.wait(0.05):
                    pass
                process.kill()

    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()
