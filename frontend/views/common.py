"""What views share: who is looking, which study it is, and how a form is shown again."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotation.models import Study, User
from annotation.querysets import studies_visible_to


def viewer(request: HttpRequest) -> User:
    """Return the person who is signed in; for views that only signed-in people reach."""
    assert isinstance(request.user, User)
    return request.user


def study_of(request: HttpRequest, slug: str) -> Study:
    """Return the study, if the viewer may know of it."""
    study = studies_visible_to(viewer(request)).select_related("rubric").filter(slug=slug).first()
    if study is None:
        raise Http404(_("There is no such study, or you are not a member of it."))
    return study


def show(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Show a page that no cache may keep: what a person may see changes with their role."""
    response = render(request, f"frontend/{template}", context, status=status)
    response.headers["Cache-Control"] = "no-store, private"
    return response


def name_in(text: str) -> str:
    """Return the public name of a row as it came in a query, or nothing where it cannot be one."""
    return text if re.fullmatch("[2-9b-z]{12}", text) else ""
