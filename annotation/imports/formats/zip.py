"""Unpacks ZIP files that are safe into a temporary folder."""

import shutil
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from annotation.core.zip_safety import ArchiveContents, ArchiveRefused, inspect_archive, shorten_names
from annotation.imports.format_names import archive_limits

from .base import SourceOptions, unreadable_file

PIECE_BYTES = 1 << 20


def inspect_zip(path: Path) -> ArchiveContents:
    """Return what may be unpacked of a ZIP file, without unpacking it.

    Raises:
        BadInput: it is not safe to unpack, or no ZIP file.
    """
    try:
        with path.open("rb") as file:
            return inspect_archive(file, archive_limits())
    except ArchiveRefused as refused:
        raise unreadable_file(str(refused)) from None


def unpack_archive(path: Path, contents: ArchiveContents, options: SourceOptions) -> Path:
    """Unpack the contents and return the temporary folder.

    The folder is removed when the import has ended.

    Raises:
        BadInput: a member holds more than it declares, or is damaged, or the disk has no room.
    """
    folder = options.folder()
    free = shutil.disk_usage(folder).free
    if contents.bytes > free:
        raise unreadable_file(f"The ZIP file needs {contents.bytes:,} bytes of disk, and {free:,} are free; make room.")
    with zipfile.ZipFile(path) as archive:
        for index, member in enumerate(contents.taken):
            if options.progress:
                options.progress(0, None, f"Unpacking {index:,} of {len(contents.taken):,} files")
            _unpack(archive, member, folder)
    return folder


def describe_ignored_members(contents: ArchiveContents) -> list[str]:
    """Return a note on the members that were left out by rule."""
    count = len(contents.ignored)
    files = f"{count:,} file" + (" was" if count == 1 else "s were")
    return [f"In the ZIP, {files} left out: {shorten_names(contents.ignored)}."] if count else []


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / member.filename
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("xb") as file:
            size = _copy_bounded(source, file, member.file_size)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise unreadable_file(f"{member.filename!r} in the ZIP file is damaged ({error}); pack it anew.") from None
    if size != member.file_size:
        message = f"{member.filename!r} in the ZIP file does not hold the {member.file_size:,} bytes that it declares"
        raise unreadable_file(f"{message}; pack it anew.")


def _copy_bounded(source: BinaryIO, target: BinaryIO, limit: int) -> int:
    """Copy at most the declared bytes, and return the size.

    Bytes beyond these are not written; the returned size is larger then.
    """
    size = 0
    while piece := source.read(PIECE_BYTES):
        size += len(piece)
        if size > limit:
            return size
        target.write(piece)
    return size
