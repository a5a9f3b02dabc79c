"""A backup is put into an empty place: files first, then all rows at once."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from annotation.core.errors import BadInput, WrongState
from annotation.core.restore_marker import find_unfinished_restore

from . import target
from .archive import ArchiveMember, open_archive
from .checking import check_backup
from .inserting import insert_rows, loading_transaction
from .manifest import MEDIA, TABLES, Manifest
from .media_files import remove_all
from .sequences import go_on_after
from .tables import Migrations, applied_migrations, known_migrations, newest_migrations, tables_at, unknown_migrations

FILES_BETWEEN_REPORTS = 50
IN_MEMORY_BYTES = 8_000_000
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored. ``resumed``: an earlier restore had loaded it, and only migrating remained."""

    manifest: Manifest
    resumed: bool


def restore_backup(*, path: Path, progress: Progress = lambda *_: None) -> RestoreReport:
    """Restore a backup into an empty place, migrated to the present version.

    All of the backup is checked before anything is written. What goes wrong later leaves the place empty again; a
    restore that is killed leaves a mark by which the next one clears up or goes on, and without which no server starts.
    Jobs that ran keep the lease that they had: it has run out by then, and the sweep resumes them.

    Raises:
        BadInput: the backup cannot be restored by this version, or is damaged.
        WrongState: the place is not empty, or another restore is under way.
        OSError: the file cannot be read, or a stored file not be written.
    """
    manifest = check_backup(path=path, progress=progress)
    digest = hashlib.sha256(manifest.as_json()).hexdigest()
    with target.prevent_second_restore():
        left = find_unfinished_restore()
        if left is not None and left.loaded:
            if left.digest != digest:
                raise WrongState(left.sentence, code="unfinished_restore")
            _migrate_forward()
            return RestoreReport(manifest, resumed=True)
        if unknown := unknown_migrations(applied_migrations(connection)):
            raise WrongState(f"The database is of a newer version, which brought {unknown[0]}. Name an empty one.")
        target.require_no_rows()
        if left is None:
            target.require_no_files()
        else:
            remove_all()
            target.unmark_target()
        target.mark_target(file=path, digest=digest)
        try:
            _migrate_to(manifest.migrations)
            _restore_files(path, manifest, progress)
            _restore_rows(path, manifest, progress)
        except BaseException:
            with suppress(DatabaseError, OSError):
                remove_all()
                target.unmark_target()
            raise
        if not _is_present(manifest.migrations):
            _migrate_forward()
        if connection.vendor == "postgresql":
            # Until it knows what is in the tables, the first queries are planned as for empty ones.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
    return RestoreReport(manifest, resumed=False)


def _migrate_to(migrations: Migrations) -> None:
    """Make the tables as they were when the backup was made."""
    if _is_present(migrations):
        call_command("migrate", interactive=False, verbosity=0)
        return
    applied = applied_migrations(connection)
    if any(set(names) - set(migrations.get(label, ())) for label, names in applied.items()):
        target.drop_tables()
    MigrationExecutor(connection).migrate(newest_migrations(migrations))


def _is_present(migrations: Migrations) -> bool:
    """Tell whether these are all migrations that the present version has."""
    return dict(migrations) == dict(known_migrations())


def _migrate_forward() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    target.unmark_target()


def _restore_files(path: Path, manifest: Manifest, progress: Progress) -> None:
    done = 0
    with open_archive(path) as members:
        for member in members:
            if not member.name.startswith(MEDIA):
                continue
            name = member.name.removeprefix(MEDIA)
            with _as_file(member) as content:
                stored = default_storage.save(name, content)
            if stored != name:
                raise WrongState(f"The storage keeps {name} as {stored}: is somebody else writing into it?")
            done += 1
            if done % FILES_BETWEEN_REPORTS == 0 or done == len(manifest.media):
                progress(done, len(manifest.media), "storing files")


@contextmanager
def _as_file(member: ArchiveMember) -> Iterator[File]:
    """Give a member as a file that any storage can read, measure and rewind."""
    if member.size <= IN_MEMORY_BYTES:
        yield ContentFile(b"".join(member.chunks()))
        return
    with tempfile.TemporaryFile() as copy:
        copy.writelines(member.chunks())
        copy.seek(0)
        yield File(copy)


def _restore_rows(path: Path, manifest: Manifest, progress: Progress) -> None:
    tables = {f"{TABLES}{table.name}.jsonl": table for table in tables_at(manifest.migrations)}
    done, where = 0, ""
    try:
        with loading_transaction(list(tables.values())), open_archive(path) as members:
            for member in members:
                table = tables.get(member.name)
                if table is None:
                    continue
                where = f" {table.name}:"
                for rows in insert_rows(table, _rows(member)):
                    done += rows
                    progress(done, manifest.rows, "storing rows")
                if table.numbered:
                    go_on_after(connection, table, manifest.tables[table.name].last_id or 0)
            where = ""
            if done != manifest.rows:
                raise BadInput(f"{path} was changed while it was read. Nothing was restored.")
            if _is_present(manifest.migrations):
                target.unmark_target()
            else:
                target.mark_loaded()
    except DatabaseError as error:
        why = f"{where} {str(error).strip()}"
        raise BadInput(f"The database refuses rows of the backup:{why} Nothing was restored.") from error


def _rows(member: ArchiveMember) -> Iterator[list[list[Any]]]:
    """Yield the rows of a table, some at a time."""
    rest = b""
    for chunk in member.chunks():
        *whole, rest = (rest + chunk).split(b"\n")
        yield json.loads(b"[" + b",".join(whole) + b"]")
