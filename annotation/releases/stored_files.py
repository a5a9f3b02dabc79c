"""Files that attempts to make something leave in storage: each attempt has its own, and the row that is made names one.

An attempt that was given up may go on after its successor is done, and one whose last word to the database went unheard
may have been done itself. So nobody writes over a file or deletes it because of the name that it was to get.
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
    """Store a file under ``name`` with a part that no other attempt has; return that name."""
    wanted = PurePosixPath(name)
    own = wanted.with_name(f"{wanted.stem}-{opaque_id()}{wanted.suffix}")
    with path.open("rb") as file:
        return default_storage.save(str(own), File(file))


def forget_unless_named(stored: str, rows: QuerySet[Any]) -> None:
    """Delete a file that an attempt has stored, unless there is one of the ``rows`` that name it or nobody can tell."""
    with suppress(DatabaseFailure, OSError):
        if not rows.exists():
            default_storage.delete(stored)


def forget_others(stored: str) -> None:
    """Delete what other attempts have left or still hold of what a row names ``stored``: they come too late."""
    kept = PurePosixPath(stored)
    made, dash, _ = kept.stem.rpartition("-")
    # Without one it dates from when all attempts shared a name: there are no others.
    if not dash:
        return
    with suppress(OSError):
        for name in default_storage.listdir(str(kept.parent))[1]:
            found = kept.with_name(name)
            if found.stem.startswith(f"{made}-") and found.suffix == kept.suffix and found != kept:
                default_storage.delete(str(found))
