"""ZIP files: unpacked into a folder of their own once they are known to be safe, then read as that folder."""

import shutil
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from annotation.core.zip_safety import ArchiveContents, ArchiveRefused, inspect_archive, shorten_names
from annotation.imports.format_names import archive_limits

from .base import SourceOptions, unreadable_file

PIECE = 1 << 20


def look_into(path: Path) -> ArchiveContents:
    """Return what may be unpacked of a ZIP file; nothing is.

    Raises:
        BadInput: it is not safe to unpack, or no ZIP file.
    """
    try:
        with path.open("rb") as file:
            return inspect_archive(file, archive_limits())
    except ArchiveRefused as refused:
        raise unreadable_file(str(refused)) from None


def unpack_archive(path: Path, contents: ArchiveContents, asked: SourceOptions) -> Path:
    """Unpack what `look_into` has found, and return the folder; it is gone when the import has ended.

    Raises:
        BadInput: a member holds more than it declares, or is damaged, or the disk has no room.
    """
    folder = asked.folder()
    free = shutil.disk_usage(folder).free
    if contents.bytes > free:
        raise unreadable_file(f"The ZIP file needs {contents.bytes:,} bytes of disk, and {free:,} are free; make room.")
    with zipfile.ZipFile(path) as archive:
        for index, member in enumerate(contents.taken):
            if asked.progress:
                asked.progress(0, None, f"Unpacking {index:,} of {len(contents.taken):,} files")
            _unpack(archive, member, folder)
    return folder


def describe_left_out(contents: ArchiveContents) -> list[str]:
    """Say which members were left out by rule."""
    count = len(contents.ignored)
    files = f"{count:,} file" + (" was" if count == 1 else "s were")
    return [f"In the ZIP, {files} left out: {shorten_names(contents.ignored)}."] if count else []


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / member.filename
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("xb") as file:
            size = _copy(source, file, member.file_size)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise unreadable_file(f"{member.filename!r} in the ZIP file is damaged ({error}); pack it anew.") from None
    if size != member.file_size:
        message = f"{member.filename!r} in the ZIP file does not hold the {member.file_size:,} bytes that it declares"
        raise unreadable_file(f"{message}; pack it anew.")


def _copy(source: BinaryIO, target: BinaryIO, most: int) -> int:
    """Copy, and return how much it was; what is more than declared is noticed and not written."""
    size = 0
    while piece := source.read(PIECE):
        size += len(piece)
        if size > most:
            return size
        target.write(piece)
    return size
