"""The influence report from stored reports, and all suggestions as a file."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.exports.suggestions import export_suggestions
from frontend.presenters import influence_text
from frontend.presenters.influence import influence_page
from frontend.presenters.stored_reports import load_people, load_study_reports

from .common import render_page, viewer, visible_study


@login_required
@require_safe
def influence(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the report, or what is missing before suggestions can be shown."""
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    leads = permissions.may_lead(viewer(request), study)
    reports = load_study_reports(study)
    protocol = study.protocols.get(current=True)
    report = reports.influence
    context: dict[str, Any] = {
        "study": study,
        "leads": leads,
        "reports": reports,
        "back": reverse("influence", args=[study.slug]),
        "limit": protocol.pull_limit,
    }
    if report is None:
        context |= {
            "headline": _("Nobody has met the judge yet"),
            "missing": influence_text.missing_requirements(study, protocol),
        }
    else:
        shown = influence_page(report, load_rubric(study.rubric_id), load_people(study, names=leads))
        context |= {
            "headline": shown.headline,
            "shown": shown,
            "reading": influence_text.reading_guide(report["limit"]),
        }
    return render_page(request, "influence.html", context)


@login_required
@require_POST
def suggestions_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Stream every value that was suggested. POST, as taking it away is remembered."""
    study = visible_study(request, slug)
    pieces = export_suggestions(by=viewer(request), study=study)
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{study.slug}-suggestions.csv"'
    response.headers["Cache-Control"] = "no-store, private"
    return response
