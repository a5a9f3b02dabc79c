"""The score table to take away."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_POST

from annotation.services.exporting import FORMATS, export_scores

from .common import study_of, viewer

TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@login_required
@require_POST
def export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """Stream the long score table. POST, as taking it away is remembered."""
    study = study_of(request, slug)
    if form not in FORMATS:
        raise Http404
    pieces = export_scores(by=viewer(request), study=study, format=form)
    response = StreamingHttpResponse(pieces, content_type=TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{study.slug}-scores.{form}"'
    response.headers["Cache-Control"] = "no-store, private"
    return response
