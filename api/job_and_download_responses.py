"""Responses that several views give: a queued job, or a file to download."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from rest_framework import serializers

from annotation.exports.downloads import Download
from annotation.models import Job

from .json_responses import respond_json
from .serializers.jobs import ShownJobSerializer


def job_response(job: Job, shape: type[serializers.Serializer[Any]] = ShownJobSerializer) -> HttpResponse:
    """Return a queued job, with its address in the header ``Location``."""
    where = reverse("api:job", args=[job.public_id])
    return respond_json(shape(job).data, status=202, headers={"Location": where})


def download_response(download: Download) -> StreamingHttpResponse:
    """Return a file as a streamed attachment that is not cached."""
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{download.name}"',
        "Cache-Control": "no-store, private",
        "X-Content-Type-Options": "nosniff",
    }
    if download.bytes is not None:
        headers["Content-Length"] = str(download.bytes)
    return StreamingHttpResponse(download.pieces, content_type=download.content_type, headers=headers)
