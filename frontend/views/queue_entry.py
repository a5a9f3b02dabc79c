"""One entry of the review queue and the actions of an admin on it.

Each step has a form of its own, shown beside the entry in the list, or on a page where there is no script.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.core.visibility import queue_entries_visible_to
from annotation.models import QueueEntry, Sample, Study
from annotation.review_queue import list as queue_list
from annotation.review_queue import pin_dismiss
from annotation.samples import assigning_by_hand, requesting_review
from annotation.samples import reopening as sample_services
from annotation.samples.admin_step import scored_dimensions
from annotation.samples.eligibility import eligible_annotators
from annotation.scoring.exposures import record_exposure
from frontend.forms.base import PageForm
from frontend.forms.queue import DismissForm
from frontend.forms.samples import AssignForm, ReopenForm, ReviewForm
from frontend.presenters import queue_actions, queue_rows, queue_summary

from . import sample_actions
from .common import render_page, run_form_action, viewer, visible_study
from .queue import first_page, own_queue_address, return_address


@login_required
@require_safe
def entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Show the actions on an entry, or with ``do`` the form of one."""
    study, entry = _led_entry(request, slug, entry_id)
    return _render_entry(request, study, entry, do=request.GET.get("do", ""))


@login_required
@require_POST
def pin_entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Pin an entry to the first place, or with ``off`` unpin it.

    Redirects to the entry, on the page on which it is then.
    """
    study, entry = _led_entry(request, slug, entry_id)
    off = bool(request.POST.get("off"))
    pin_dismiss.pin_sample(by=viewer(request), entry_id=entry.public_id, pinned=not off)
    messages.success(request, _("It stands in its own place again.") if off else _("Pinned: it stands first."))
    back = return_address(request, study)
    return redirect(f"{back if off else first_page(back)}#e-{entry.public_id}")


@login_required
@require_POST
def restore_entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Put a dismissed entry back."""
    study, entry = _led_entry(request, slug, entry_id)
    pin_dismiss.restore_sample(by=viewer(request), entry_id=entry.public_id)
    messages.success(request, _("Put back: it stands in its own place again."))
    return redirect(return_address(request, study))


@login_required
@require_POST
def dismiss_entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Take an entry out of its queue."""
    study, entry = _led_entry(request, slug, entry_id)
    form = DismissForm(request.POST, auto_id=_form_id_pattern(entry, "dismiss"))

    def act() -> str:
        pin_dismiss.dismiss_sample(by=viewer(request), entry_id=entry.public_id, reason=form.cleaned_data["reason"])
        return _("Dismissed. It can be put back from the list of dismissed ones.")

    return _respond_to_form(request, study, entry, form, "dismiss", act)


@login_required
@require_POST
def review_entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Send the entry's sample to cross-review."""
    study, entry = _led_entry(request, slug, entry_id)
    form = ReviewForm(request.POST, auto_id=_form_id_pattern(entry, "review"))

    def act() -> str:
        return sample_actions.send_to_review(viewer(request), entry.sample, form)

    return _respond_to_form(request, study, entry, form, "review", act)


@login_required
@require_POST
def reopen_entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Reopen the entry's sample."""
    study, entry = _led_entry(request, slug, entry_id)
    dimensions = sample_services.dimensions_to_discuss(entry.sample)
    form = ReopenForm(request.POST, dimensions=dimensions, auto_id=_form_id_pattern(entry, "reopen"))

    def act() -> str:
        return sample_actions.reopen_sample(viewer(request), entry.sample, form)

    return _respond_to_form(request, study, entry, form, "reopen", act)


@login_required
@require_POST
def assign_entry(request: HttpRequest, slug: str, entry_id: str) -> HttpResponse:
    """Assign the entry's sample to annotators."""
    study, entry = _led_entry(request, slug, entry_id)
    people = eligible_annotators(study, [entry.sample])[entry.sample_id]
    form = AssignForm(request.POST, takers=people, auto_id=_form_id_pattern(entry, "assign"))

    def act() -> str:
        return sample_actions.assign_sample(viewer(request), entry.sample, form)

    return _respond_to_form(request, study, entry, form, "assign", act)


def _led_entry(request: HttpRequest, slug: str, entry_id: str) -> tuple[Study, QueueEntry]:
    study = visible_study(request, slug)
    permissions.require_lead(viewer(request), study)
    rows = queue_entries_visible_to(viewer(request)).filter(study=study, public_id=entry_id)
    entry = rows.select_related("sample__study", "sample__protocol", "study", "dismissed_by").first()
    if entry is None:
        raise Http404(_("There is no such entry in the queue."))
    return study, entry


