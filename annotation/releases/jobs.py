"""Releases and their files as jobs: an attempt that was killed is taken up without making anything twice.

Loads numpy and pyarrow, so import it only where work is done.
"""

from collections.abc import Mapping
from typing import Any

from annotation.core.errors import NotFound
from annotation.jobs.context import JobContext
from annotation.models import Release, Rendition, Study
from annotation.models.fields import opaque_id

from .creating import make_release
from .rendering_jobs import make_rendition
from .request import RenditionRequest, options_of, request_of_job
from .stored_files import forget_others


def run_release(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Make the release that the job asks for, and its files where it asks for some."""
    kept = _names(context)
    made = Release.objects.filter(public_id=kept["release"]).select_related("study").first()
    if made is None:
        # Claimed with the job's lease in the transaction that makes it visible: of two attempts one wins.
        made = make_release(
            by=context.by,
            study=study,
            wanted=request_of_job(context.arguments),
            progress=context.progress,
            public_id=kept["release"],
            claim=lambda row: context.checkpoint(kept),
        )
        context.log(f"Release {made.number} is frozen: {made.about['samples']:,} samples.")
    else:
        forget_others(made.frozen)
        context.log(f"Release {made.number} was frozen by an earlier attempt.")
    options = options_of(context.arguments)
    rendition = _render(context, made, options, kept) if options.formats else None
    about = made.about
    return {
        "release": made.public_id,
        "number": made.number,
        "name": made.name,
        **about["parts"],
        "met": about["met"],
        "rendition": rendition.public_id if rendition else None,
    }


def run_rendering(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Make the files that the job asks for, of a release that is there."""
    made = Release.objects.filter(study=study, public_id=context.arguments["release"]).select_related("study").first()
    if made is None:
        raise NotFound("There is no such release in this study any more.")
    rendition = _render(context, made, options_of(context.arguments), _names(context))
    return {"release": made.public_id, "number": made.number, "name": made.name, "rendition": rendition.public_id}


def _render(context: JobContext, made: Release, options: RenditionRequest, kept: Mapping[str, Any]) -> Rendition:
    return make_rendition(
        by=context.by,
        release=made,
        options=options,
        progress=context.progress,
        public_id=kept["rendition"],
        claim=lambda: context.checkpoint(kept),
    )


def _names(context: JobContext) -> dict[str, Any]:
    """Return the names under which every attempt of the job stores what it makes, drawn by the first one."""
    kept = dict(context.resumed_from)
    if "release" not in kept:
        kept = {"release": opaque_id(), "rendition": opaque_id()}
        context.checkpoint(kept)
    return kept
