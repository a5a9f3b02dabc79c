"""The discussions of a study for those who lead it: list, case and decisions.

Researchers read under pseudonyms. Whoever looks in here never scores these samples as independent afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition, load_rubric
from annotation.core.sample_content import SampleView
from annotation.discussions import admin_list, moderating
from annotation.discussions.view_types import CaseView, TopicView
from annotation.discussions.views import case_for
from annotation.models import Discussion, FinalScore, Member, Participant, Sample, Study
from annotation.scoring.exposures import record_exposure
from frontend.charts.stance_axis import StanceAxis, build_stance_axis
from frontend.forms.base import PageForm
from frontend.forms.discussions import CaseFilterForm, DeadlineForm, ExcuseForm, OverrideForm
from frontend.presenters import discussions as case_words

from .common import parse_public_id, render_page, run_form_action, viewer, visible_study

PAGE = 25


@dataclass(frozen=True, slots=True)
class ShownTopic:
    """A topic of a case with its stance axis."""

    topic: TopicView
    dimension: DimensionDefinition
    axis: StanceAxis


@login_required
@require_safe
def discussions(request: HttpRequest, slug: str) -> HttpResponse:
    """List the cases of a study, a page at a time.

    Those that the admins have to decide come first.
    """
    study = _readable_study(request, slug)
    user, rubric = viewer(request), load_rubric(study.rubric_id)
    leads = permissions.may_lead(user, study)
    awaited = admin_list.awaited_members(study)
    standing = request.GET.get("state", "")
    if standing not in admin_list.STANDINGS:
        standing = admin_list.OPEN
    form = CaseFilterForm(request.GET, dimensions=rubric.dimensions, awaited=awaited, names=leads)
    if standing == admin_list.CLOSED:
        form.forget_people()
    form.is_valid()
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    discussion_filter = admin_list.DiscussionFilter(
        standing=standing,
        dimension=next((d.id for d in rubric.dimensions if d.key == filters.get("dimension")), None),
        waits_for=next((m.pk for m in awaited if m.public_id == filters.get("waits_for")), None),
        somebody_away="people" in filters,
    )
    after = parse_public_id(request.GET.get("after", ""))
    page = admin_list.read_case_page(
        by=user, study=study, rubric=rubric, wanted=discussion_filter, after=after, limit=PAGE
    )
    _record_exposure(request, study, [line.sample for line in page.rows])
    counts = admin_list.count_by_standing(study)
    query = {**({"state": standing} if standing != admin_list.OPEN else {}), **filters}
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "dimensions": {dimension.key: dimension for dimension in rubric.dimensions},
        "page": page,
        "counts": counts,
        "standing": standing,
        "tabs": [(name, case_words.list_part_name(name, leads=leads), counts[name]) for name in admin_list.STANDINGS],
        "headline": case_words.list_headline(counts, leads=leads),
        "narrowed": bool(filters),
        "next": "?" + urlencode({**query, "after": page.next}) if page.next else "",
        "first": ("?" + urlencode(query)) if after else "",
        "leads": leads,
    }
    return render_page(request, "discussions.html", context)


@login_required
@require_safe
def discussion(request: HttpRequest, slug: str, case: str) -> HttpResponse:
    """Show one case.

    A participant who owes a reason is redirected to the page where reasons are given.
    """
    study = _readable_study(request, slug)
    case_view = _visible_case(request, study, case)
    if case_view.me is not None and _is_withheld(case_view):
        return redirect("discuss-one", slug=study.slug, case=case_view.id)
    since = request.GET.get("since", "")
    if request.headers.get("HX-Request") and since == str(case_view.version):
        return HttpResponse(status=204)
    return _render_case(request, study, case_view)


@login_required
@require_POST
def override_topics(request: HttpRequest, slug: str, case: str) -> HttpResponse:
    """Decide dimensions in the participants' place."""
    study = _led_study(request, slug)
    case_view = _visible_case(request, study, case)
    form = OverrideForm(
        request.POST, dimensions=_open_dimensions(case_view, study, request.POST), auto_id="override_%s"
    )

    def act() -> str:
        values = form.values
        moderating.override_topics(
            by=viewer(request), discussion_id=case_view.id, values=values, reason=form.cleaned_data["reason"]
        )
        return case_words.decision_message(values)

    return _respond_to_form(request, study, case_view, form, "override", act)


@login_required
@require_POST
def excuse_participant(request: HttpRequest, slug: str, case: str) -> HttpResponse:
    """Excuse a participant, with or without a replacement."""
    study = _led_study(request, slug)
    case_view = _visible_case(request, study, case)
    form = _excuse_form(case_view, request.POST)

    def act() -> str:
        data = form.cleaned_data
        moderating.excuse_participant(
            by=viewer(request),
            discussion_id=case_view.id,
            participant=data["participant"],
            reason=data["reason"],
            replacement=data["replacement"] or None,
        )
        if data["replacement"]:
            return _("%(who)s is excused and replaced.") % {"who": data["participant"]}
        return _("%(who)s is excused.") % {"who": data["participant"]}

    return _respond_to_form(request, study, case_view, form, "excuse", act)


@login_required
@require_POST
def set_deadline(request: HttpRequest, slug: str, case: str) -> HttpResponse:
    """Set a later deadline, or none."""
    study = _led_study(request, slug)
    case_view = _visible_case(request, study, case)
    form = DeadlineForm(request.POST, auto_id="deadline_%s")

    def act() -> str:
        due_at = form.due_at
        moderating.set_deadline(
            by=viewer(request), discussion_id=case_view.id, due_at=due_at, reason=form.cleaned_data["reason"]
        )
        return case_words.deadline_message(due_at)

    return _respond_to_form(request, study, case_view, form, "deadline", act)


