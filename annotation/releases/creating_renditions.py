"""Files of a release: rendered into a folder, or packed and kept for those who may download them."""

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
    """Write the files of a release into a folder that is new or empty; it is whole or it is not there.

    The same release and options give the same bytes. Who may have them is for the caller.

    Raises:
        BadInput: there is no such format, or the folder has something in it.
    """
    options.check()
    require_empty_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        rendered = _render(release, options, draft, progress)
        draft.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
        _sync(folder.parent)
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
    """Render a release into an archive in storage, to be downloaded; ``by=None`` is the platform itself.

    ``public_id`` lets a second attempt take up what a first one left; ``claim`` is called in the transaction that makes
    the rendition visible, and raises where that is not for this attempt to do.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        BadInput: there is no such format.
    """
    if by is not None:
        permissions.require_lead(by, release.study)
    options.check()
    public_id = public_id or opaque_id()
    there = Rendition.objects.filter(public_id=public_id).first()
    if there is not None:
        delete_other_attempts(there.archive)
        return there
    with tempfile.TemporaryDirectory(prefix="rendition-") as place:
        folder, archive = Path(place) / "files", Path(place) / "files.zip"
        folder.mkdir()
        rendered = _render(release, options, folder, progress)
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
    """Return what is true of a release as a whole, as the formats and the card are told it."""
    return ReleaseFacts(
        study=release.about["study"],
        title=release.about["title"],
        name=release.name,
        number=release.number,
        at=release.at,
        rubric=rubric_file(load_rubric(release.rubric_id)),
        rubric_name=str(release.rubric),
        seed=release.seed,
        figures=_in_order(release.about),
    )


def _in_order(value: Any) -> Any:
    """Return stored JSON with its keys in one order; databases differ in the one that they give them back in."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(part) for part in value] if isinstance(value, list) else value


def _render(
    release: Release, options: RenditionRequest, folder: Path, progress: ProgressCallback | None
) -> RenderedFiles:
    with _frozen(release) as path:
        return render_release(
            records=lambda: read_frozen(path),
            about=facts_of_release(release),
            formats=sorted(options.formats),
            folder=folder,
            with_generator=options.with_generator,
            with_metadata=options.with_metadata,
            progress=progress,
        )


@contextmanager
def _frozen(release: Release) -> Iterator[Path]:
    with local_copy(release.frozen) as path:
        if not path.exists():
            raise WorkflowError(
                f"The frozen records of release {release.number} are gone from storage. Restore them from a backup.",
                code="frozen_gone",
            )
        yield path


def _sync(folder: Path) -> None:
    """Let a rename outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
