"""Where files of judges lie while something is done with them, and how a finished run's folder is kept.

Each job has a place on the worker's disk: what an attempt left there the next one goes on with. A finished run is an
archive in storage, from which the folder is unpacked again wherever it is needed.
"""

import shutil
import tempfile
import zipfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from annotation.core.errors import NotFound, WorkflowError
from annotation.core.storage import KEPT_DAYS, local_copy
from annotation.jobs.progress import ProgressCallback
from annotation.models import Job, JudgeRun, Release
from annotation.releases.file_names import is_safe
from annotation.releases.rendering_jobs import render_folder
from annotation.releases.request import RenditionRequest
from annotation.releases.zip import ArchiveDigest, pack_folder

FOLDER = "judges"
# What lies in a run's folder only while a process works in it.
NOT_KEPT = (".lock",)


class JobFolder:
    """The files of one job about a run, on this machine."""

    def __init__(self, run: JudgeRun, job: Job) -> None:
        self._run = run
        self.folder = _job_folders() / job.public_id
        self.folder.mkdir(exist_ok=True)

    @property
    def run(self) -> Path:
        """The run's folder, as the judge knows it."""
        return self.folder / "run"

    def clear_unbegun(self) -> None:
        """Remove what an attempt left that was killed before its run's folder was one."""
        if not (self.run / "run.json").exists():
            shutil.rmtree(self.run, ignore_errors=True)

    def release(self, release: Release, progress: ProgressCallback) -> Path:
        """Return a release's folder, written now where it is not there: it is whole or not there."""
        folder = self.folder / f"release-{release.number}"
        if not folder.exists():
            # The generator is no feature of a judge; a baseline and the figures per generator need it.
            options = RenditionRequest(("jsonl",), with_generator=True)
            render_folder(release=release, options=options, folder=folder, progress=progress)
        return folder

    def unpack(self) -> Path:
        """Return the run's folder, unpacked now where it is not there.

        Raises:
            WorkflowError: its archive is gone, or holds what does not belong there.
        """
        if self.run.exists():
            return self.run
        if not self._run.archive:
            raise WorkflowError(f"Judge run {self._run.number} has no model here: only its predictions are known.")
        draft = Path(tempfile.mkdtemp(prefix=".run-", dir=self.folder))
        try:
            with local_copy(self._run.archive) as path:
                if not path.exists():
                    raise NotFound(
                        f"The archive of judge run {self._run.number} is gone from storage. Restore it from a backup.",
                        code="archive_gone",
                    )
                with zipfile.ZipFile(path) as archive:
                    if not all(is_safe(name) for name in archive.namelist()):
                        raise WorkflowError("The run's archive holds names that no run has; it is not unpacked.")
                    archive.extractall(draft)
            draft.rename(self.run)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return self.run

    def store(self) -> tuple[str, ArchiveDigest]:
        """Pack the run's folder into storage; returns its storage name, and its size and checksum."""
        for name in NOT_KEPT:
            with suppress(FileNotFoundError):
                (self.run / name).unlink()
        packed = self.folder / "run.zip"
        found = pack_folder(self.run, packed)
        name = f"{FOLDER}/{self._run.public_id}.zip"
        # Left by an attempt that was killed before it could claim it.
        default_storage.delete(name)
        with packed.open("rb") as file:
            stored = default_storage.save(name, File(file))
        packed.unlink()
        return stored, found

    def forget(self) -> None:
        """Remove everything; what is kept is in storage by now."""
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_old_folders() -> int:
    """Remove the places of jobs that ended long ago and were never tried again; returns how many."""
    ended_before = timezone.now() - timedelta(days=KEPT_DAYS)
    needed = Job.objects.filter(Q(finished_at=None) | Q(finished_at__gte=ended_before))
    names = {folder.name for folder in _job_folders().iterdir()}
    gone = names - set(needed.filter(public_id__in=names).values_list("public_id", flat=True))
    for name in gone:
        shutil.rmtree(_job_folders() / name, ignore_errors=True)
    return len(gone)


def _job_folders() -> Path:
    folder = Path(settings.JUDGE_DIR) / "jobs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def feature_cache_folder() -> Path:
    """Return where judges keep what can be made again, as features: by content, so that all runs share it."""
    folder = Path(settings.JUDGE_DIR) / "cache"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def link_file(source: str, target: Path) -> None:
    """Make a stored file appear at a place, without copying it where the storage is a folder of this machine."""
    try:
        target.symlink_to(default_storage.path(source))
    except NotImplementedError:
        with default_storage.open(source) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
