"""Answers that several views give: work that was queued, a file that is taken away."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from rest_framework import serializers

from annotation.exports.downloads import Download
from annotation.models import Job

from .answers import respond_json
from .serializers.jobs import ShownJobSerializer


def job_accepted(job: Job, shape: type[serializers.Serializer[Any]] = ShownJobSerializer) -> HttpResponse:
    """Return a job that was queued, and where it can be watched."""
    where = reverse("api:job", args=[job.public_id])
    return respond_json(shape(job).data, status=202, headers={"Location": where})


def send_download(download: Download) -> StreamingHttpResponse:
    """Return a file under its name, in pieces; nobody keeps it and no browser shows it."""
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{download.name}"',
        "Cache-Control": "no-store, private",
        "X-Content-Type-Options": "nosniff",
    }
    if download.bytes is not None:
        headers["Content-Length"] = str(download.bytes)
    return StreamingHttpResponse(download.pieces, content_type=download.content_type, headers=headers)
