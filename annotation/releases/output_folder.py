"""The folder that a release is written to: each file is hashed while it is written, each picture copied once."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypedDict

from django.core.files.storage import default_storage

from annotation.core.errors import WorkflowError

from .file_names import IMAGES, is_safe
from .record import FrozenPicture

PIECE = 1 << 20


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
        """All that has been written and closed, by path."""
        if self._open:
            raise ValueError(f"still being written: {', '.join(sorted(self._open))}")
        return [self._written[path] for path in sorted(self._written)]

    @property
    def pictures(self) -> int:
        """How many pictures have been copied."""
        return len(self._pictures)

    def create(self, path: str) -> io.BufferedWriter:
        """Open a new file for writing; it counts as written once it is closed.

        Raises:
            ValueError: the name is not safe, or taken.
        """
        self._claim(path)
        target = self._place(path).open("xb", buffering=0)
        hashed = _Hashed(target, lambda size, sha256: self._close(path, size, sha256))
        # Held here, too: a file that is forgotten half-written must not be closed, and so counted, in passing.
        file: io.BufferedWriter = io.BufferedWriter(hashed, PIECE)
        self._open[path] = file
        return file

    def write(self, path: str, content: str) -> None:
        """Write a whole text file."""
        with self.create(path) as file:
            file.write(content.encode())

    def rename(self, path: str, to: str) -> None:
        """Give a written file its name where that was not known before its end."""
        self._claim(to)
        self._place(path).rename(self._place(to))
        self._written[to] = {**self._written.pop(path), "path": to}

    def picture(self, picture: FrozenPicture) -> str:
        """Copy a stored picture, unless it has been copied already, and return its path in the folder.

        Raises:
            WorkflowError: its file is gone from the storage.
        """
        path = picture_path(picture)
        storage = picture["storage"]
        if self._pictures.setdefault(path, storage) != storage:
            raise ValueError(f"two pictures are called {path}")
        if path not in self._written:
            self._claim(path)
            self._written[path] = self._copied(storage, path)
        return path

    def _copied(self, storage: str, path: str) -> WrittenFile:
        target = self._place(path)
        digest = hashlib.sha256()
        size = 0
        with open_picture(storage) as source, target.open("xb", buffering=0) as copy:
            copied = _copied_by_the_system(source, copy)
            if copied is None:
                while piece := source.read(PIECE):
                    copy.write(piece)
                    digest.update(piece)
                    size += len(piece)
                return {"path": path, "bytes": size, "sha256": digest.hexdigest()}
        with target.open("rb", buffering=0) as copy_read:
            sha256 = hashlib.file_digest(copy_read, "sha256").hexdigest()
        return {"path": path, "bytes": copied, "sha256": sha256}

    def _claim(self, path: str) -> None:
        if not is_safe(path):
            raise ValueError(f"{path!r} is no safe name of a file")
        if path in self._written or path in self._open:
            raise ValueError(f"{path} is written already")
        self._place(path).parent.mkdir(parents=True, exist_ok=True)

    def _place(self, path: str) -> Path:
        return self._folder / path

    def _close(self, path: str, size: int, sha256: str) -> None:
        self._open.pop(path, None)
        self._written[path] = {"path": path, "bytes": size, "sha256": sha256}


class _Hashed(io.RawIOBase):
    """Passes all on to a file, and says at its end how much that was and what its SHA-256 is."""

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
    """Return where a picture lies in a release's folder."""
    name = picture["name"].removeprefix(f"{IMAGES}/")
    return f"{IMAGES}/{name}"


def open_picture(storage: str) -> IO[bytes]:
    """Open a stored picture: its full-size copy without metadata.

    Raises:
        WorkflowError: it is gone.
    """
    try:
        try:
            return Path(default_storage.path(storage)).open("rb", buffering=0)
        except NotImplementedError:
            # Django's word for a storage that is no local folder.
            return default_storage.open(storage)
    except FileNotFoundError:
        raise WorkflowError(f"The stored picture {storage} is gone. Restore it from a backup.") from None


def _copied_by_the_system(source: IO[bytes], copy: IO[bytes]) -> int | None:
    """Copy inside of the system, or by reference where the file system can; None where it can do neither."""
    if not isinstance(source, io.FileIO) or not hasattr(os, "copy_file_range"):
        return None
    left = size = os.fstat(source.fileno()).st_size
    while left:
        try:
            done = os.copy_file_range(source.fileno(), copy.fileno(), left)
        except OSError:
            done = 0
        if not done:
            source.seek(0)
            copy.seek(0)
            copy.truncate()
            return None
        left -= done
    return size
