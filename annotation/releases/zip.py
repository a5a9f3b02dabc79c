"""Packs a release's folder as one ZIP file, and reads single files from it."""

import hashlib
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .output_folder import CHUNK_SIZE

# The oldest moment that a ZIP file can name: the same release archive_file twice is the same file.
MOMENT = (1980, 1, 1, 0, 0, 0)
UNIX = 3
TEXTS = frozenset({".jsonl", ".json", ".csv", ".md", ".toml", ".xml"})


@dataclass(frozen=True, slots=True)
class ArchiveDigest:
    """Size and SHA-256 of an archive."""

    bytes: int
    sha256: str


def pack_folder(folder: Path, target: Path) -> ArchiveDigest:
    """Pack a rendered folder as a ZIP file; only texts are compressed.

    Packing the same files again gives the same bytes.
    """
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                _add(archive, path, path.relative_to(folder).as_posix())
    with target.open("rb", buffering=0) as archive_file:
        sha256 = hashlib.file_digest(archive_file, "sha256").hexdigest()
    return ArchiveDigest(target.stat().st_size, sha256)


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.create_system = UNIX
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if source.suffix in TEXTS else zipfile.ZIP_STORED
    entry.file_size = source.stat().st_size
    with source.open("rb", buffering=0) as file, archive.open(entry, "w") as archive_file:
        shutil.copyfileobj(file, archive_file, CHUNK_SIZE)


@contextmanager
def open_archive_member(archive: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Open one file of an archive as a stream of its content.

    Raises:
        KeyError: there is no file of this name in it.
    """
    with zipfile.ZipFile(archive) as opened, opened.open(name) as stream:
        yield stream
