"""How a statement is run, and how values look on either database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection


@contextmanager
def _cursor() -> Iterator[Any]:
    """Yield a cursor; on PostgreSQL one that prepares its statements, as planning takes longer there than running."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    from psycopg import Cursor

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        yield cursor


def rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    with _cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def changed(sql: str, parameters: Sequence[Any]) -> int:
    """Run a write and return how many rows it touched."""
    with _cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def moment(value: datetime) -> Any:
    """Return ``value`` as the connected database stores it."""
    return connection.ops.adapt_datetimefield_value(value)


def aware(value: datetime) -> datetime:
    """Return a time read from the database with its zone, which SQLite does not store."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def stored_uuid(value: UUID) -> Any:
    """Return ``value`` as the connected database stores it."""
    return value if connection.features.has_native_uuid_field else value.hex
