"""A study's settings: title, state, rules with their consequences, and versions."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core import permissions
from annotation.core.errors import WorkflowError
from annotation.core.scoring_eligibility import scoring_members
from annotation.judges import list as judge_list
from annotation.models import Job, Member, Protocol, ReservedPool, Study
from annotation.studies import protocol_rules as rules_of
from annotation.studies import protocols, studies
from annotation.studies.forecast import ForecastRow
from frontend.forms.protocols import ProtocolForm
from frontend.forms.studies import StudyForm
from frontend.presenters import protocol as protocol_words
from frontend.presenters import vocabulary

from .common import render_page, viewer, visible_study


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show everything; POST changes title, instructions and state. ``?preset=`` begins the rules with another one."""
    study = _led_study(request, slug)
    if request.method != "POST":
        return _render_settings(request, study)
    form = StudyForm(request.POST)
    if not form.is_valid():
        return _render_settings(request, study, form=form, status=400)
    try:
        studies.change_study(by=viewer(request), study=study, **form.cleaned_data)
    except WorkflowError as error:
        form.refuse(error)
        return _render_settings(request, study, form=form, status=error.status)
    messages.success(request, _("Saved."))
    return redirect("settings", slug=study.slug)


@login_required
@require_POST
def start_study(request: HttpRequest, slug: str) -> HttpResponse:
    """Start the study, or show beside the state why it cannot start."""
    study = _led_study(request, slug)
    try:
        studies.change_study(by=viewer(request), study=study, state=Study.State.RUNNING)
    except WorkflowError as error:
        form = StudyForm({"title": study.title, "instructions": study.instructions, "state": Study.State.RUNNING})
        form.full_clean()
        form.refuse(error)
        return _render_settings(request, study, form=form, status=error.status)
    messages.success(request, _("The study runs: annotators can score."))
    return redirect("study", slug=study.slug)


