"""The folders of judge jobs on disk, and the archives of finished runs.

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
from annotation.releases.creating_renditions import render_to_folder
from annotation.releases.file_names import is_safe_path
from annotation.releases.request import RenditionRequest
from annotation.releases.zip import ArchiveDigest, pack_folder

FOLDER = "judges"
# What lies in a run's folder only while a process works in it.
TEMPORARY_FILES = (".lock",)


class JobFolder:
    """The files of one job about a run, on this machine."""

    def __init__(self, run: JudgeRun, job: Job) -> None:
        self._run = run
        self.folder = _job_folders() / job.public_id
        self.folder.mkdir(exist_ok=True)

    @property
    def run(self) -> Path:
        """The run's folder in the format of the judge."""
        return self.folder / "run"

    def remove_incomplete_run(self) -> None:
        """Remove the run folder that a killed attempt left incomplete."""
        if not (self.run / "run.json").exists():
            shutil.rmtree(self.run, ignore_errors=True)

    def release(self, release: Release, progress: ProgressCallback) -> Path:
        """Return a release's folder, rendered first where it does not exist.

        It is complete or does not exist.
        """
        folder = self.folder / f"release-{release.number}"
        if not folder.exists():
            # The generator is no feature of a judge; a baseline and the figures per generator need it.
            options = RenditionRequest(("jsonl",), with_generator=True)
            render_to_folder(release=release, options=options, folder=folder, progress=progress)
        return folder

    def unpack(self) -> Path:
        """Return the run's folder, unpacked first where it does not exist.

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
                    if not all(is_safe_path(name) for name in archive.namelist()):
                        raise WorkflowError("The run's archive holds names that no run has; it is not unpacked.")
                    archive.extractall(draft)
            draft.rename(self.run)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return self.run

    def store(self) -> tuple[str, ArchiveDigest]:
        """Pack the run's folder into storage; return its name, size and checksum."""
        for name in TEMPORARY_FILES:
            with suppress(FileNotFoundError):
                (self.run / name).unlink()
        archive_path = self.folder / "run.zip"
        digest = pack_folder(self.run, archive_path)
        name = f"{FOLDER}/{self._run.public_id}.zip"
        # Left by an attempt that was killed before it could claim it.
        default_storage.delete(name)
        with archive_path.open("rb") as file:
            stored = default_storage.save(name, File(file))
        archive_path.unlink()
        return stored, digest

    def delete(self) -> None:
        """Delete the job's folder.

        What is kept is in storage by now.
        """
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_old_folders() -> int:
    """Delete the folders of jobs that ended long ago; return their number."""
    ended_before = timezone.now() - timedelta(days=KEPT_DAYS)
    needed = Job.objects.filter(Q(finished_at=None) | Q(finished_at__gte=ended_before))
    names = {folder.name for folder in _job_folders().iterdir()}
    outdated = names - set(needed.filter(public_id__in=names).values_list("public_id", flat=True))
    for name in outdated:
        shutil.rmtree(_job_folders() / name, ignore_errors=True)
    return len(outdated)


def _job_folders() -> Path:
    folder = Path(settings.JUDGE_DIR) / "jobs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def feature_cache_folder() -> Path:
    """Return the folder of cached features, which all runs share by content."""
    folder = Path(settings.JUDGE_DIR) / "cache"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def link_file(source: str, target: Path) -> None:
    """Link a stored file to a path, or copy it from remote storage."""
    try:
        target.symlink_to(default_storage.path(source))
    except NotImplementedError:
        with default_storage.open(source) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
