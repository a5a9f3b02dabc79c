"""Databases of one's own, for tests that start other processes."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from django.db.backends.sqlite3.creation import DatabaseCreation

ROOT = Path(__file__).resolve().parent.parent
# For tests that bring a database of their own: each kind once, in that run of the suite which is about it.
BOTH = [pytest.param("sqlite", marks=pytest.mark.sqlite), pytest.param("postgres", marks=pytest.mark.postgres)]


# Where the databases lie that are migrated once per run and copied from then on.
TEMPLATES = "TEST_TEMPLATES"


@contextmanager
def fresh_database(kind: str, folder: Path, *, migrated: bool = False) -> Iterator[str]:
    """Yield the URL of an empty database of ``kind`` (sqlite, postgres) that is gone afterwards."""
    if kind == "sqlite":
        if migrated:
            shutil.copyfile(sqlite_template(), folder / "test.sqlite3")
        yield f"sqlite:///{folder / 'test.sqlite3'}"
        return
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.skip("TEST_POSTGRES_URL names no PostgreSQL server")
    name = f"test_{uuid4().hex}"
    template = postgres_template() if migrated else "template1"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[call-overload]
        try:
            yield _database_url(server, name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


def sqlite_template() -> Path:
    """Return a migrated SQLite database, which is made when it is first asked for."""
    with _locked_templates() as folder:
        template = folder / "template.sqlite3"
        if not template.exists():
            unfinished = folder / "unfinished.sqlite3"
            manage("migrate", "--verbosity=0", env=environment(f"sqlite:///{unfinished}", folder))
            unfinished.rename(template)
    return template


def postgres_template() -> str:
    """Return the name of a migrated database on TEST_POSTGRES_URL, made when it is first asked for."""
    server = os.environ["TEST_POSTGRES_URL"]
    with _locked_templates() as folder:
        named = folder / "postgres"
        if not named.exists():
            name = f"template_{uuid4().hex}"
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
            manage("migrate", "--verbosity=0", env=environment(_database_url(server, name), folder))
            named.write_text(name)
    return named.read_text()


def drop_templates(folder: Path) -> None:
    """Remove the folder of templates, and the template on the server."""
    named = folder / "postgres"
    if named.exists():
        with psycopg.connect(os.environ["TEST_POSTGRES_URL"], autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{named.read_text()}" WITH (FORCE)')  # type: ignore[call-overload]
    shutil.rmtree(folder, ignore_errors=True)


def fill_from_template(creation: type[DatabaseCreation]) -> None:
    """Let Django's own test database on SQLite begin as a copy of the template."""
    create_empty = creation._create_test_db

    def create(self: DatabaseCreation, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name = create_empty(self, verbosity, autoclobber, keepdb)
        with closing(sqlite3.connect(sqlite_template())) as template:
            # Closed by the process's end: a database in memory lasts as long as somebody is connected.
            copy = sqlite3.connect(name, uri=True)
            template.backup(copy)
            self.connection.test_copy = copy
        return name

    creation._create_test_db = create


@contextmanager
def _locked_templates() -> Iterator[Path]:
    folder = Path(os.environ[TEMPLATES])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _database_url(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process that works on this database and keeps its files in ``folder``."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "MEDIA_ROOT": str(folder / "media"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "of-no-use-outside-of-tests-0123456789abcdefghijklmnopqrstuvwxyz",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def manage(*arguments: str, env: dict[str, str]) -> str:
    """Run a management command and return what it printed; fail with its errors."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
