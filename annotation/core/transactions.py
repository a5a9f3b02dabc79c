"""Opens transactions: one that writes, and one that reads a consistent snapshot."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_thread = threading.local()
_memory_gate = threading.Lock()


@contextmanager
def write_transaction() -> Iterator[None]:
    """Open a transaction that will write.

    SQLite has one writer at a time and lets the waiting ones poll, which is unfair: some wait for a hundred others.
    There, processes queue at a file lock first. Inside an open transaction this is a savepoint.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _sqlite_gate(), transaction.atomic():
        yield


@contextmanager
def read_snapshot() -> Iterator[BaseDatabaseWrapper]:
    """Yield a connection that reads the whole database as it was when the block began.

    It is a connection of its own, closed at the end, so read through its cursors or through
    ``queryset.query.get_compiler(connection=…)``, not through plain querysets. It cannot write, and holds up nobody who
    does; but the database keeps all that is overwritten meanwhile, so let the block last minutes, not days.

    Inside an atomic block, or where SQLite is in memory, nothing but the thread's own connection sees the data: then
    that one is yielded as it is, and what it reads is as consistent as the transaction around it.
    """
    usual: Any = connections[DEFAULT_DB_ALIAS]
    if usual.in_atomic_block or (usual.vendor == "sqlite" and usual.is_in_memory_db()):
        yield usual
        return
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        own.ensure_connection()
        _begin_reading(own)
        yield own
    finally:
        own.close()


def _begin_reading(own: Any) -> None:
    """Begin a transaction that only reads, and read at once: neither database fixes the moment before that."""
    if own.vendor == "postgresql":
        from psycopg import IsolationLevel

        own.connection.isolation_level = IsolationLevel.REPEATABLE_READ
        own.connection.read_only = True
        own.set_autocommit(False)
        statements = ["SELECT 1"]
    else:
        # Written out, as the settings' own way to begin takes the lock of a writer.
        statements = ["PRAGMA query_only=ON", "BEGIN DEFERRED", "SELECT COUNT(*) FROM sqlite_master"]
    with own.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.fetchone()


@contextmanager
def _sqlite_gate() -> Iterator[None]:
    name = str(connection.settings_dict["NAME"])
    if "memory" in name:
        with _memory_gate:
            yield
        return
    descriptor = _gate_descriptor(name + ".gate")
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _gate_descriptor(path: str) -> int:
    # One open file per thread and process: a lock taken through a shared one would not exclude the sharers.
    opened: dict[tuple[str, int], Any] = _thread.__dict__.setdefault("opened", {})
    key = (path, os.getpid())
    if key not in opened:
        opened[key] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return int(opened[key])