@login_required
@require_POST
def change_protocol(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a new version of the rules."""
    study = _led_study(request, slug)
    form = _protocol_form(study, request.POST)
    if not form.is_valid():
        return _render_settings(request, study, rules_form=form, status=400)
    previous_version = Protocol.objects.get(study=study, current=True)
    try:
        version = protocols.change_protocol(by=viewer(request), study=study, **form.rules())
    except WorkflowError as error:
        form.refuse(error)
        return _render_settings(request, study, rules_form=form, status=error.status)
    if version == previous_version:
        messages.info(request, _("This is the protocol already; no new version was made."))
    else:
        messages.success(
            request,
            _("Version %(version)d of the protocol holds for samples begun from now on.")
            % {"version": version.version},
        )
    return redirect("settings", slug=study.slug)


@login_required
@require_safe
def preview_consequences(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the rules in the query would do.

    The page requests it while the form is being filled in.
    """
    study = _led_study(request, slug)
    context = {"study": study, **_consequences_context(request, study, _protocol_form(study, request.GET))}
    return render_page(request, "parts/protocol_consequences.html", context)


@login_required
@require_POST
def move_samples(request: HttpRequest, slug: str) -> HttpResponse:
    """Move begun samples to the current protocol; many of them as a job."""
    study = _led_study(request, slug)
    moved = protocols.request_move(by=viewer(request), study=study)
    if isinstance(moved, Job):
        return redirect("job", slug=study.slug, job_id=moved.public_id)
    message = ngettext("%(n)s sample was moved.", "%(n)s samples were moved.", moved) % {
        "n": vocabulary.format_number(moved)
    }
    messages.success(request, message if moved else _("There was nothing to move."))
    return redirect("settings", slug=study.slug)


def _led_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_lead(viewer(request), study)
    return study


def _protocol_form(study: Study, data: Any = None, *, preset: str = "") -> ProtocolForm:
    start = {"preset": preset} if preset in rules_of.PRESETS else {}
    rules = protocols.propose_protocol(study=study, fields={}, **start)
    return ProtocolForm(data, rules=rules, levels=protocols.get_dimension_levels(study.rubric_id))


def _consequences_context(request: HttpRequest, study: Study, form: ProtocolForm) -> dict[str, Any]:
    """Return what the rules in a form would do.

    An invalid field counts as it is now.
    """
    if form.is_bound:
        form.is_valid()
        fields = form.rules()
    else:
        fields = form.began_with
    wanted = protocols.propose_protocol(study=study, fields=fields)
    able = scoring_members(study)
    pool = ReservedPool.objects.filter(study=study).first()
    needs_judge = rules_of.needs_judge(wanted)
    forecast = None
    if protocol_words.can_be_discussed(wanted):
        forecast = protocols.forecast_protocol(by=viewer(request), study=study, **wanted)
    return {
        "rules_title": protocol_words.preset_title_of_rules(wanted),
        "steps": protocol_words.rule_consequences(
            wanted, protocols.get_dimension_levels(study.rubric_id), pool_share=pool.share if pool else None
        ),
        "needs_judge": needs_judge,
        "judge": judge_list.find_active_judge(study) if needs_judge else None,
        "problems": list(protocols.protocol_problems(study=study, wanted=wanted).values()),
        "people": protocol_words.people_needed_text(
            wanted, able.count(), admins=able.filter(role=Member.Role.ADMIN).count()
        ),
        "short_of_people": able.count() < rules_of.people_needed(wanted),
        "open_points": rules_of.UNSPECIFIED_RULES.get(rules_of.find_preset_of_rules(wanted), ()),
        "forecast": [_forecast_bar(row, wanted["tolerance"]) for row in forecast.rows] if forecast else [],
        "forecast_basis": protocol_words.forecast_evaluated_on(forecast) if forecast else "",
    }


def _forecast_bar(row: ForecastRow, tolerance: float) -> dict[str, Any]:
    """Return a row of the forecast with its bar, from 0 to 100."""
    low, high = row.interval
    return {
        "row": row,
        "here": row.tolerance == tolerance,
        "share": 100 * row.disputed_share,
        "low": 100 * low,
        "reach": 100 * (high - low),
        "interval": protocol_words.format_interval(low, high),
        "hours_scoring": protocol_words.format_hours(row.hours_scoring),
        "hours_discussing": protocol_words.format_hours(row.hours_discussing),
    }


def _render_settings(
    request: HttpRequest,
    study: Study,
    *,
    form: StudyForm | None = None,
    rules_form: ProtocolForm | None = None,
    status: int = 200,
) -> HttpResponse:
    if form is None:
        form = StudyForm(initial={"title": study.title, "instructions": study.instructions, "state": study.state})
    preset = request.GET.get("preset", "")
    rules_form = rules_form or _protocol_form(study, preset=preset)
    current = Protocol.objects.get(study=study, current=True)
    context: dict[str, Any] = {
        "study": study,
        "form": form.prepare(),
        "rules_form": rules_form.prepare(),
        "current": current,
        "current_title": protocol_words.preset_title(current.preset),
        "in_words": vocabulary.protocol_sentence(current),
        "presets": [
            {"name": name, "title": title, "sentence": protocol_words.PRESET_SENTENCES[name], "here": name == preset}
            for name, title in protocol_words.PRESET_TITLES.items()
        ],
        "begun_with": preset if preset in rules_of.PRESETS else "",
        "versions": [
            {
                "version": version,
                "title": protocol_words.preset_title(version.protocol.preset),
                "changes": protocol_words.rule_changes(version.before, version.after),
            }
            for version in protocols.list_versions(study=study)
        ],
        "moving": protocols.find_moving_job(study),
        "move": protocols.preview_move(by=viewer(request), study=study),
        **_consequences_context(request, study, rules_form),
    }
    return render_page(request, "settings.html", context, status=status)
