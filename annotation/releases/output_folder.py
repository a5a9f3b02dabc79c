"""Writes a release's folder, hashing each file and copying each picture once."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypedDict

from django.core.files.storage import default_storage

from annotation.core.errors import WorkflowError

from .file_names import IMAGES, is_safe_path
from .record import FrozenPicture

CHUNK_SIZE = 1 << 20


class WrittenFile(TypedDict):
    """A file of a release as its manifest names it."""

    path: str
    bytes: int
    sha256: str


class OutputFolder:
    """Writes files under ``folder``, which must be new or empty."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise WorkflowError(f"The folder {folder} is not empty; name a new one.")
        self._folder = folder
        self._written: dict[str, WrittenFile] = {}
        self._open: dict[str, io.BufferedWriter] = {}
        self._pictures: dict[str, str] = {}

    @property
    def files(self) -> list[WrittenFile]:
        """All files that have been written and closed, by path."""
        if self._open:
            raise ValueError(f"still being written: {', '.join(sorted(self._open))}")
        return [self._written[path] for path in sorted(self._written)]

    @property
    def pictures(self) -> int:
        """The number of pictures that have been copied."""
        return len(self._pictures)

    def create(self, path: str) -> io.BufferedWriter:
        """Open a new file for writing; it counts as written once it is closed.

        Raises:
            ValueError: the name is not safe, or taken.
        """
        self._claim(path)
        target = self._place(path).open("xb", buffering=0)
        hashed = _HashingFile(target, lambda size, sha256: self._close(path, size, sha256))
        # Referenced here, too: garbage collection must not close a half-written file, which would count it as written.
        file: io.BufferedWriter = io.BufferedWriter(hashed, CHUNK_SIZE)
        self._open[path] = file
        return file

    def write(self, path: str, content: str) -> None:
        """Write a text file."""
        with self.create(path) as file:
            file.write(content.encode())

    def rename(self, path: str, to: str) -> None:
        """Rename a written file, where its name is not known before its end."""
        self._claim(to)
        self._place(path).rename(self._place(to))
        self._written[to] = {**self._written.pop(path), "path": to}

    def copy_picture(self, picture: FrozenPicture) -> str:
        """Copy a stored picture once, and return its path in the folder.

        Raises:
            WorkflowError: its file is gone from the storage.
        """
        path = picture_path(picture)
        storage = picture["storage"]
        if self._pictures.setdefault(path, storage) != storage:
            raise ValueError(f"two pictures are called {path}")
        if path not in self._written:
            self._claim(path)
            self._written[path] = self._copy_picture(storage, path)
        return path

    def _copy_picture(self, storage: str, path: str) -> WrittenFile:
        target = self._place(path)
        digest = hashlib.sha256()
        size = 0
        with open_picture(storage) as source, target.open("xb", buffering=0) as copy:
            copied = _copy_in_kernel(source, copy)
            if copied is None:
                while chunk := source.read(CHUNK_SIZE):
                    copy.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                return {"path": path, "bytes": size, "sha256": digest.hexdigest()}
        with target.open("rb", buffering=0) as copy_read:
            sha256 = hashlib.file_digest(copy_read, "sha256").hexdigest()
        return {"path": path, "bytes": copied, "sha256": sha256}

    def _claim(self, path: str) -> None:
        if not is_safe_path(path):
            raise ValueError(f"{path!r} is no safe name of a file")
        if path in self._written or path in self._open:
            raise ValueError(f"{path} is written already")
        self._place(path).parent.mkdir(parents=True, exist_ok=True)

    def _place(self, path: str) -> Path:
        return self._folder / path

    def _close(self, path: str, size: int, sha256: str) -> None:
        self._open.pop(path, None)
        self._written[path] = {"path": path, "bytes": size, "sha256": sha256}


class _HashingFile(io.RawIOBase):
    """A file that reports its size and SHA-256 when it is closed."""

    def __init__(self, target: io.RawIOBase, closed: Callable[[int, str], None]) -> None:
        self._target = target
        self._closed = closed
        self._digest = hashlib.sha256()
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        at = 0
        while at < len(view):
            at += self._target.write(view[at:]) or 0
        self._digest.update(view)
        self._size += len(view)
        return len(view)

    def tell(self) -> int:
        return self._size

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._target.close()
            self._closed(self._size, self._digest.hexdigest())


def picture_path(picture: FrozenPicture) -> str:
    """Return the path of a picture in a release's folder."""
    name = picture["name"].removeprefix(f"{IMAGES}/")
    return f"{IMAGES}/{name}"


def open_picture(storage: str) -> IO[bytes]:
    """Open the full-size copy of a stored picture, which has no metadata.

    Raises:
        WorkflowError: it is gone.
    """
    try:
        try:
            return Path(default_storage.path(storage)).open("rb", buffering=0)
        except NotImplementedError:
            # Django raises this for a storage that is no local folder.
            return default_storage.open(storage)
    except FileNotFoundError:
        raise WorkflowError(f"The stored picture {storage} is gone. Restore it from a backup.") from None


def _copy_in_kernel(source: IO[bytes], copy: IO[bytes]) -> int | None:
    """Copy within the kernel, by reference where possible; None where neither works."""
    if not isinstance(source, io.FileIO) or not hasattr(os, "copy_file_range"):
        return None
    remaining = size = os.fstat(source.fileno()).st_size
    while remaining:
        try:
            copied_bytes = os.copy_file_range(source.fileno(), copy.fileno(), remaining)
        except OSError:
            copied_bytes = 0
        if not copied_bytes:
            source.seek(0)
            copy.seek(0)
            copy.truncate()
            return None
        remaining -= copied_bytes
    return size
