"""Checks a ZIP file by its directory, before any member is read.

Knows nothing of Django and needs the standard library alone, so that an upload is refused before it is even stored.
"""

import re
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

MOST_MEMBERS = 200_000
# What one member takes in the central directory, at the very most: its fixed part, and a name with extra fields.
LONGEST_ENTRY = 1_000
LONGEST_NAME = 400
LONGEST_PART = 255
LOCAL_HEADER = 30
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1 | 0x40 | 0x2000
DRIVE = re.compile(r"[A-Za-z]:")
# A small file of zeros may well compress as strongly as a bomb does.
RATIO_MATTERS_FROM = 10_000_000
MOST_RATIO = 400
SHOWN = 5
# Left by file managers and version control, or words about the data: nobody means them to be imported.
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "manifest.json", "dataset_info.json", "dataset_infos.json"})
IGNORED_ENDINGS = (".md", ".txt", ".toml", ".pdf")
IGNORED_BARE = ("readme", "license", "licence", "copying", "notice", "citation")


class ArchiveRefused(ValueError):
    """The reason why an archive is not unpacked, and what to do about it."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How many bytes an archive may unpack to, and per file ending how large its files may be."""

    total: int
    endings: Mapping[str, int]


@dataclass(slots=True)
class ArchiveContents:
    """The members that are to be unpacked, and the names of those that are left out by rule."""

    taken: list[zipfile.ZipInfo] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(member.file_size for member in self.taken)


def is_archive(file: BinaryIO) -> bool:
    """Tell whether a file begins as a ZIP file does, empty ones included."""
    file.seek(0)
    return file.read(4) in (b"PK\3\4", b"PK\5\6", b"PK\6\6")


def inspect_archive(file: BinaryIO, limits: ArchiveLimits) -> ArchiveContents:
    """Return what may be unpacked of a ZIP file, reading only its directory.

    Raises:
        ArchiveRefused: it is no ZIP file, or one that is not safe to unpack.
    """
    _refuse_endless_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            directory = archive.start_dir
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise ArchiveRefused(f"The ZIP file is damaged ({error}); make or fetch it again.") from None
    contents = ArchiveContents()
    for member in members:
        _refuse_unsafe(member)
        if not member.is_dir():
            (contents.ignored.append(member.filename) if _is_ignored(member) else contents.taken.append(member))
    _refuse_same_names(members)
    _refuse_overlaps(members, directory)
    _refuse_wrong_kinds(contents.taken, limits)
    _refuse_bombs(contents, limits)
    return contents


