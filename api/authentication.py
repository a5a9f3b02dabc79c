"""Authentication by token or by browser session."""

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
    """Reads ``Authorization: Token syn_…`` in one query, without the session."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Return the token's user; None without a token, so that the session is tried next."""
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
        """Return the scheme's name, which makes the status 401 and shows no dialog."""
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """Reads the browser's session; writes need the page's CSRF token.

    A page may name the person whom it was made for (``X-Person``). Where another one has signed in meanwhile, it is
    refused as signed out: what two people may both do must not happen under the wrong name.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the session's user, unless the page names another one."""
        credentials = super().authenticate(request)
        person = request.META.get("HTTP_X_PERSON")
        if credentials is not None and person is not None and person != str(credentials[0].pk):
            raise exceptions.NotAuthenticated("Somebody else has signed in in this browser.")
        return credentials

    def enforce_csrf(self, request: Any) -> None:
        """Raise unless the page itself sent the write."""
        check_csrf(request)


def check_csrf(request: Request) -> None:
    """Raise `CsrfFailed` unless the request carries the CSRF token of its browser."""
    django_request = cast(HttpRequest, getattr(request, "_request", request))
    check = authentication.CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(django_request)
    reason = check.process_view(django_request, None, (), {})  # type: ignore[arg-type]
    if reason:
        raise CsrfFailed(f"The request was not sent by a page of ours: {reason}.")
