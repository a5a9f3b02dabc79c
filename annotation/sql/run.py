"""How a statement is run, and how values look on either database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection


def rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def changed(sql: str, parameters: Sequence[Any]) -> int:
    """Run a write and return how many rows it touched."""
    with connection.cursor() as cursor:
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
