"""How a value is written in a backup, and how each kind of database gives and takes it.

A time is ISO 8601 with six digits of a second and a Z, a UUID has its hyphens, JSON stands as it is with its keys
sorted, and numbers are exact. The database writes times and UUIDs itself: through Python objects it would take longer
than all the rest.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .columns import BackupTable, Column

LARGEST_WRITTEN_WITH_A_POINT = 1e16

_encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def select_columns(table: "BackupTable", vendor: str) -> str:
    """Return the query that reads a table by its primary key, with values nearly as the backup writes them."""
    selected = ", ".join(_selected(column, vendor) for column in table.columns)
    return f'SELECT {selected} FROM "{table.name}" ORDER BY "{table.key}"'  # noqa: S608 - names of our own columns


def _selected(column: "Column", vendor: str) -> str:
    name = f'"{column.name}"'
    if vendor == "postgresql":
        if column.kind == "time":
            return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        return f"{name}::text" if column.kind in ("uuid", "json") else name
    if column.kind == "time":
        # Whole seconds are stored without a fraction.
        return f"replace(substr({name} || '.000000', 1, 26), ' ', 'T') || 'Z'"
    if column.kind == "uuid":
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({name}, {start}, {length})" for start, length in parts)
    return name


def format_rows(columns: Sequence["Column"], rows: Sequence[Sequence[Any]]) -> str:
    """Write rows as `selection` reads them, each a line."""
    texts = [place for place, column in enumerate(columns) if column.kind == "json"]
    if texts:
        rows = [list(row) for row in rows]
        for row in rows:
            for place in texts:
                if row[place] is not None:
                    row[place] = _parsed(row[place])  # type: ignore[index]
    return "".join([_encode(row) + "\n" for row in rows])


def _parsed(text: str) -> Any:
    return {} if text == "{}" else json.loads(text, parse_float=_float)


def _float(text: str) -> float | int:
    """Read a number; a large whole one as an integer, since PostgreSQL gives it back without point and exponent."""
    value = float(text)
    return int(value) if LARGEST_WRITTEN_WITH_A_POINT <= abs(value) < float("inf") else value


def value_converter(columns: Sequence["Column"], vendor: str) -> Callable[[list[list[Any]]], None]:
    """Return a function that turns rows of a backup, in place, into what the database takes."""
    changes = [(place, change) for place, column in enumerate(columns) if (change := _change(column, vendor))]

    def turn(rows: list[list[Any]]) -> None:
        for place, change in changes:
            for row in rows:
                row[place] = change(row[place])

    return turn


def _change(column: "Column", vendor: str) -> Callable[[Any], Any] | None:
    if column.kind == "json":
        # Where a column must have a value, this one is JSON's own null.
        return (lambda value: None if value is None else json.dumps(value)) if column.nullable else json.dumps
    if vendor == "sqlite" and column.kind == "uuid":
        return lambda value: value and value.replace("-", "")
    return _sqlite_time if vendor == "sqlite" and column.kind == "time" else None


def _sqlite_time(value: str | None) -> str | None:
    """Write a time as Django does, since SQLite compares times as texts."""
    if value is None:
        return None
    return f"{value[:10]} {value[11:19]}" if value.endswith(".000000Z") else f"{value[:10]} {value[11:26]}"
