"""A backup is checked: everything is there, nothing was changed, and this version can restore it."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from annotation.core.errors import BadInput

from .archive import ArchiveMember, open_archive
from .manifest import MEDIA, NAME, BackupFile, Manifest, read_manifest
from .media_files import is_safe_path
from .tables import tables_at, unknown_migrations

MANIFEST_MAX_BYTES = 1 << 30
NAMED = 3
Progress = Callable[[int, int | None, str], None]


def check_backup(*, path: Path, progress: Progress = lambda *_: None) -> Manifest:
    """Read a backup from its first to its last byte and return its manifest; nothing is written.

    Raises:
        BadInput: the file is damaged, cut off, made up, or of a newer version; what to do is said.
        OSError: the file cannot be read.
    """
    found: dict[str, BackupFile] = {}
    text: bytes | None = None
    with open_archive(path, read=lambda done, total: progress(done, total, "checking the file, bytes")) as members:
        for member in members:
            if member.name in found or (member.name == NAME and text is not None):
                raise _damaged_backup_error(path, f"it holds {member.name!r} twice")
            if not member.is_file:
                raise _damaged_backup_error(path, f"{member.name!r} in it is no file but a link, a folder or a device")
            if member.name == NAME:
                if member.size > MANIFEST_MAX_BYTES:
                    raise _damaged_backup_error(path, f"its {NAME} is too large")
                text = b"".join(member.chunks())
            else:
                found[member.name] = _content(member)
    if text is None:
        raise _damaged_backup_error(path, f"it ends before its {NAME}")
    manifest = read_manifest(text)
    _require_known(manifest)
    _require_same(path, manifest.members(), found)
    for name in manifest.media:
        if not is_safe_path(name):
            raise _damaged_backup_error(path, f"{MEDIA}{name!r} in it leads outside of the media")
    _require_known_tables(path, manifest)
    return manifest


def _content(member: ArchiveMember) -> BackupFile:
    sha256, size = hashlib.sha256(), 0
    for chunk in member.chunks():
        sha256.update(chunk)
        size += len(chunk)
    return BackupFile(size, sha256.hexdigest())


def _require_known(manifest: Manifest) -> None:
    if unknown := unknown_migrations(manifest.migrations):
        raise BadInput(
            f"The backup was made by version {manifest.product}, which is newer than this one: {unknown[0]} is "
            "not known here. Update the platform to that version or later, then restore again.",
            code="newer_backup",
        )


def _require_same(path: Path, told: Mapping[str, BackupFile], found: Mapping[str, BackupFile]) -> None:
    missing, strange = sorted(told.keys() - found.keys()), sorted(found.keys() - told.keys())
    changed = [name for name in found.keys() & told.keys() if not _has_same_content(told[name], found[name])]
    for what, names in (("it lacks", missing), ("it also holds", strange), ("other bytes are in", changed)):
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            raise _damaged_backup_error(path, f"{what} {', '.join(map(repr, sorted(names)[:NAMED]))}{more}")


def _has_same_content(told: BackupFile, found: BackupFile) -> bool:
    return (told.bytes, told.sha256) == (found.bytes, found.sha256)


def _require_known_tables(path: Path, manifest: Manifest) -> None:
    expected = {table.name: table for table in tables_at(manifest.migrations)}
    if expected.keys() != manifest.tables.keys():
        names = ", ".join(sorted(expected.keys() ^ manifest.tables.keys()))
        raise _damaged_backup_error(path, f"its tables are not those of its version: {names}")
    for name, content in manifest.tables.items():
        if not content.is_of(expected[name]):
            raise _damaged_backup_error(path, f"the columns of {name} are not those of its version")


def _damaged_backup_error(path: Path, why: str) -> BadInput:
    return BadInput(
        f"{path} is damaged, cut off or no backup: {why}. Take another copy; nothing was restored from this one.",
        code="damaged_backup",
    )
