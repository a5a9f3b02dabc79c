"""Reads pictures from the folders of an import, and nothing outside of them."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath, PureWindowsPath

from django.conf import settings

from .picture_decoding import PictureRefused


class PictureFolders:
    """Folders in which pictures are looked up by path, the first match counting."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._roots = [folder.resolve() for folder in folders]

    def locate(self, name: str) -> Path:
        """Return the real path of a picture.

        Raises:
            PictureRefused: there is no such file inside of any folder.
        """
        if "://" in name or name.startswith("data:"):
            raise PictureRefused("is an address; fetch the picture and name its path in the folder of pictures.")
        path = PurePosixPath(name)
        if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts or "\0" in name:
            raise PictureRefused("leads outside of the folder of pictures; give a path inside it.")
        for root in self._roots:
            try:
                real = (root / path).resolve(strict=True)
            except (OSError, RuntimeError, ValueError):
                continue
            if not real.is_relative_to(root):
                message = "is a link that leads outside of the folder of pictures; put the file itself there."
                raise PictureRefused(message)
            return real
        raise PictureRefused("names a file that does not exist; add the picture, or name its folder with --images.")

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a picture's content."""
        with _open_picture(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self, path: Path) -> bytes:
        """Return a picture's content."""
        with _open_picture(path) as file:
            return file.read(settings.PICTURE_MAX_BYTES + 1)


@contextmanager
def _open_picture(path: Path) -> Iterator[BufferedReader]:
    try:
        # Without waiting: a named pipe would block for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise PictureRefused("is not a file; name the picture itself.")
        with os.fdopen(descriptor, "rb") as file:
            if status.st_size > settings.PICTURE_MAX_BYTES:
                message = f"has {status.st_size:,} bytes, more than {settings.PICTURE_MAX_BYTES:,}; make it smaller."
                raise PictureRefused(message)
            yield file
    except OSError as error:
        raise PictureRefused(f"cannot be read ({error.strerror}); check the file.") from None
