"""Creates the files of a release: in a folder, or as an archive to download."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotation.core import permissions
from annotation.core.errors import BadInput, WorkflowError
from annotation.core.history import record_step
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.core.storage import local_copy
from annotation.core.transactions import write_transaction
from annotation.jobs.progress import ProgressCallback
from annotation.models import Release, Rendition, User
from annotation.models.fields import opaque_id

from .file_names import IMAGES
from .record import ReleaseFacts, read_frozen
from .rendering import RenderedFiles, render_release
from .request import RenditionRequest
from .stored_files import delete_other_attempts, delete_unless_referenced, store_file
from .zip import pack_folder


def render_to_folder(
    *, release: Release, options: RenditionRequest, folder: Path, progress: ProgressCallback | None = None
) -> RenderedFiles:
    """Write the files of a release to a folder that is new or empty.

    The folder is complete or does not exist. The same release and options give the same bytes. The caller checks who
    may have them.

    Raises:
        BadInput: existing is no such format, or the folder has something in it.
    """
    options.check()
    require_empty_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        rendered = _render_release(release, options, draft, progress)
        draft.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
        _sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return rendered


def require_empty_folder(folder: Path) -> None:
    """Raise `BadInput` where something would be overwritten."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} is there already and not empty. Name another folder, or empty it first."
        raise BadInput(message, fields={"out": message})


def create_rendition(
    *,
    by: User | None,
    release: Release,
    options: RenditionRequest,
    progress: ProgressCallback | None = None,
    public_id: str = "",
    claim: Callable[[], None] = lambda: None,
) -> Rendition:
    """Render a release as an archive in storage, to be downloaded.

    ``by=None`` is the platform itself.

    ``public_id`` lets a second attempt take up what a first one left; ``claim`` is called in the transaction that makes
    the rendition visible, and raises where that is not for this attempt to do.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        BadInput: existing is no such format.
    """
    if by is not None:
        permissions.require_lead(by, release.study)
    options.check()
    public_id = public_id or opaque_id()
    existing = Rendition.objects.filter(public_id=public_id).first()
    if existing is not None:
        delete_other_attempts(existing.archive)
        return existing
    with tempfile.TemporaryDirectory(prefix="rendition-") as temporary:
        folder, archive = Path(temporary) / "files", Path(temporary) / "files.zip"
        folder.mkdir()
        rendered = _render_release(release, options, folder, progress)
        packed = pack_folder(folder, archive)
        stored = store_file(archive, f"releases/{release.public_id}/{public_id}.zip")
    try:
        with write_transaction():
            rendition = Rendition.objects.create(
                public_id=public_id,
                release=release,
                formats=sorted(options.formats),
                with_generator=options.with_generator,
                with_metadata=options.with_metadata,
                archive=stored,
                bytes=packed.bytes,
                sha256=packed.sha256,
                files=[file for file in rendered.files if not file["path"].startswith(f"{IMAGES}/")],
                pictures=rendered.pictures,
                by=by,
            )
            record_step(
                "release_rendered",
                study=release.study,
                by=by,
                release=release.public_id,
                number=release.number,
                formats=rendition.formats,
                generator=rendition.with_generator,
            )
            claim()
    finally:
        delete_unless_referenced(stored, Rendition.objects.filter(archive=stored))
    delete_other_attempts(stored)
    return rendition


def facts_of_release(release: Release) -> ReleaseFacts:
    """Return the facts of a release that its formats and card need."""
    return ReleaseFacts(
        study=release.about["study"],
        title=release.about["title"],
        name=release.name,
        number=release.number,
        at=release.at,
        rubric=rubric_file(load_rubric(release.rubric_id)),
        rubric_name=str(release.rubric),
        seed=release.seed,
        statistics=_sort_keys(release.about),
    )


def _sort_keys(value: Any) -> Any:
    """Return stored JSON with sorted keys, as databases return them in different orders."""
    if isinstance(value, dict):
        return {key: _sort_keys(value[key]) for key in sorted(value)}
    return [_sort_keys(part) for part in value] if isinstance(value, list) else value


def _render_release(
    release: Release, options: RenditionRequest, folder: Path, progress: ProgressCallback | None
) -> RenderedFiles:
    with _open_frozen_file(release) as path:
        return render_release(
            records=lambda: read_frozen(path),
            facts=facts_of_release(release),
            formats=sorted(options.formats),
            folder=folder,
            with_generator=options.with_generator,
            with_metadata=options.with_metadata,
            progress=progress,
        )


@contextmanager
def _open_frozen_file(release: Release) -> Iterator[Path]:
    with local_copy(release.frozen) as path:
        if not path.exists():
            raise WorkflowError(
                f"The frozen records of release {release.number} are gone from storage. Restore them from a backup.",
                code="frozen_gone",
            )
        yield path


def _sync_folder(folder: Path) -> None:
    """Sync a folder to disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