def _respond_to_form(
    request: HttpRequest, study: Study, entry: QueueEntry, form: PageForm, name: str, act: Callable[[], str]
) -> HttpResponse:
    """Perform a form's action and redirect to the list, or show the errors."""
    status = run_form_action(request, form, act)
    if status == 302:
        return redirect(return_address(request, study))
    study, entry = _led_entry(request, study.slug, entry.public_id)
    return _render_entry(request, study, entry, do=name, bound={name: form}, status=status)


def _render_entry(
    request: HttpRequest,
    study: Study,
    entry: QueueEntry,
    *,
    do: str,
    bound: dict[str, PageForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    rubric, member = load_rubric(study.rubric_id), permissions.find_member(viewer(request), study)
    row = queue_list.get_queue_row(entry, rubric, reader=member)
    if member is not None and request.method != "HEAD":
        record_exposure(member=member, samples=[entry.sample])
    forms = {name: form.prepare() for name, form in (_entry_forms(request, study, entry) | (bound or {})).items()}
    steps = [(step, forms[step.name]) for step in queue_actions.STEPS if step.name in forms]
    chosen = [(step, form) for step, form in steps if step.name == do]
    in_part = bool(getattr(request, "htmx", False))
    if in_part and chosen:
        # What is asked for comes in beside the entry, and the keyboard goes on in it.
        first = next(iter(chosen[0][1].fields.values()))
        first.widget.attrs["autofocus"] = True
    context: dict[str, Any] = {
        "study": study,
        "shown": queue_rows.shown_queue_row(row, study, rubric, names=True),
        "queue_name": queue_summary.QUEUE_NAMES[entry.kind],
        "steps": steps,
        "chosen": chosen[0] if chosen else None,
        "do": do,
        "refusal": _refusal_text(request, entry, do) if not chosen else "",
        "back": _list_address(request, study, entry),
        "leads": True,
    }
    response = render_page(
        request, "parts/queue_row_menu.html" if in_part else "queue_entry.html", context, status=status
    )
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def _list_address(request: HttpRequest, study: Study, entry: QueueEntry) -> str:
    """Return the list that the reader came from, or the entry's own queue."""
    htmx = getattr(request, "htmx", None)
    came_from = request.POST.get("back", "") or (htmx.current_url_abs_path if htmx else "") or ""
    return own_queue_address(study, came_from) or f"{return_address(request, study)}?queue={entry.kind}"


def _refusal_text(request: HttpRequest, entry: QueueEntry, do: str) -> str:
    """Return why an action that the menu offers is not possible after all."""
    if do == queue_actions.REVIEW.name:
        refusal = requesting_review.why_not_reviewable(entry.sample, by=viewer(request))
        return refusal.message if refusal is not None else ""
    if do == queue_actions.ASSIGN.name:
        return _("Everybody who scores here has it, has had it or has seen it, or the study does not run.")
    return ""


def _entry_forms(request: HttpRequest, study: Study, entry: QueueEntry) -> dict[str, PageForm]:
    """Return the forms of the actions that are possible now."""
    forms: dict[str, PageForm] = {}
    sample = entry.sample
    if entry.left_at is None and entry.dismissed_at is None:
        forms["dismiss"] = DismissForm(auto_id=_form_id_pattern(entry, "dismiss"))
    if study.state == Study.State.CLOSED or not scored_dimensions(sample):
        return forms
    if sample.state == Sample.State.AGREED and requesting_review.why_not_reviewable(sample, by=viewer(request)) is None:
        forms["review"] = ReviewForm(auto_id=_form_id_pattern(entry, "review"))
    if sample.state in queue_actions.REOPENED_FROM:
        dimensions = sample_services.dimensions_to_discuss(sample)
        forms["reopen"] = ReopenForm(dimensions=dimensions, auto_id=_form_id_pattern(entry, "reopen"))
    if study.state == Study.State.RUNNING and assigning_by_hand.count_assignable_slots(sample):
        people = eligible_annotators(study, [sample])[sample.pk]
        if any(not taker.had for taker in people):
            forms["assign"] = AssignForm(takers=people, auto_id=_form_id_pattern(entry, "assign"))
    return forms


def _form_id_pattern(entry: QueueEntry, name: str) -> str:
    """Return the pattern of a form's ids: several entries may have theirs on one page."""
    return f"{name}_{entry.public_id}_%s"
