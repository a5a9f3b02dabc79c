"""Folders that an import unpacks into: gone when it ends, and when it is killed, gone when the next one begins."""

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
def work_folder() -> Iterator[Path]:
    """Yield a new, empty folder, and remove it with all that is in it."""
    root = Path(settings.DATA_DIR) / FOLDER
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(root):
        _remove_abandoned(root)
        folder = Path(tempfile.mkdtemp(dir=root))
        # Held as long as this process lives, whichever way it ends.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned() -> None:
    """Remove the folders of imports that were killed."""
    root = Path(settings.DATA_DIR) / FOLDER
    if root.is_dir():
        with _alone(root):
            _remove_abandoned(root)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let one process at a time make or clear folders: a folder is there a moment before it is held."""
    with (root / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_abandoned(root: Path) -> None:
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
