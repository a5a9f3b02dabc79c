"""Runs SQL statements, and converts values for SQLite and PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction


def _execute(sql: str, parameters: Sequence[Any]) -> Any:
    """Run a statement, prepared on PostgreSQL, and return its cursor.

    Asks for the connection once: the proxy that Django gives out looks it up anew for each of its attributes.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        cursor: Any = database.cursor()
        cursor.execute(sql, parameters)
        return cursor
    from psycopg import Cursor

    database.ensure_connection()
    cursor = Cursor(database.connection)
    with database.wrap_database_errors:
        cursor.execute(sql, parameters)
    return cursor


@contextmanager
def send_writes_together() -> Iterator[None]:
    """Send the writes of the block without waiting for each answer, on PostgreSQL.

    What they return means nothing inside, and a fault is raised at the end of the block at the latest. A query inside
    waits for what was sent before it.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        yield
        return
    database.ensure_connection()
    with database.wrap_database_errors, database.connection.pipeline():
        yield


def fetch_rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    with _execute(sql, parameters) as cursor:
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def execute_write(sql: str, parameters: Sequence[Any]) -> int:
    """Run a write and return how many rows it touched."""
    with _execute(sql, parameters) as cursor:
        return int(cursor.rowcount)


def database_time(value: datetime) -> Any:
    """Return ``value`` as the connected database stores it."""
    return connection.ops.adapt_datetimefield_value(value)


def with_time_zone(value: datetime) -> datetime:
    """Return a time read from the database with its zone, which SQLite does not store."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def database_uuid(value: UUID) -> Any:
    """Return ``value`` as the connected database stores it."""
    return value if connection.features.has_native_uuid_field else value.hex


@contextmanager
def prefer_indexes() -> Iterator[None]:
    """Make queries of the block that name many keys use indexes, until the transaction ends.

    PostgreSQL would read the whole table for hundreds of keys, again for each piece of a large import.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        execute_write("SET LOCAL enable_seqscan = off", [])
        execute_write("SET LOCAL max_parallel_workers_per_gather = 0", [])
        yield


def to_microseconds(moment: datetime) -> int:
    """Return a time as microseconds, the unit of `queued_at`."""
    return int(moment.timestamp() * 1_000_000)


def moment_text(value: str | None) -> str:
    """Write a time as `standing_scores` reads it in ISO form, in UTC; nothing for an unknown one."""
    return "" if value is None else value.replace(" ", "T") + "Z"
