"""The numbers that the database gives to new rows, kept so that none is ever given twice."""

from typing import Any

from .columns import BackupTable


def last_id(database: Any, table: BackupTable) -> int | None:
    """Return the highest number that was given to a row of the table; None where the database gives none."""
    if not table.numbered:
        return None
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name])
            found = cursor.fetchone()
            return int(found[0]) if found else 0
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table.name}"', table.key])
        (sequence,) = cursor.fetchone()
        cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}")  # noqa: S608
        return int(cursor.fetchone()[0])


def go_on_after(database: Any, table: BackupTable, last: int) -> None:
    """Let the next row of the table get a number above ``last`` and above all that are in it."""
    with database.cursor() as cursor:
        cursor.execute(f'SELECT COALESCE(MAX("{table.key}"), 0) FROM "{table.name}"')  # noqa: S608
        last = max(last, int(cursor.fetchone()[0]))
        if database.vendor == "postgresql":
            sql = "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)"
            cursor.execute(sql, [f'"{table.name}"', table.key, max(last, 1), last > 0])
            return
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
        if last:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, last])
