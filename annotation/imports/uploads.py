"""Stores the uploads that jobs read, and deletes old ones."""

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.core.storage import KEPT_DAYS, local_path
from annotation.core.zip_safety import ArchiveRefused, inspect_archive, is_archive
from annotation.models import Job, Study, User
from annotation.models.fields import opaque_id

from .format_names import UPLOAD_ENDINGS, archive_limits

FOLDER = "jobs"
# Uploads that are still coming in; see `config.uploads`.
INCOMING = "incoming"
SUFFIXES = UPLOAD_ENDINGS
# What nobody has written to for so long is not on its way any more.
ORPHAN_AGE = timedelta(days=1)
# At four bytes a letter that is still the name of a file.
NAME_LENGTH = 48


def store_upload(
    *,
    by: User,
    study: Study,
    upload: File,
    require: Callable[[User, Study], object] = permissions.require_lead,
    endings: Collection[str] = SUFFIXES,
) -> str:
    """Store an upload for a job and return its storage name.

    ``require`` is that of the job's kind.

    Raises:
        NotFound, NotAllowed: by ``require``.
        BadInput: the file is empty, too large, of no kind that the job reads, or a ZIP that is not safe to unpack.
    """
    require(by, study)
    suffix = PurePosixPath(upload.name or "").suffix.lower()
    if suffix not in endings:
        allowed = ", ".join(endings)
        raise BadInput(f"Files of this kind cannot be imported: {suffix or 'no ending'}.", fields={"file": allowed})
    if not upload.size:
        raise BadInput("The file is empty.", fields={"file": "Choose a file with at least one line."})
    if upload.size > settings.IMPORT_MAX_BYTES:
        limit = f"At most {settings.IMPORT_MAX_BYTES:,} bytes."
        raise BadInput(
            "The file is too large; split it, or import it on the server by manage.py.", fields={"file": limit}
        )
    _refuse_unsafe_archive(upload)
    # The name that people know it by is a part of its own, so that pages and the history can say it.
    words = PurePosixPath(upload.name or "").stem.replace(" ", "_")
    stem = re.sub(r"[^-\w.]", "", words)[:NAME_LENGTH].strip(".") or "file"
    return default_storage.save(f"{FOLDER}/{opaque_id()}-{stem}{suffix}", upload)


def original_file_name(file: str) -> str:
    """Return the name that a stored upload had, without unsafe letters."""
    return PurePosixPath(file).name.partition("-")[2] or PurePosixPath(file).name


def incoming_folder() -> Path | None:
    """Return the folder of incomplete uploads; None if the storage is not local."""
    folder = local_path(INCOMING)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _refuse_unsafe_archive(upload: File) -> None:
    """Raise `BadInput` if an upload is a ZIP file that is unsafe.

    Its directory alone is read, whatever its ending says.
    """
    file = cast(BinaryIO, upload)
    try:
        if is_archive(file):
            inspect_archive(file, archive_limits())
    except ArchiveRefused as refused:
        raise BadInput(str(refused), code="unreadable_file", fields={"file": str(refused)}) from None
    finally:
        file.seek(0)


def delete_old_uploads() -> int:
    """Delete uploads that no job of the last two weeks reads; return their number.

    A dry run and the import after it read the same file. Lists of rejected lines go two weeks after their job, too,
    and what killed imports had unpacked goes at once.
    """
    # Imported here: the package loads what a web process does without.
    from .temporary_folders import remove_abandoned_folders

    remove_abandoned_folders()
    ended_before = timezone.now() - timedelta(days=KEPT_DAYS)
    needed = Job.objects.filter(Q(finished_at=None) | Q(finished_at__gte=ended_before))
    old = Job.objects.exclude(file="").exclude(file__in=needed.values("file")).values_list("file", flat=True)
    names = list(old.order_by("file").distinct()[:500])
    for name in names:
        default_storage.delete(name)
        Job.objects.filter(file=name).update(file="")
    for job in Job.objects.filter(finished_at__lt=ended_before).exclude(refusals="").order_by("pk")[:500]:
        default_storage.delete(job.refusals)
        Job.objects.filter(pk=job.pk, refusals=job.refusals).update(refusals="")
    return len(names) + _delete_orphaned_uploads()


def _delete_orphaned_uploads() -> int:
    """Delete the uploads that a killed web process has left.

    They are cut short, or have no job.
    """
    before = timezone.now() - ORPHAN_AGE
    stored = {f"{folder}/{name}" for folder in (FOLDER, INCOMING) for name in _files_in(folder)}
    referenced = Job.objects.filter(Q(file__in=stored) | Q(refusals__in=stored)).values_list("file", "refusals")
    deleted = 0
    for name in sorted(stored.difference(*referenced)):
        try:
            if default_storage.get_modified_time(name) < before:
                default_storage.delete(name)
                deleted += 1
        except FileNotFoundError:
            # It came in whole, or another sweep was faster.
            continue
    return deleted


def _files_in(folder: str) -> list[str]:
    return default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
