"""How a write transaction is opened on each database."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

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
