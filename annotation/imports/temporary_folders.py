"""The temporary folders that imports unpack into.

A folder is removed when its import ends; that of a killed import, when the next one begins.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

FOLDER = "unpacked"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new, empty folder, and remove it with all that is in it."""
    root = Path(settings.DATA_DIR) / FOLDER
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _exclusive(root):
        _remove_unlocked(root)
        folder = Path(tempfile.mkdtemp(dir=root))
        # Locked as long as this process lives, whichever way it ends.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned_folders() -> None:
    """Remove the folders of imports that were killed."""
    root = Path(settings.DATA_DIR) / FOLDER
    if root.is_dir():
        with _exclusive(root):
            _remove_unlocked(root)


@contextmanager
def _exclusive(root: Path) -> Iterator[None]:
    """Hold the lock under which folders are made and removed.

    A folder exists a moment before it is locked itself.
    """
    with (root / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_unlocked(root: Path) -> None:
    for folder in root.iterdir():
        if not folder.is_dir():
            continue
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)
