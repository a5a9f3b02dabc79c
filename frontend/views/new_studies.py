"""The pages that create a study or copy one, as a draft."""

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.core import permissions
from annotation.core.errors import WorkflowError
from annotation.core.visibility import studies_led_by
from annotation.models import Member, Protocol, Rubric, Study
from annotation.studies import rubrics, studies
from frontend.forms.new_studies import CopyStudyForm, NewStudyForm
from frontend.presenters import vocabulary

from .common import render_page, viewer, visible_study


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_study(request: HttpRequest) -> HttpResponse:
    """Create a study; for site administrators and for those who lead one."""
    user = viewer(request)
    permissions.require_may_create_studies(user)
    form = NewStudyForm(request.POST or None, rubrics=rubrics.list_usable_rubrics(user), studies=studies_led_by(user))
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = form.cleaned_data
            source = data.get("people_of")
            try:
                study = studies.create_study(
                    by=user,
                    slug=data["slug"],
                    title=data["title"],
                    rubric=_chosen_rubric(data["rubric"]),
                    preset=data["preset"],
                    instructions=data["instructions"],
                    state=Study.State.DRAFT,
                    people=_active_members(source) if source else (),
                )
            except WorkflowError as error:
                form.refuse(error)
                status = error.status
            else:
                return redirect("study", slug=study.slug)
    return render_page(request, "new_study.html", {"form": form.prepare()}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def copy_study(request: HttpRequest, slug: str) -> HttpResponse:
    """Create a study with this one's rubric, rules and instructions.

    For those who lead this one.
    """
    source, user = visible_study(request, slug), viewer(request)
    permissions.require_lead(user, source)
    people = [member for member in _active_members(source) if member.user_id != user.pk]
    initial = {"title": _("%(title)s, again") % {"title": source.title}}
    form = CopyStudyForm(request.POST or None, members=people, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = form.cleaned_data
            try:
                study = studies.copy_study(
                    by=user, source=source, slug=data["slug"], title=data["title"], members=data.get("people", [])
                )
            except WorkflowError as error:
                form.refuse(error)
                status = error.status
            else:
                return redirect("study", slug=study.slug)
    protocol = Protocol.objects.get(study=source, current=True)
    context = {"study": source, "form": form.prepare(), "in_words": vocabulary.protocol_sentence(protocol)}
    return render_page(request, "copy_study.html", context, status=status)


def _chosen_rubric(chosen: str) -> Rubric:
    """Return the rubric of a choice: an id, or a built-in rubric's key.

    A built-in rubric that nobody has used yet has no id.
    """
    if chosen.isdecimal():
        return Rubric.objects.get(pk=chosen)
    return rubrics.get_or_load(chosen)


def _active_members(study: Study) -> Iterable[Member]:
    members = Member.objects.filter(study=study, state=Member.State.ACTIVE, user__isnull=False)
    return members.select_related("user", "study").order_by("role", "name")
