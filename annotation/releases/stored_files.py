"""Stores and deletes the files of attempts; each attempt has its own.

The row that is created names one file. An attempt that was given up may go on after its successor is done, and one that
lost its connection during the last write may have been done itself. So nobody overwrites a file, or deletes it because
of its name alone.
"""

from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import Error as DatabaseFailure
from django.db.models import QuerySet

from annotation.models.fields import opaque_id


def store_file(path: Path, name: str) -> str:
    """Store a file under a unique variant of ``name``, and return that name."""
    target = PurePosixPath(name)
    unique = target.with_name(f"{target.stem}-{opaque_id()}{target.suffix}")
    with path.open("rb") as file:
        return default_storage.save(str(unique), File(file))


def delete_unless_referenced(stored: str, rows: QuerySet[Any]) -> None:
    """Delete a stored file that no row names.

    ``rows`` are those that name it. The file stays where the database cannot be read.
    """
    with suppress(DatabaseFailure, OSError):
        if not rows.exists():
            default_storage.delete(stored)


def delete_other_attempts(stored: str) -> None:
    """Delete the files of other attempts at what is stored as ``stored``."""
    stored_path = PurePosixPath(stored)
    stem, dash, _ = stored_path.stem.rpartition("-")
    # A name without a dash dates from when all attempts shared one: there are no others.
    if not dash:
        return
    with suppress(OSError):
        for name in default_storage.listdir(str(stored_path.parent))[1]:
            other = stored_path.with_name(name)
            if other.stem.startswith(f"{stem}-") and other.suffix == stored_path.suffix and other != stored_path:
                default_storage.delete(str(other))
