"""The files that jobs read: uploads kept in storage, and files in the server's own import folder."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from annotation import permissions
from annotation.errors import BadInput
from annotation.models import Job, Study, User
from annotation.models.fields import opaque_id

FOLDER = "jobs"
SUFFIXES = (".jsonl", ".json", ".csv")
KEPT_DAYS = 14


def store_input(*, by: User, study: Study, upload: File) -> str:
    """Keep an upload for a job and return its storage name.

    Raises:
        BadInput: the file is empty, too large or of no kind that an import reads.
    """
    permissions.require_lead(by, study)
    suffix = PurePosixPath(upload.name or "").suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise BadInput(f"Files of this kind cannot be imported: {suffix or 'no ending'}.", fields={"file": known})
    if not upload.size:
        raise BadInput("The file is empty.", fields={"file": "Choose a file with at least one line."})
    if upload.size > settings.IMPORT_MAX_BYTES:
        limit = f"At most {settings.IMPORT_MAX_BYTES:,} bytes."
        raise BadInput(
            "The file is too large; split it, or import it on the server by manage.py.", fields={"file": limit}
        )
    return default_storage.save(f"{FOLDER}/{opaque_id()}{suffix}", upload)


def in_import_folder(path: str, *, field: str) -> Path:
    """Return the place of a path named by a person, which must lie in the server's import folder.

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
    """Give a stored file as a path, for the work's duration; a copy where the storage is not a local folder."""
    try:
        local = Path(default_storage.path(name))
    except NotImplementedError:
        # Django's word for a storage that is no local folder.
        local = None
    if local is not None:
        yield local
        return
    with tempfile.TemporaryDirectory(prefix="job-") as folder:
        copy = Path(folder) / PurePosixPath(name).name
        with default_storage.open(name) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, length=1 << 20)
        yield copy


def forget_inputs() -> int:
    """Delete the uploads that no job of the last two weeks reads; returns how many.

    A dry run and the import after it read the same file.
    """
    ended_before = timezone.now() - timedelta(days=KEPT_DAYS)
    needed = Job.objects.filter(Q(finished_at=None) | Q(finished_at__gte=ended_before))
    old = Job.objects.exclude(file="").exclude(file__in=needed.values("file")).values_list("file", flat=True)
    names = list(old.order_by("file").distinct()[:500])
    for name in names:
        default_storage.delete(name)
        Job.objects.filter(file=name).update(file="")
    return len(names)
