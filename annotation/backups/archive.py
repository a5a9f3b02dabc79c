"""The file of a backup as a sequence of members: written and read one by one, never as a whole."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

from annotation.core.errors import BadInput

from .manifest import BackupFile

CHUNK = 1 << 20
# What is read at a time becomes rows, which take a multiple of its memory.
PIECE = 1 << 17
GZIP_MAGIC = b"\x1f\x8b"
# More of them costs far more time than it spares space: most bytes are pictures.
GZIP_LEVEL = 4
# `TarFile` remembers every member that it has met, for looking up: those lists are emptied.
UNREADABLE = (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError)


class ArchiveWriter:
    """Adds members whose headers say nothing but name and size, so that the same content gives the same bytes."""

    def __init__(self, archive: Any) -> None:
        self._archive = archive

    def add(self, name: str, size: int, source: IO[bytes]) -> BackupFile:
        """Add ``size`` bytes read from ``source``.

        Raises:
            OSError: there are fewer.
        """
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashing = _Hashing(source)
        self._archive.addfile(member, hashing)
        self._archive.members.clear()
        return BackupFile(size, hashing.sha256.hexdigest())

    def add_bytes(self, name: str, data: bytes) -> BackupFile:
        return self.add(name, len(data), BytesIO(data))


class _Hashing:
    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.sha256 = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.sha256.update(data)
        return data


@contextmanager
def written_to(file: IO[bytes], *, compressed: bool) -> Iterator[ArchiveWriter]:
    """Write an archive into an open file."""
    with ExitStack() as stack:
        target: IO[bytes] = file
        if compressed:
            # Without name and time: they would differ where the content does not.
            packed: Any = gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=file, mtime=0)
            target = stack.enter_context(packed)
        archive: Any = stack.enter_context(
            tarfile.open(fileobj=target, mode="w|", bufsize=CHUNK, format=tarfile.PAX_FORMAT)
        )
        archive.copybufsize = CHUNK
        yield ArchiveWriter(archive)


class ArchiveMember(NamedTuple):
    """A file in an archive; ``chunks`` gives its bytes, once."""

    name: str
    size: int
    is_file: bool
    stream: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.stream.read(PIECE):
            yield chunk


@contextmanager
def open_archive(
    path: Path, *, read: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[Iterator[ArchiveMember]]:
    """Read an archive; ``read`` is told how many of the file's bytes are behind after each member.

    Raises:
        BadInput: the file cannot be read as an archive to its end.
    """
    total = path.stat().st_size
    with path.open("rb") as file, ExitStack() as stack:
        source: IO[bytes] = file
        if file.peek(2).startswith(GZIP_MAGIC):
            packed: Any = gzip.GzipFile(fileobj=file, mode="rb")
            source = stack.enter_context(packed)

        def members() -> Iterator[ArchiveMember]:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                yield ArchiveMember(member.name, member.size, member.isreg(), stream or BytesIO())
                archive.members.clear()
                read(file.tell(), total)

        try:
            archive: Any = stack.enter_context(tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK))
            yield members()
        except UNREADABLE as error:
            raise BadInput(
                f"{path} is no backup, or it is damaged or cut off ({error}). Take another copy.", code="damaged_backup"
            ) from None
