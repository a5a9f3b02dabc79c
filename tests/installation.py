"""An installation of its own for a test: real processes, its own data folder, database and broker."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environ
import psutil
import pytest
from django.db.utils import ConnectionHandler

from config import processes
from tests.databases import fresh_database, sqlite_template

ROOT = Path(__file__).resolve().parent.parent
SECRET = "of-a-test-installation-alone-0123456789-abcdefghijklmnopqrstuvwxyz"


def service_url(name: str) -> str:
    """Return the address of a test service; its absence is a failure where REQUIRE_SERVICES says so."""
    url = os.environ.get(name, "")
    if not url and os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"{name} is not set.")
    if not url:
        pytest.skip(f"{name} is not set; scripts/with_services.py starts what is needed.")
    return url


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def migrated_postgres() -> Iterator[str]:
    """Make a migrated database of its own on PostgreSQL, and drop it afterwards."""
    service_url("TEST_POSTGRES_URL")
    with fresh_database("postgres", Path(), migrated=True) as url:
        yield url


def wait_until(true: Callable[[], Any], *, seconds: float = 120, about: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, about()
        time.sleep(0.02)


@dataclass
class Installation:
    """The platform in a folder; ``more`` are variables of its environment.

    Where ``migrated`` is set, its database in that folder begins with all tables.
    """

    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    migrated: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "SECRET_KEY": SECRET,
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **self.more,
        }
        self.log = self.folder / "log"
        database = self.folder / "annotation.sqlite3"
        url = self.environment.get("DATABASE_URL", f"sqlite:///{database}")
        if self.migrated:
            shutil.copyfile(sqlite_template(), database)
        self._connections = ConnectionHandler({"default": environ.Env.db_url_config(url)})

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        environment = self.environment | more
        return subprocess.run(
            command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=300
        )

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py that must succeed."""
        done = self.run(sys.executable, "manage.py", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, code: str, **more: str) -> Any:
        """Run code with Django set up; what it leaves in ``answer`` comes back."""
        code = f"import django, json; django.setup()\nanswer = None\n{code}\nprint(json.dumps(answer))"
        done = self.run(sys.executable, "-c", code, **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the installation's database from outside."""
        with self._connections["default"].cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def close(self) -> None:
        self._connections.close_all()

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program that stays, with its output in the log."""
        with self.log.open("ab") as output:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )

    @contextlib.contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Keep a worker running; it is gone afterwards, however it was left."""
        process = self.start(*processes.WORKER)
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and all that it started, as a machine that loses power would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def alive_in(folder: Path) -> list[str]:
    """Return the command lines of processes that were started with this data folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("DATA_DIR") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found
