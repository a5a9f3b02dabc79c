"""All rows of a backup go into the database in one transaction, and foreign keys are looked at once, at its end."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from annotation.core.transactions import write_transaction

from .columns import BackupTable
from .values import value_converter


@contextmanager
def loading_transaction(tables: Sequence[BackupTable]) -> Iterator[None]:
    """Open the transaction that fills these tables, in any order.

    Raises:
        DatabaseError: at the end, a row names another one that is not there.
    """
    if connection.vendor == "postgresql":
        # Checked row by row they would take longer than all the rest; so they are set anew, which checks them at once.
        with write_transaction():
            keys = _drop_foreign_keys([table.name for table in tables])
            yield
            _set_foreign_keys(keys)
        return
    with connection.constraint_checks_disabled(), write_transaction():
        yield
        connection.check_constraints()


def _drop_foreign_keys(tables: list[str]) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
               WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY 1, 2""",
            [[f'"{table}"' for table in tables]],
        )
        keys: list[tuple[str, str, str]] = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return keys


def _set_foreign_keys(keys: list[tuple[str, str, str]]) -> None:
    with connection.cursor() as cursor:
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def insert_rows(table: BackupTable, pages: Iterable[list[list[Any]]]) -> Iterator[int]:
    """Insert rows as a backup has them; yields how many were taken after each page."""
    turn = value_converter(table.columns, connection.vendor)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
                for rows in pages:
                    turn(rows)
                    for row in rows:
                        copy.write_row(row)
                    yield len(rows)
            return
        places = ", ".join(["%s"] * len(table.columns))
        sql = f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608 - names of our own columns
        for rows in pages:
            turn(rows)
            if rows:
                cursor.executemany(sql, rows)
            yield len(rows)