def _respond_to_form(
    request: HttpRequest, study: Study, case_view: CaseView, form: PageForm, name: str, act: Callable[[], str]
) -> HttpResponse:
    """Perform a form's action and redirect to the case, or show the errors."""
    if _is_withheld(case_view):
        return redirect("discuss-one", slug=study.slug, case=case_view.id)
    if case_view.state == Discussion.State.CLOSED:
        messages.error(request, _("This discussion has ended in the meantime. Nothing was changed."))
        return _render_case(request, study, case_view, status=409)
    status = run_form_action(request, form, act)
    if status == 302:
        return redirect("discussion", slug=study.slug, case=case_view.id)
    return _render_case(request, study, _visible_case(request, study, case_view.id), forms={name: form}, status=status)


def _render_case(
    request: HttpRequest,
    study: Study,
    case_view: CaseView,
    *,
    forms: dict[str, PageForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    rubric = load_rubric(study.rubric_id)
    sample = Sample.objects.select_related("protocol").get(study=study, public_id=case_view.sample.public_id)
    _record_exposure(request, study, [sample])
    topics = _shown_topics(case_view, rubric)
    leads = permissions.may_lead(viewer(request), study)
    live = case_view.state != Discussion.State.CLOSED
    context: dict[str, Any] = {
        "study": study,
        "case": case_view,
        "view": case_view.sample,
        "blocks": block_names(case_view.sample),
        "sample": sample,
        "names": case_words.participant_names(case_view),
        "open": [shown for shown in topics if shown.topic.state == "open"],
        "closed": [shown for shown in topics if shown.topic.state != "open"],
        "settled": [(settled, _find_dimension(rubric, settled.key)) for settled in case_view.settled],
        "decided": _decision_reasons(case_view),
        "headline": case_words.case_headline(case_view, leads=leads),
        "about": case_words.case_summary(case_view),
        "leads": leads,
        "live": live,
        "forms": _case_forms(case_view, study, forms or {}) if leads and live else {},
        "address": reverse("discussion", args=[study.slug, case_view.id]),
    }
    template = "parts/discussion_case.html" if request.headers.get("HX-Request") else "discussion.html"
    return render_page(request, template, context, status=status)


def _case_forms(case_view: CaseView, study: Study, bound: dict[str, PageForm]) -> dict[str, PageForm]:
    forms: dict[str, PageForm] = {
        "override": OverrideForm(dimensions=_open_dimensions(case_view, study), auto_id="override_%s"),
        "excuse": _excuse_form(case_view),
        "deadline": DeadlineForm(auto_id="deadline_%s"),
    }
    return {name: form.prepare() for name, form in (forms | bound).items()}


def _excuse_form(case_view: CaseView, data: Any = None) -> ExcuseForm:
    active = [participant for participant in case_view.participants if participant.state == Participant.State.ACTIVE]
    candidates = admin_list.eligible_replacements(case_view.id)
    return ExcuseForm(data, participants=active, candidates=candidates, auto_id="excuse_%s")


def _decision_reasons(case_view: CaseView) -> dict[str, str]:
    """Return why an admin decided, by dimension key."""
    rows = FinalScore.objects.filter(discussion__public_id=case_view.id, outcome=FinalScore.Outcome.OVERRIDDEN)
    return dict(rows.values_list("dimension__key", "reason"))


def _shown_topics(case_view: CaseView, rubric: RubricDefinition) -> list[ShownTopic]:
    shown = []
    for topic in case_view.topics:
        dimension = _find_dimension(rubric, topic.key)
        shown.append(
            ShownTopic(topic, dimension, build_stance_axis(dimension, topic.stances or (), case_view.participants))
        )
    return shown


def _open_dimensions(
    case_view: CaseView, study: Study, form_data: Mapping[str, Any] | None = None
) -> list[DimensionDefinition]:
    """Return the open dimensions, and those with a value in ``form_data``.

    Those may have been closed meanwhile; the service refuses them.
    """
    rubric = load_rubric(study.rubric_id)
    keys = [
        topic.key for topic in case_view.topics if topic.state == "open" or (form_data or {}).get(f"value_{topic.key}")
    ]
    return [_find_dimension(rubric, key) for key in keys]


def _find_dimension(rubric: RubricDefinition, key: str) -> DimensionDefinition:
    return next(dimension for dimension in rubric.dimensions if dimension.key == key)


def block_names(view: SampleView) -> list[str]:
    """Return the names of a sample's blocks, which become links in what people write."""
    named = [block.number for turn in view.turns for block in turn.blocks]
    return [*named, *(f"Q{number}" for number, turn in enumerate(view.turns, 1) if turn.question)]


def _is_withheld(case_view: CaseView) -> bool:
    return any(not topic.revealed for topic in case_view.topics)


def _visible_case(request: HttpRequest, study: Study, case: str) -> CaseView:
    case_view = case_for(by=viewer(request), discussion_id=case)
    if case_view.study_slug != study.slug:
        raise Http404(_("There is no such discussion."))
    return case_view


def _readable_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    return study


def _led_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_lead(viewer(request), study)
    return study


def _record_exposure(request: HttpRequest, study: Study, samples: list[Sample]) -> None:
    member: Member | None = permissions.find_member(viewer(request), study)
    if member is not None and samples:
        record_exposure(member=member, samples=samples)
