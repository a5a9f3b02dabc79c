"""The web process as it is served: gunicorn with the settings of the repository, on a free port of this machine."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from .databases import Database
from .programs import ROOT

WORKERS, THREADS = 2, 4
START_SECONDS, STOP_SECONDS = 60.0, 20.0
LOCAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Server:
    """A running web process with its workers."""

    port: int
    process: psutil.Process

    def workers(self) -> list[psutil.Process]:
        return self.process.children()

    def cpu_seconds(self) -> float:
        """Return what master and workers have used so far."""
        return sum(sum(one.cpu_times()[:2]) for one in [self.process, *self.workers()])


@contextlib.contextmanager
def serving(database: Database, *, workers: int = WORKERS, command: tuple[str, ...] = ()) -> Iterator[Server]:
    """Serve a database until the block ends. ``command`` goes before gunicorn, as a profiler would."""
    log = database.folder / "web.log"
    with starting(database, log, workers=workers, command=command) as server:
        deadline = time.monotonic() + START_SECONDS
        while not accepts(server.port):
            if not server.process.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"gunicorn did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.02)
        yield server


@contextlib.contextmanager
def starting(database: Database, log: Path, *, workers: int, command: tuple[str, ...] = ()) -> Iterator[Server]:
    """Start the web process and yield at once; stop it when the block ends."""
    port = free_port()
    env = database.env(HOST=LOCAL, PORT=str(port), WEB_CONCURRENCY=str(workers), WEB_THREADS=str(THREADS))
    gunicorn = [*command, sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            gunicorn, env=env, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield Server(port, psutil.Process(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOCAL, port), timeout=1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])
