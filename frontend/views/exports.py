"""The export of the score table."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_POST

from annotation.exports.scores import Format, export_scores

from .common import viewer, visible_study

# What each form is called as a file, and its type.
FORMS: dict[str, tuple[Format, str, str]] = {
    "spreadsheet": ("spreadsheet", "scores-for-a-spreadsheet.csv", "text/csv; charset=utf-8"),
    "csv": ("csv", "scores.csv", "text/csv; charset=utf-8"),
    "jsonl": ("jsonl", "scores.jsonl", "application/x-ndjson"),
}


@login_required
@require_POST
def export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """Stream the long score table. POST, as taking it away is remembered."""
    study = visible_study(request, slug)
    if form not in FORMS:
        raise Http404
    format, name, content_type = FORMS[form]
    pieces = export_scores(by=viewer(request), study=study, format=format)
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{study.slug}-{name}"'
    response.headers["Cache-Control"] = "no-store, private"
    return response
