"""Views that start, show, cancel and retry jobs."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.visibility import jobs_visible_to
from annotation.imports.uploads import store_upload
from annotation.jobs import queueing
from annotation.jobs.rejected_lines import rejected_lines_as_csv, rejected_lines_as_json
from annotation.models import Job, JobLogLine
from api.job_and_download_responses import job_response
from api.json_responses import respond_json
from api.pagination import PageQuery, paginate
from api.parsers import refuse_larger_than
from api.schema import describe, page_schema
from api.serializers import jobs as shapes
from api.serializers.fields import EmptyRequestSerializer

from .base import View, body_of, get_or_not_found, query_of, study_of, user_of

REFUSALS = {
    "jsonl": (rejected_lines_as_json, "application/x-ndjson; charset=utf-8"),
    "csv": (rejected_lines_as_csv, "text/csv; charset=utf-8"),
}
FORM_OVERHEAD = 100_000
FLAGS = {"samples": ("update", "dry_run"), "scores": ("complete", "dry_run")}


class UploadView(View):
    """Base view that takes a multipart form with a file instead of JSON."""

    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the size before authentication may read the form."""
        refuse_larger_than(settings.IMPORT_MAX_BYTES + FORM_OVERHEAD, request)
        super().initial(request, *args, **kwargs)


class ImportsView(UploadView):
    """Imports files of samples and scores by a job."""

    @describe(
        "Import a file",
        request={"multipart/form-data": shapes.ImportRequestSerializer},
        answer=shapes.ShownJobSerializer,
        status=202,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. The answer is a job; its result counts what came in and names the lines that did not."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        body = body_of(request, shapes.ImportRequestSerializer)
        kind = body["kind"]
        arguments: dict[str, Any] = {name: body[name] == "true" for name in FLAGS[kind]}
        arguments |= {name: body[name] for name in ("images", "format", "question") if name in body}
        file = store_upload(by=user, study=study, upload=body["file"])
        job = queueing.enqueue(
            by=user,
            kind=f"import_{kind}",
            study=study,
            arguments=arguments,
            file=file,
            client_key=body.get("client_key"),
        )
        return job_response(job)


class JobsView(View):
    """The jobs of a study."""

    @describe("List jobs", query=PageQuery, answer=page_schema(shapes.ShownJobSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins only, newest first."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        rows = Job.objects.filter(study=study).select_related("study")
        query = query_of(request, PageQuery)
        return respond_json(
            paginate(
                request,
                rows,
                query,
                order=("-created_at", "-id"),
                show=lambda page_rows: shapes.ShownJobSerializer(page_rows, many=True).data,
            )
        )


class OneJobView(View):
    """One job."""

    @describe("Show a job", answer=shapes.ShownJobSerializer)
    def get(self, request: Request, job: str) -> HttpResponse:
        """Mine, or one of a study that I lead."""
        return respond_json(shapes.ShownJobSerializer(_find_job(request, job)).data)


class JobLogView(View):
    """A job's log."""

    @describe("Show the log of a job", query=PageQuery, answer=page_schema(shapes.LogLineSerializer))
    def get(self, request: Request, job: str) -> HttpResponse:
        """Oldest line first."""
        lines = JobLogLine.objects.filter(job=_find_job(request, job))
        query = query_of(request, PageQuery)
        return respond_json(
            paginate(
                request,
                lines,
                query,
                order=("id",),
                show=lambda page_rows: shapes.LogLineSerializer(page_rows, many=True).data,
            )
        )


class RefusalsView(View):
    """The rejected lines of an import."""

    @describe(
        "Show the refused lines of a job",
        query=shapes.RefusalsQuerySerializer,
        answer=OpenApiTypes.STR,
        content_type=("application/x-ndjson", "text/csv"),
    )
    def get(self, request: Request, job: str) -> StreamingHttpResponse:
        """All of them, in the order of the file: line, field and why. The result of the job has the first thousand."""
        row = _find_job(request, job)
        kind = query_of(request, shapes.RefusalsQuerySerializer)["format"]
        pieces, content_type = REFUSALS[kind]
        headers = {
            "Content-Disposition": f'attachment; filename="refused-{row.public_id}.{kind}"',
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(pieces(row), content_type=content_type, headers=headers)


class CancelJobView(View):
    """Cancels a job."""

    @describe("Cancel a job", request=EmptyRequestSerializer, answer=shapes.ShownJobSerializer, conflict=True)
    def post(self, request: Request, job: str) -> HttpResponse:
        """Running work stops at its next step."""
        row = _find_job(request, job)
        body_of(request, EmptyRequestSerializer)
        return respond_json(shapes.ShownJobSerializer(queueing.cancel(by=user_of(request), job=row)).data)


class RetryJobView(View):
    """Retries a job."""

    @describe("Retry a job", request=EmptyRequestSerializer, answer=shapes.ShownJobSerializer, conflict=True)
    def post(self, request: Request, job: str) -> HttpResponse:
        """It goes on where it stopped."""
        row = _find_job(request, job)
        body_of(request, EmptyRequestSerializer)
        return respond_json(shapes.ShownJobSerializer(queueing.retry(by=user_of(request), job=row)).data)


def _find_job(request: Request, public_id: str) -> Job:
    job: Job = get_or_not_found(jobs_visible_to(user_of(request)).select_related("study"), public_id=public_id)
    return job
