"""Paths of files in storage and in the server's import folder."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.storage import default_storage

from .errors import BadInput

KEPT_DAYS = 14


def local_path(name: str) -> Path | None:
    """Return the path of a stored file, or None where the storage is no local folder."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        # Django's word for a storage that is no local folder.
        return None


def in_import_folder(path: str, *, field: str) -> Path:
    """Return the path that a person named, which must lie in the server's import folder.

    Raises:
        BadInput: there is no import folder, or nothing in it under this path.
    """
    if not settings.IMPORT_ROOT:
        raise BadInput(
            "This server has no import folder (IMPORT_ROOT). Upload the file.", fields={field: "Not available here."}
        )
    root = Path(settings.IMPORT_ROOT).resolve()
    # A null byte is no part of any path; everything else is for the file system to judge.
    place = (root / path).resolve() if "\0" not in path else root.parent
    if not place.is_relative_to(root) or not place.exists():
        raise BadInput(
            f"There is no {path!r} in the import folder.", fields={field: "A path relative to the import folder."}
        )
    return place


@contextmanager
def local_copy(name: str) -> Iterator[Path]:
    """Yield the path of a stored file, or of a temporary copy where storage is not local."""
    local = local_path(name)
    if local is not None:
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="job-") as folder:
        copy = Path(folder) / PurePosixPath(name).name
        with default_storage.open(name) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, length=1 << 20)
        yield copy
