"""What views share: viewer, study, rendering, and form actions."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotation.core.errors import WorkflowError
from annotation.core.visibility import studies_visible_to
from annotation.exports.downloads import Download
from annotation.models import Study, User
from frontend.forms.base import PageForm


def viewer(request: HttpRequest) -> User:
    """Return the person who is signed in; for views that only signed-in people reach."""
    assert isinstance(request.user, User)
    return request.user


def visible_study(request: HttpRequest, slug: str) -> Study:
    """Return the study, if the viewer may know of it."""
    study = studies_visible_to(viewer(request)).select_related("rubric").filter(slug=slug).first()
    if study is None:
        raise Http404(_("There is no such study, or you are not a member of it."))
    return study


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a page that no cache may keep.

    What a person may see changes with their role.
    """
    response = render(request, f"frontend/{template}", context, status=status)
    response.headers["Cache-Control"] = "no-store, private"
    return response


def parse_public_id(text: str) -> str:
    """Return a public id from a query, or an empty text if it is malformed."""
    return text if re.fullmatch("[2-9b-z]{12}", text) else ""


def run_form_action(request: HttpRequest, form: PageForm, act: Callable[[], str]) -> int:
    """Perform a form's action and report it; return the status of the response.

    302 on success, otherwise the status with which to show the form again.

    ``act`` calls the service and returns what to say; a refusal comes to stand beside the field that it names.
    """
    if not form.is_valid():
        return 400
    try:
        messages.success(request, act())
    except WorkflowError as error:
        form.refuse(error)
        return error.status
    return 302


def send_file(download: Download) -> StreamingHttpResponse:
    """Send a file as a download."""
    response = StreamingHttpResponse(download.pieces, content_type=download.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{download.name}"'
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if download.bytes is not None:
        response.headers["Content-Length"] = str(download.bytes)
    return response
