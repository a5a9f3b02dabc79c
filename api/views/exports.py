"""The view that exports scores."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from annotation.exports.scores import export_scores
from api.schema import describe
from api.serializers.samples import ExportQuerySerializer

from .base import View, query_of, study_of, user_of

TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson"}


class ScoresView(View):
    """Exports a study's scores as a long table."""

    @describe(
        "Export scores",
        query=ExportQuerySerializer,
        answer=OpenApiTypes.STR,
        content_type=("text/csv", "application/x-ndjson"),
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Admins only, who afterwards score no sample of today any more. Streamed; importing it gives the same."""
        study = study_of(request, slug)
        kind = query_of(request, ExportQuerySerializer)["format"]
        table = export_scores(by=user_of(request), study=study, format=kind)
        headers = {
            "Content-Disposition": f'attachment; filename="{study.slug}-scores.{kind}"',
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(table, content_type=f"{TYPES[kind]}; charset=utf-8", headers=headers)