def _refuse_endless_directory(file: BinaryIO) -> None:
    """Reject a directory whose declared size is too large to be read."""
    size = file.seek(0, 2)
    start = max(0, size - 65_557)
    file.seek(start)
    end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) < at + 22:
        raise ArchiveRefused("This is no ZIP file, or one that is cut short; make or fetch it again.")
    entries, directory = struct.unpack("<HL", end[at + 10 : at + 16])
    locator = end[at - 20 : at] if at >= 20 else b""
    if locator.startswith(b"PK\6\7"):
        (place,) = struct.unpack("<Q", locator[8:16])
        file.seek(min(place, size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(b"PK\6\6"):
            raise ArchiveRefused("The ZIP file is damaged; make or fetch it again.")
        entries, directory = struct.unpack("<32xQQ8x", record)
    if entries > MOST_MEMBERS or directory > MOST_MEMBERS * LONGEST_ENTRY:
        raise ArchiveRefused(f"The ZIP file has more than {MOST_MEMBERS:,} members; split it.")
    file.seek(0)


def _refuse_unsafe(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    shown = _printable_name(name)
    for text in (name, member.filename):
        path = PurePosixPath(text)
        if not text or "\0" in text or "\\" in text or any(ord(letter) < 32 for letter in text):
            raise ArchiveRefused(f"{shown} in the ZIP file has a name that is no plain path; rename it.")
        if path.is_absolute() or DRIVE.match(text) or ".." in path.parts:
            raise ArchiveRefused(f"{shown} leads outside of the ZIP file; pack it with plain paths.")
        if len(text) > LONGEST_NAME or any(len(part.encode(errors="replace")) > LONGEST_PART for part in path.parts):
            raise ArchiveRefused(f"{shown} in the ZIP file has too long a name; shorten it.")
    if member.flag_bits & ENCRYPTED:
        raise ArchiveRefused(f"{shown} in the ZIP file is encrypted; pack it without a password.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if kind == stat.S_IFLNK else "no plain file"
        raise ArchiveRefused(f"{shown} in the ZIP file is {what}; put the file itself there.")
    if member.is_dir() and member.file_size:
        raise ArchiveRefused(f"{shown} in the ZIP file is a folder with content; make the file again.")
    if member.compress_type not in METHODS:
        raise ArchiveRefused(f"{shown} in the ZIP file is compressed in an unusual way; pack it by deflate.")


def _is_ignored(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    name = path.name.casefold()
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    words = path.suffix == "" and name in IGNORED_BARE
    return hidden or words or name in IGNORED_NAMES or path.suffix.lower() in IGNORED_ENDINGS


def _refuse_same_names(members: Iterable[zipfile.ZipInfo]) -> None:
    files: set[str] = set()
    folders: set[str] = set()
    for member in members:
        # As file systems compare them that ignore case, or how an accent is written.
        path = PurePosixPath(unicodedata.normalize("NFC", member.filename).casefold())
        folders.update(str(parent) for parent in path.parents)
        if member.is_dir():
            folders.add(str(path))
        elif str(path) in files:
            raise ArchiveRefused(f"{_printable_name(member.filename)} is in the ZIP file twice; keep one.")
        else:
            files.add(str(path))
    for name in sorted(files & folders):
        raise ArchiveRefused(f"{_printable_name(name)} is a file and a folder in the ZIP file; keep one.")


def _refuse_overlaps(members: Iterable[zipfile.ZipInfo], directory: int) -> None:
    """Reject members that share bytes, as overlapping ZIP bombs do."""
    last_end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < last_end:
            raise ArchiveRefused(
                f"{_printable_name(member.filename)} overlaps with another member of the ZIP file; pack it anew."
            )
        last_end = member.header_offset + LOCAL_HEADER + member.compress_size
    if last_end > directory:
        raise ArchiveRefused("The ZIP file declares more than it holds; make or fetch it again.")


def _refuse_wrong_kinds(members: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    wrong = [member.filename for member in members if _file_ending(member) not in limits.endings]
    if wrong:
        raise ArchiveRefused(
            f"The ZIP file holds what is neither lines nor pictures: {shorten_names(wrong)}. Take it out; possible are "
            f"{', '.join(sorted(limits.endings))}."
        )


def _refuse_bombs(contents: ArchiveContents, limits: ArchiveLimits) -> None:
    for member in contents.taken:
        most = limits.endings[_file_ending(member)]
        if member.file_size > most:
            message = (
                f"{_printable_name(member.filename)} would unpack to {member.file_size:,} bytes, more than {most:,}"
            )
            raise ArchiveRefused(f"{message}; make it smaller.")
        if member.file_size > RATIO_MATTERS_FROM and member.file_size > MOST_RATIO * max(1, member.compress_size):
            message = f"{_printable_name(member.filename)} would unpack to more than {MOST_RATIO} times its size"
            raise ArchiveRefused(f"{message}, as bombs do; import the file itself.")
    if contents.bytes > limits.total:
        raise ArchiveRefused(
            f"The ZIP file would unpack to {contents.bytes:,} bytes, more than {limits.total:,}; split it."
        )


def shorten_names(names: list[str]) -> str:
    """Return the first few of many names from a file, and how many more there are."""
    shown = ", ".join(_printable_name(name) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def _file_ending(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()


def _printable_name(name: str) -> str:
    return ascii(name if len(name) <= 80 else f"{name[:80]}…") if not name.isprintable() else repr(name[:80])
