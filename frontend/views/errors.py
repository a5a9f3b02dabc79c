"""The error pages."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotation.core.errors import WorkflowError


def _render_error(request: HttpRequest, status: int, code: str, title: str, message: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"code": code, "message": message, "fields": {}}, status=status)
    context: Mapping[str, Any] = {"title": title, "message": message, "status": status}
    response = render(request, "frontend/error.html", dict(context), status=status)
    response.headers["Cache-Control"] = "no-store, private"
    return response


def refusal(request: HttpRequest, error: WorkflowError) -> HttpResponse:
    """Show why a service refused."""
    titles = {403: _("Not for your role"), 404: _("Nothing here"), 409: _("Not possible now")}
    title = titles.get(error.status, _("Something is missing or wrong"))
    return _render_error(request, error.status, error.code, title, error.message)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404; says why where a view of ours has said so."""
    said = exception.args[0] if exception and exception.args and isinstance(exception.args[0], str) else ""
    message = said or _("This page does not exist, or it is not yours to see.")
    return _render_error(request, 404, "not_found", _("Nothing here"), message)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return _render_error(request, 403, "not_allowed", _("Not for your role"), _("You may not see or do this."))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that is older than the session."""
    message = _("The form was opened before you last signed in or out. Go back, reload the page and send it again.")
    return _render_error(request, 403, "csrf_failed", _("This form is out of date"), message)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 to a request that failed before it reached a view.

    Nobody is known to be signed in.
    """
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "invalid", "message": "The request is malformed.", "fields": {}}, status=400)
    return render(request, "frontend/plain_error.html", {"title": _("The request is malformed")}, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without asking the database for anything: it may be what failed."""
    message = _("Something broke on our side")
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "server_error", "message": message, "fields": {}}, status=500)
    return render(request, "frontend/plain_error.html", {"title": message}, status=500)
