"""Databases that exist for one measurement: empty, or copied from a filled one that is made once per run."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

from .population import Population
from .programs import environment, manage, module

DATABASE_URL = "TEST_POSTGRES_URL"


@dataclass(frozen=True, slots=True)
class Database:
    """A database with the folder that its processes keep their files in, and the secrets of who works there."""

    kind: str
    url: str
    folder: Path
    tokens: tuple[str, ...] = ()

    def env(self, **more: str) -> dict[str, str]:
        return environment(self.url, self.folder, **more)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database itself, past everything that is measured."""
        if self.kind == "sqlite":
            with contextlib.closing(sqlite3.connect(sqlite_path(self.url))) as connection:
                return list(connection.execute(sql))
        with psycopg.connect(self.url) as connection:
            return list(connection.execute(sql.encode()))


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


class Store(ABC):
    """Makes databases of one kind in a folder that is gone afterwards."""

    kind: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filled: dict[Population, tuple[str, tuple[str, ...]]] = {}
        self._empty: str | None = None

    @contextlib.contextmanager
    def empty(self) -> Iterator[Database]:
        """Yield a database with all tables and nothing in them."""
        if self._empty is None:
            self._empty = self._create()
            manage("migrate", "--verbosity=0", env=environment(self._empty, self.folder))
            self._settle(self._empty)
        with self._copy_of(self._empty) as copy:
            yield copy

    @contextlib.contextmanager
    def nothing(self) -> Iterator[Database]:
        """Yield a database without any tables."""
        folder = self.folder / uuid4().hex
        folder.mkdir()
        url = self._create()
        try:
            yield Database(self.kind, url, folder)
        finally:
            self._remove(url)
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def filled(self, population: Population) -> Iterator[Database]:
        """Yield a copy of a filled database, which is made on first use."""
        if population not in self._filled:
            with self.empty() as database:
                told = module("benchmarks.filling", json.dumps(asdict(population)), env=database.env())
                self._settle(database.url)
                self._filled[population] = (self._duplicate(database.url), tuple(json.loads(told.output)))
        url, tokens = self._filled[population]
        with self._copy_of(url, tokens) as copy:
            yield copy

    @contextlib.contextmanager
    def _copy_of(self, url: str, tokens: tuple[str, ...] = ()) -> Iterator[Database]:
        folder = self.folder / uuid4().hex
        folder.mkdir()
        copy = self._duplicate(url)
        try:
            yield Database(self.kind, copy, folder, tokens)
        finally:
            self._remove(copy)
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        for url in [self._empty, *(url for url, _ in self._filled.values())]:
            if url is not None:
                self._remove(url)

    @abstractmethod
    def _create(self) -> str: ...

    @abstractmethod
    def _duplicate(self, url: str) -> str: ...

    @abstractmethod
    def _settle(self, url: str) -> None:
        """Do now what the database would do in the background in the middle of a measurement."""

    @abstractmethod
    def _remove(self, url: str) -> None: ...


class SQLite(Store):
    kind = "sqlite"

    def _create(self) -> str:
        return f"sqlite:///{self.folder / uuid4().hex}.sqlite3"

    def _duplicate(self, url: str) -> str:
        copy = self._create()
        shutil.copyfile(sqlite_path(url), sqlite_path(copy))
        # Pages that are still to be written would be written while something is measured.
        descriptor = os.open(sqlite_path(copy), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return copy

    def _settle(self, url: str) -> None:
        with contextlib.closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as connection:
            connection.execute("ANALYZE")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _remove(self, url: str) -> None:
        path = sqlite_path(url)
        for suffix in ("", "-wal", "-shm", ".gate"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


class PostgreSQL(Store):
    kind = "postgres"

    def __init__(self, folder: Path, server: str) -> None:
        super().__init__(folder)
        self._server = server

    def _create(self) -> str:
        return self._made("")

    def _duplicate(self, url: str) -> str:
        # The files are copied as they are: the other way writes everything into the log of changes.
        return self._made(f'TEMPLATE "{urlsplit(url).path[1:]}" STRATEGY FILE_COPY')

    def _made(self, how: str) -> str:
        name = f"bench_{uuid4().hex}"
        self._ask(f'CREATE DATABASE "{name}" {how}')
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def _settle(self, url: str) -> None:
        self._ask("VACUUM (ANALYZE)", url)
        self._ask("CHECKPOINT", url)

    def _remove(self, url: str) -> None:
        self._ask(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def _ask(self, sql: str, url: str | None = None) -> None:
        with psycopg.connect(url or self._server, autocommit=True) as connection:
            connection.execute(sql.encode())


@contextlib.contextmanager
def stores(folder: Path, kinds: list[str]) -> Iterator[list[Store]]:
    """Yield a store of each wanted kind; PostgreSQL's is the server that the environment names."""
    folder.mkdir()
    made: list[Store] = []
    with contextlib.ExitStack() as stack:
        for kind in kinds:
            if kind == "sqlite":
                store: Store = SQLite(folder)
            else:
                server = os.environ.get(DATABASE_URL)
                if not server:
                    sys.exit(f"{DATABASE_URL} names no PostgreSQL server; `make bench` starts one.")
                store = PostgreSQL(folder, server)
            stack.callback(partial(_close, store))
            made.append(store)
        yield made


def _close(store: Store) -> None:
    with contextlib.suppress(psycopg.Error, OSError, subprocess.SubprocessError):
        store.close()
