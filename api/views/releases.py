"""Views of releases, their renditions, and the test pool."""

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.visibility import releases_visible_to
from annotation.jobs import queueing
from annotation.models import Release
from annotation.releases.changes import find_changes
from annotation.releases.downloads import download_archive, download_file
from annotation.releases.test_pool import read_pool_state, reserve_pool
from api.job_and_download_responses import download_response, job_response
from api.json_responses import respond_json
from api.pagination import PageQuery, paginate
from api.schema import describe, page_schema
from api.serializers import releases as shapes
from api.serializers.jobs import ShownJobSerializer

from .base import View, body_of, get_or_not_found, query_of, study_of, user_of


class ReleasesView(View):
    """The releases of a study."""

    @describe("List releases", query=PageQuery, answer=page_schema(shapes.ReleaseRowSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only, the newest first."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        rows = Release.objects.filter(study=study)
        return respond_json(
            paginate(
                request,
                rows,
                query_of(request, PageQuery),
                order=("-number",),
                show=lambda page_rows: shapes.ReleaseRowSerializer(page_rows, many=True).data,
            )
        )

    @describe(
        "Make a release", request=shapes.ReleaseRequestSerializer, answer=ShownJobSerializer, status=202, conflict=True
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. The answer is a job, whose result names the release."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        arguments = dict(body_of(request, shapes.ReleaseRequestSerializer))
        key = arguments.pop("client_key", None)
        return job_response(queueing.enqueue(by=user, kind="release", study=study, arguments=arguments, client_key=key))


class OneReleaseView(View):
    """One release."""

    @describe("Show a release", answer=shapes.ShownReleaseSerializer)
    def get(self, request: Request, release: str) -> HttpResponse:
        """Admins and researchers only. What is in it, how well each aim was met, and what has changed since."""
        row = _find_release(request, release)
        return respond_json(shapes.ShownReleaseSerializer(row, context={"since": find_changes(row)}).data)


class RenditionsView(View):
    """Renders a release by a job."""

    @describe(
        "Make files of a release",
        request=shapes.RenditionRequestSerializer,
        answer=ShownJobSerializer,
        status=202,
        conflict=True,
    )
    def post(self, request: Request, release: str) -> HttpResponse:
        """Admins only. The same release in the same formats gives the same bytes, however often."""
        row, user = _find_release(request, release), user_of(request)
        permissions.require_lead(user, row.study)
        arguments = dict(body_of(request, shapes.RenditionRequestSerializer))
        key = arguments.pop("client_key", None)
        arguments["release"] = row.public_id
        job = queueing.enqueue(by=user, kind="render_release", study=row.study, arguments=arguments, client_key=key)
        return job_response(job)


class ArchiveView(View):
    """Downloads a rendition as one ZIP file."""

    @describe("Download the files of a release", answer=OpenApiTypes.BINARY, content_type="application/zip")
    def get(self, request: Request, release: str, rendition: str) -> StreamingHttpResponse:
        """Admins and researchers only. An admin scores no sample of today any more afterwards."""
        rows = _find_release(request, release).renditions.select_related("release__study")
        return download_response(
            download_archive(by=user_of(request), rendition=get_or_not_found(rows, public_id=rendition))
        )


class ReleaseFileView(View):
    """One file of a release."""

    @describe("Download a file of a release", answer=OpenApiTypes.BINARY, content_type="application/octet-stream")
    def get(self, request: Request, release: str, name: str) -> StreamingHttpResponse:
        """Admins and researchers only, by its path in the release's folder, as `train.jsonl`."""
        return download_response(download_file(by=user_of(request), release=_find_release(request, release), path=name))


class PoolView(View):
    """The test pool of a study."""

    @describe("Show the test pool", answer=shapes.ShownPoolSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        return respond_json(shapes.ShownPoolSerializer(read_pool_state(study)).data)

    @describe(
        "Reserve the test pool", request=shapes.PoolRequestSerializer, answer=shapes.ShownPoolSerializer, conflict=True
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only, once: from then on only these questions become test, later ones drawn as they come."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        reserve_pool(by=user, study=study, **body_of(request, shapes.PoolRequestSerializer))
        return respond_json(shapes.ShownPoolSerializer(read_pool_state(study)).data)


def _find_release(request: Request, public_id: str) -> Release:
    rows = releases_visible_to(user_of(request)).select_related("study", "rubric").prefetch_related("renditions")
    release: Release = get_or_not_found(rows, public_id=public_id)
    return release
