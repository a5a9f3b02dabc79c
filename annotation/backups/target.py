"""The place that a backup is restored into: whether it is empty, and the mark of a restore that is under way.

The mark is a table of its own that exists only until the restore is over. It is set in a place that was found empty,
so whatever lies there beside it is what a restore that was killed has left.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from annotation.core.errors import WrongState
from annotation.core.restore_marker import MARK
from annotation.core.transactions import write_transaction

from .media_files import list_media_files
from .tables import LEFT_OUT

LOCK = 4_826_359_107


def mark_target(*, file: Path, digest: str) -> None:
    """Note that a restore begins."""
    with write_transaction(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {MARK} (file text, digest text, loaded integer, begun_at text)")
        values = [str(file.absolute()), digest, f"{timezone.now():%Y-%m-%d %H:%M} UTC"]
        cursor.execute(f"INSERT INTO {MARK} VALUES (%s, %s, 0, %s)", values)  # noqa: S608


def mark_loaded() -> None:
    """Note, in the transaction that stores the rows, that only migrating remains."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {MARK} SET loaded = 1")  # noqa: S608


def unmark_target() -> None:
    """Note that the restore is over."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {MARK}")


def require_no_rows() -> None:
    """Refuse a database that somebody uses.

    Raises:
        WrongState: there are rows; the table is named.
    """
    with connection.cursor() as cursor:
        for name in sorted(_tables_of_ours()):
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")')  # noqa: S608
            if cursor.fetchone()[0]:
                raise WrongState(
                    f"The database is not empty: there are rows in {name}. A backup is restored into an empty place "
                    "only: name another one by DATABASE_URL and MEDIA_ROOT, or by DATA_DIR.",
                    code="not_empty",
                )


def require_no_files() -> None:
    """Refuse a storage that holds files.

    Raises:
        WrongState: there are files; one is named.
    """
    if names := list_media_files():
        raise WrongState(
            f"The media are not empty: there are {len(names):,} files, {names[0]} among them. A backup is restored "
            "into an empty place only: name another one by MEDIA_ROOT or DATA_DIR, or move the files away.",
            code="not_empty",
        )


def _tables_of_ours() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    names = {model._meta.db_table for model in models if model._meta.app_label not in LEFT_OUT}
    return names & set(connection.introspection.table_names())


def drop_tables() -> None:
    """Drop all tables of an empty place, so that they can be made as an older version had them."""
    ours = [*connection.introspection.django_table_names(only_existing=True, include_views=False), "django_migrations"]
    with connection.constraint_checks_disabled(), write_transaction(), connection.cursor() as cursor:
        for name in ours:
            cursor.execute(f'DROP TABLE IF EXISTS "{name}"' + (" CASCADE" if connection.vendor == "postgresql" else ""))


@contextmanager
def prevent_second_restore() -> Iterator[None]:
    """Keep a second restore into the same database out.

    Raises:
        WrongState: one is under way.
    """
    taken = _postgresql_lock() if connection.vendor == "postgresql" else _sqlite_lock()
    with taken as got:
        if not got:
            raise WrongState("Another restore into this database is under way: wait for it.", code="busy")
        yield


@contextmanager
def _postgresql_lock() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        got = bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _sqlite_lock() -> Iterator[bool]:
    database: Any = connection
    if database.is_in_memory_db():
        yield True
        return
    path = Path(f"{database.settings_dict['NAME']}.restore")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
