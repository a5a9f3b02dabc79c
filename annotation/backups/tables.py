"""Which tables are backed up, and which columns they have at a given state of migration."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from .columns import BackupTable, Column, kind_of

# Whatever is not named here is kept, so that a table of tomorrow is not forgotten.
LEFT_OUT = {
    "sessions": "who is signed in: everybody signs in again",
    "axes": "failed attempts to sign in",
    "contenttypes": "made anew by migrate",
    "auth": "made anew by migrate; what people may do stands in annotation_member and annotation_user",
}

# Names of migrations by application, sorted.
Migrations = Mapping[str, list[str]]


def applied_migrations(database: Any) -> Migrations:
    """Return what has been migrated in the tables that are kept, as the connection sees it."""
    with database.cursor() as cursor:
        if MigrationRecorder.Migration._meta.db_table not in database.introspection.table_names(cursor):
            return {}
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        return _by_application(cursor.fetchall())


def known_migrations() -> Migrations:
    """Return all migrations of the tables that are kept, as the present code has them."""
    return _by_application(sorted(MigrationLoader(None).graph.nodes))


def _by_application(names: Iterable[tuple[str, str]]) -> Migrations:
    known = {label for label, _ in MigrationLoader(None).disk_migrations}
    found: dict[str, list[str]] = {}
    for label, name in names:
        if label in known and label not in LEFT_OUT:
            found.setdefault(label, []).append(name)
    return found


def newest_migrations(migrations: Migrations) -> list[tuple[str, str]]:
    """Return those of the migrations that no other one of them rests on."""
    given = {(label, name) for label, names in migrations.items() for name in names}
    children = MigrationLoader(None).graph.node_map
    return sorted(node for node in given if not any(child.key in given for child in children[node].children))


def unknown_migrations(migrations: Migrations) -> list[str]:
    """Return the migrations among these that the present code does not have."""
    known = MigrationLoader(None).graph.nodes
    return [f"{label}.{name}" for label, names in migrations.items() for name in names if (label, name) not in known]


def tables_at(migrations: Migrations) -> list[BackupTable]:
    """Return the tables that are kept as they are after these migrations, by name."""
    kept = (model for model in _state(migrations).apps.get_models(include_auto_created=True) if _is_kept(model))
    return sorted(_table(model) for model in kept)


def _state(migrations: Migrations) -> ProjectState:
    loader = MigrationLoader(None)
    nodes = [(label, name) for label, names in migrations.items() for name in names]
    return loader.project_state(nodes)


def _is_kept(model: type[models.Model]) -> bool:
    return model._meta.managed and not model._meta.proxy and model._meta.app_label not in LEFT_OUT


def _table(model: type[models.Model]) -> BackupTable:
    key = model._meta.pk
    columns = tuple(Column(str(field.column), kind_of(field), field.null) for field in model._meta.concrete_fields)
    return BackupTable(model._meta.db_table, columns, str(key.column), isinstance(key, models.AutoField))
