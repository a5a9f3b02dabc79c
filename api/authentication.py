"""Who is asking: the bearer of a token, or the person of a browser's session."""

from typing import Any, cast

from django.http import HttpRequest
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from annotation.core.token_sql import user_of_token
from annotation.models import User
from annotation.studies.studies import hash_secret

from .errors import CsrfFailed

SCHEMES = ("token", "bearer")


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Token syn_…``. One statement, and the session is never looked at."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Return the token's user; `None` without a token, so that the session may speak."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() not in SCHEMES:
            return None
        user = user_of_token(hash_secret(secret.strip()))
        if user is None:
            raise exceptions.AuthenticationFailed("This token is unknown or was revoked.")
        return user, scheme

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, which also makes the status 401. Browsers show no dialog for it."""
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; writes need the CSRF token of the page.

    A page may name the person whom it was made for (``X-Person``). Where another one has signed in meanwhile, it is
    refused as signed out: what two people may both do must not happen under the wrong name.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the session's person, if it is the one whom the page names."""
        found = super().authenticate(request)
        person = request.META.get("HTTP_X_PERSON")
        if found is not None and person is not None and person != str(found[0].pk):
            raise exceptions.NotAuthenticated("Somebody else has signed in in this browser.")
        return found

    def enforce_csrf(self, request: Any) -> None:
        """Refuse a write that the page itself did not send."""
        check_csrf(request)


def check_csrf(request: Request) -> None:
    """Raise `CsrfFailed` unless the request carries the CSRF token of its browser."""
    django_request = cast(HttpRequest, getattr(request, "_request", request))
    check = authentication.CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(django_request)
    reason = check.process_view(django_request, None, (), {})  # type: ignore[arg-type]
    if reason:
        raise CsrfFailed(f"The request was not sent by a page of ours: {reason}.")
