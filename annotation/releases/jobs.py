"""Runs the jobs that create releases and their files.

An attempt that was killed is continued without creating anything twice. Loads numpy and pyarrow, so import it only
where work is done.
"""

from collections.abc import Mapping
from typing import Any

from annotation.core.errors import NotFound
from annotation.jobs.context import JobContext
from annotation.models import Release, Rendition, Study
from annotation.models.fields import opaque_id

from .creating import create_release
from .creating_renditions import create_rendition
from .request import RenditionRequest, release_request_from, rendition_request_from
from .stored_files import delete_other_attempts


def run_release(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Create the release that a job asks for, with files where it asks for some."""
    stored_ids = _stored_ids(context)
    release = Release.objects.filter(public_id=stored_ids["release"]).select_related("study").first()
    if release is None:
        # Claimed with the job's lease in the transaction that makes it visible: of two attempts one wins.
        release = create_release(
            by=context.by,
            study=study,
            request=release_request_from(context.arguments),
            progress=context.progress,
            public_id=stored_ids["release"],
            claim=lambda row: context.checkpoint(stored_ids),
        )
        context.log(f"Release {release.number} is frozen: {release.about['samples']:,} samples.")
    else:
        delete_other_attempts(release.frozen)
        context.log(f"Release {release.number} was frozen by an earlier attempt.")
    options = rendition_request_from(context.arguments)
    rendition = _create_rendition(context, release, options, stored_ids) if options.formats else None
    statistics = release.about
    return {
        "release": release.public_id,
        "number": release.number,
        "name": release.name,
        **statistics["parts"],
        "met": statistics["met"],
        "rendition": rendition.public_id if rendition else None,
    }


def run_rendering(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Create the files that a job asks for, of a release that exists."""
    release = (
        Release.objects.filter(study=study, public_id=context.arguments["release"]).select_related("study").first()
    )
    if release is None:
        raise NotFound("There is no such release in this study any more.")
    rendition = _create_rendition(context, release, rendition_request_from(context.arguments), _stored_ids(context))
    return {
        "release": release.public_id,
        "number": release.number,
        "name": release.name,
        "rendition": rendition.public_id,
    }


def _create_rendition(
    context: JobContext, release: Release, options: RenditionRequest, stored_ids: Mapping[str, Any]
) -> Rendition:
    return create_rendition(
        by=context.by,
        release=release,
        options=options,
        progress=context.progress,
        public_id=stored_ids["rendition"],
        claim=lambda: context.checkpoint(stored_ids),
    )


def _stored_ids(context: JobContext) -> dict[str, Any]:
    """Return the public ids under which every attempt stores its results.

    The first attempt draws them.
    """
    stored_ids = dict(context.resumed_from)
    if "release" not in stored_ids:
        stored_ids = {"release": opaque_id(), "rendition": opaque_id()}
        context.checkpoint(stored_ids)
    return stored_ids
