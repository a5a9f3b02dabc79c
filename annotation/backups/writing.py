"""A backup is made: all rows as of one moment, then all files, while everybody goes on working."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.core.errors import BadInput, WrongState
from annotation.core.transactions import read_snapshot

from .archive import ArchiveWriter, written_to
from .columns import BackupTable
from .manifest import MEDIA, NAME, TABLES, BackupFile, Manifest, TableContent, describe_columns, product_version
from .media_files import list_media_files
from .sequences import last_id
from .tables import Migrations, applied_migrations, tables_at, unknown_migrations
from .values import format_rows, select_columns

ENDINGS = (".tar", ".tar.gz", ".tgz")
ROWS_AT_ONCE = 1000
FILES_BETWEEN_REPORTS = 50
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class BackupReport:
    """The file that was written, its bytes, and what is in it."""

    path: Path
    bytes: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Spooled:
    """The rows of a table, waiting for their place in the archive."""

    table: BackupTable
    rows: int
    last_id: int | None
    file: IO[bytes]


def write_backup(*, path: Path, overwrite: bool = False, progress: Progress = lambda *_: None) -> BackupReport:
    """Write database and media into a tar file; it stands under its name only when it is whole.

    The rows are read first, in one transaction, and the files after that: every file that a row names was there
    before the row. Nobody who works meanwhile waits. Rows wait for their turn in a nameless file beside ``path``.

    Raises:
        BadInput: the name is unfit, the folder is missing, or there is such a file and ``overwrite`` is not set.
        WrongState: another backup is being written there, or the database is empty or of a newer version.
        OSError: the file cannot be written.
    """
    _require_fit(path, overwrite=overwrite)
    with ExitStack() as stack:
        file, part = stack.enter_context(_part(path))
        migrations, tables = _read_rows(stack, path.parent, progress)
        vanished: list[str] = []
        with written_to(file, compressed=path.suffix != ".tar") as archive:
            media = _copy_files(archive, vanished, progress)
            manifest = Manifest(
                product=product_version(),
                made_at=timezone.now().isoformat(),
                migrations=migrations,
                tables={spooled.table.name: _add_table(archive, spooled) for spooled in tables},
                media=media,
                vanished=vanished,
            )
            archive.add_bytes(NAME, manifest.as_json())
        file.flush()
        os.fsync(file.fileno())
        _require_fit(path, overwrite=overwrite)
        part.replace(path)
        return BackupReport(path, path.stat().st_size, manifest)


def _require_fit(path: Path, *, overwrite: bool) -> None:
    if not path.name.endswith(ENDINGS):
        raise BadInput(f"The name of a backup ends in {', '.join(ENDINGS)}; {path.name} does not.")
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {path.parent}; make it first.")
    if path.exists() and not overwrite:
        raise BadInput(f"{path} exists already: choose another name, or overwrite it with --force.", code="exists")
    try:
        media = Path(default_storage.path("")).resolve()
    except NotImplementedError:
        # Django's word for a storage that is no local folder.
        return
    if path.parent.resolve().is_relative_to(media):
        raise BadInput(f"{path} lies in the folder of the media, which is backed up itself: choose another folder.")


@contextmanager
def _part(path: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Open the file that becomes the backup, closed to others as it holds what they may not see."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"Another backup is being written to {part}: wait for it, or choose another name."
            raise WrongState(message, code="busy") from None
        file.truncate(0)
        try:
            yield file, part
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _read_rows(stack: ExitStack, folder: Path, progress: Progress) -> tuple[Migrations, list[_Spooled]]:
    with read_snapshot() as database:
        migrations = applied_migrations(database)
        if not migrations:
            raise WrongState("The database has no tables: is DATABASE_URL or DATA_DIR the right one?", code="empty")
        if unknown := unknown_migrations(migrations):
            raise WrongState(
                f"The database is of a newer version than this one, which does not know {unknown[0]}. "
                "Take the backup with the newer version."
            )
        tables = tables_at(migrations)
        total, done, spooled = sum(_count(database, table) for table in tables), 0, []
        for table in tables:
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
            rows = 0
            for count in _spool(database, table, file):
                rows += count
                progress(done + rows, total, "reading rows")
            done += rows
            spooled.append(_Spooled(table, rows, last_id(database, table), file))
    return migrations, spooled


def _count(database: Any, table: BackupTable) -> int:
    with database.cursor() as cursor:
        cursor.execute(f'SELECT COUNT(*) FROM "{table.name}"')  # noqa: S608 - the name of our own table
        return int(cursor.fetchone()[0])


def _spool(database: Any, table: BackupTable, file: IO[bytes]) -> Iterator[int]:
    with database.chunked_cursor() as cursor:
        cursor.execute(select_columns(table, database.vendor))
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            file.write(format_rows(table.columns, rows).encode())
            yield len(rows)


def _add_table(archive: ArchiveWriter, spooled: _Spooled) -> TableContent:
    size = spooled.file.tell()
    spooled.file.seek(0)
    content = archive.add(f"{TABLES}{spooled.table.name}.jsonl", size, spooled.file)
    spooled.file.close()
    columns = describe_columns(spooled.table.columns)
    return TableContent(content.bytes, content.sha256, spooled.rows, columns, spooled.last_id)


def _copy_files(archive: ArchiveWriter, vanished: list[str], progress: Progress) -> dict[str, BackupFile]:
    names = list_media_files()
    copied: dict[str, BackupFile] = {}
    for number, name in enumerate(names, start=1):
        try:
            with default_storage.open(name) as file:
                copied[name] = archive.add(f"{MEDIA}{name}", file.size, file)
        except FileNotFoundError:
            vanished.append(name)
        if number % FILES_BETWEEN_REPORTS == 0 or number == len(names):
            progress(number, len(names), "copying files")
    return copied
