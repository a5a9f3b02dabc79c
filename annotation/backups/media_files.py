"""The stored files as a whole: all of them, whatever the storage is."""

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from django.core.files.storage import default_storage

from annotation.core.errors import WrongState
from annotation.imports.uploads import INCOMING

# The file system's own at the root of a volume, which is closed to everybody but root; and uploads that are still
# coming in, which nothing refers to.
NOT_OURS = {"lost+found", INCOMING}


def list_media_files() -> list[str]:
    """Return the storage names of all files, sorted.

    Raises:
        WrongState: the storage cannot list what it holds.
    """
    try:
        return sorted(_below(""))
    except NotImplementedError:
        kind = type(default_storage).__name__
        message = f"The storage of the media ({kind}) cannot list its files: use one that can (MEDIA_STORAGE)."
        raise WrongState(message) from None


def _below(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        # Not made yet, or removed meanwhile.
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in files if name)
    for name in folders:
        if name and (folder or name not in NOT_OURS):
            yield from _below(prefix + name)


def is_safe_path(name: str) -> bool:
    """Tell whether a storage name leads to a place inside of the storage, by itself and on every system."""
    path = PurePosixPath(name)
    if not name or name == "." or str(path) != name or not name.isprintable():
        return False
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and not PureWindowsPath(name).drive


def remove_all() -> None:
    """Delete every stored file."""
    for name in list_media_files():
        default_storage.delete(name)
