"""The agreement page, from stored reports, and the request for new ones."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.models import Study
from annotation.reports import stored_reports
from frontend.presenters import agreement as agreement_rows
from frontend.presenters.annotator_remarks import LEVEL_SENTENCES
from frontend.presenters.stored_reports import load_people, load_study_reports

from .common import render_page, viewer, visible_study


@login_required
@require_safe
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    """Show agreement at one level of measurement, for all samples or by generator or domain."""
    study = _readable_study(request, slug)
    level = _choice_or_first(request.GET.get("level"), agreement_rows.LEVELS)
    by = _choice_or_first(request.GET.get("by"), agreement_rows.GROUPS)
    leads = permissions.may_lead(viewer(request), study)
    rubric = load_rubric(study.rubric_id)
    reports = load_study_reports(study)
    people = load_people(study, names=leads)
    shown = agreement_rows.agreement_table(reports.agreement, rubric, level=level, by=by, width=260)
    overall_rows = agreement_rows.stored_rows(reports.agreement, level, "all")
    moved = agreement_rows.stance_change_rows(reports.agreement, rubric)
    context: dict[str, Any] = {
        "study": study,
        "leads": leads,
        "reports": reports,
        "shown": shown,
        "headline": agreement_rows.summary_sentence(shown) if reports.agreement is not None else _("Agreement"),
        "basis": agreement_rows.evaluation_counts(overall_rows),
        "level_sentence": LEVEL_SENTENCES[level],
        "levels": [_choice_link(study, name, level, level=name, by=by) for name in agreement_rows.LEVELS],
        "groups": [_choice_link(study, name, by, level=level, by=name) for name in agreement_rows.GROUPS],
        "left_out": (reports.agreement or {}).get("left_out", {}).get(by, 0),
        "query": urlencode({"level": level, "by": by}),
        "heat_maps": agreement_rows.kappa_heat_maps(overall_rows, rubric, people),
        "moved": moved,
        "moved_sentence": agreement_rows.stance_change_sentence(moved),
        "whom": agreement_rows.adoption_heat_map(reports.agreement, people),
    }
    return render_page(request, "agreement.html", context)


@login_required
@require_POST
def refresh_reports(request: HttpRequest, slug: str) -> HttpResponse:
    """Request new reports, and return to the page it came from."""
    study = visible_study(request, slug)
    stored_reports.request_reports(by=viewer(request), study=study)
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("agreement", args=[study.slug])
    return redirect(back)


@login_required
@require_safe
def report_status(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the status line of the reports.

    A page whose calculation is over reloads itself.
    """
    study = _readable_study(request, slug)
    htmx = getattr(request, "htmx", None)
    back = (htmx.current_url_abs_path if htmx else None) or reverse("agreement", args=[study.slug])
    reports = load_study_reports(study)
    context = {
        "study": study,
        "reports": reports,
        "leads": permissions.may_lead(viewer(request), study),
        "back": back,
        "reload": not reports.running,
    }
    return render_page(request, "parts/report_status.html", context)


def _readable_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    return study


def _choice_or_first(requested: str | None, choices: tuple[str, ...]) -> str:
    return requested if requested in choices else choices[0]


def _choice_link(study: Study, name: str, chosen: str, **query: str) -> dict[str, Any]:
    words = {
        "ordinal": _("ordinal"),
        "interval": _("interval"),
        "nominal": _("nominal"),
        "all": _("all samples"),
        "generator": _("by generator"),
        "domain": _("by domain"),
    }
    url = reverse("agreement", args=[study.slug]) + "?" + urlencode(query)
    return {"word": words[name], "url": url, "here": name == chosen}
