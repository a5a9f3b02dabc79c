"""The columns and tables of a backup and the kind of each value."""

from typing import Any, Literal, NamedTuple

from annotation.core.errors import WrongState

Kind = Literal["integer", "number", "text", "boolean", "time", "uuid", "json"]


KINDS: dict[str, Kind] = {
    "AutoField": "integer",
    "BigAutoField": "integer",
    "BigIntegerField": "integer",
    "BooleanField": "boolean",
    "CharField": "text",
    "DateTimeField": "time",
    "FileField": "text",
    "FloatField": "number",
    "IntegerField": "integer",
    "JSONField": "json",
    "PositiveBigIntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "SlugField": "text",
    "SmallIntegerField": "integer",
    "TextField": "text",
    "UUIDField": "uuid",
}


def kind_of(field: Any) -> Kind:
    """Return what a field's column holds.

    Raises:
        WrongState: backups know no form for it yet.
    """
    while field.remote_field is not None:
        field = field.target_field
    kind = KINDS.get(field.get_internal_type())
    if kind is None:
        name = type(field).__name__
        raise WrongState(f"Backups have no form for a {name} ({field}): add one to annotation/backups/values.py.")
    return kind


class Column(NamedTuple):
    """A column, and what its values are."""

    name: str
    kind: Kind
    nullable: bool


class BackupTable(NamedTuple):
    """A table: its columns, its primary key, and whether the database numbers its rows."""

    name: str
    columns: tuple[Column, ...]
    key: str
    numbered: bool
