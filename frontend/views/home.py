"""The first page: my studies and what waits for me there."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from annotation import permissions
from annotation.errors import WorkflowError
from annotation.reports import MyStudy, my_studies
from annotation.services import studies
from frontend.forms.studies import NewStudyForm

from .common import show, viewer


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the viewer's studies; a site administrator sees the others too."""
    rows = my_studies(viewer(request))
    context = {
        "mine": [row for row in rows if row.member is not None],
        "others": [row for row in rows if row.member is None],
        "headline": _headline(rows),
    }
    return show(request, "home.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_study(request: HttpRequest) -> HttpResponse:
    """Create a study; for site administrators."""
    user = viewer(request)
    permissions.require_site_admin(user)
    form = NewStudyForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                study = studies.create_study(by=user, **form.cleaned_data)
            except WorkflowError as error:
                form.refuse(error)
                status = error.status
            else:
                return redirect("study", slug=study.slug)
    return show(request, "new_study.html", {"form": form.prepare()}, status=status)


def _headline(rows: list[MyStudy]) -> str:
    held = sum(row.own.held for row in rows)
    if held:
        return ngettext("%(held)d sample is reserved for you", "%(held)d samples are reserved for you", held) % {
            "held": held
        }
    if any(row.member is not None for row in rows):
        return _("My studies")
    return _("No study yet") if not rows else _("Studies")
