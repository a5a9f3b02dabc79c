"""The middleware of the pages: time zone, sign-in and refusals."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh

from annotation.core.errors import WorkflowError

Handler = Callable[[HttpRequest], HttpResponse]


class ViewerTimeZone:
    """Shows times in the zone that the signed-in person has chosen; UTC is stored."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = ""
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            name = getattr(request.user, "time_zone", "")
        try:
            zone = zoneinfo.ZoneInfo(name) if name else None
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = None
        with timezone.override(zone):
            return self.get_response(request)


class SignInAsPage:
    """Reloads the whole page where a request for a part finds the session over.

    So the sign-in form never appears within a page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseRedirect) or "HX-Request" not in request.headers:
            return response
        to_sign_in = response.url.partition("?")[0] == resolve_url(settings.LOGIN_URL)
        return HttpResponseClientRefresh() if to_sign_in else response


class RefusalsAsPages:
    """Turns a service's refusal into a page with its status and message.

    Only where the view has not handled it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        from .views.errors import refusal

        return refusal(request, exception) if isinstance(exception, WorkflowError) else None
