"""Views of the user's account, session and tokens."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from annotation.core.errors import BadInput
from annotation.discussions.participant_list import waiting_by_study
from annotation.models import ApiToken, Member, User
from annotation.studies import logins
from api.authentication import check_csrf
from api.errors import LockedOut
from api.json_responses import empty_response, respond_json
from api.schema import describe, list_schema
from api.serializers import people as shapes

from .base import View, body_of, get_or_not_found, user_of


class MeView(View):
    """The signed-in user."""

    @describe("Show me", answer=shapes.MeSerializer)
    def get(self, request: Request) -> HttpResponse:
        """Studies that I have left are not among them."""
        return respond_json(describe_user(user_of(request)))


def describe_user(user: User) -> dict[str, Any]:
    """Return a user with their memberships."""
    memberships = Member.objects.filter(user=user).exclude(state=Member.State.LEFT).order_by("study__slug")
    rows = memberships.values("study_id", "study__slug", "study__title", "role", "study__state")
    waiting = waiting_by_study(user)
    return {
        "id": user.pk,
        "username": user.username,
        "name": user.name,
        "is_site_admin": user.is_site_admin,
        "waiting": sum(waiting.values()),
        "studies": [
            {
                "slug": row["study__slug"],
                "title": row["study__title"],
                "role": row["role"],
                "state": row["study__state"],
                "waiting": waiting.get(row["study_id"], 0),
            }
            for row in rows
        ],
    }


class SessionView(View):
    """Signs a browser in and out without a page change."""

    def get_permissions(self) -> Sequence[Any]:
        """Allow anonymous users to sign in."""
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    @describe(
        "Sign in",
        request=shapes.SignInRequestSerializer,
        answer=shapes.MeSerializer,
        anonymous=True,
        also={429: "too many attempts"},
    )
    def post(self, request: Request) -> HttpResponse:
        """Sets the session's cookies; needs the CSRF token of the page."""
        check_csrf(request)
        body = body_of(request, shapes.SignInRequestSerializer)
        django_request: HttpRequest = request._request
        user = authenticate(django_request, username=body["username"], password=body["password"])
        if getattr(django_request, "axes_locked_out", False):
            # Answered here, in our own form; otherwise a middleware would put a page in its place.
            django_request.axes_locked_out = False  # type: ignore[attr-defined]
            raise LockedOut("Too many wrong passwords. Wait a quarter of an hour, then try again.")
        if not isinstance(user, User):
            raise BadInput("Wrong username or password.", code="bad_credentials")
        login(django_request, user)
        return respond_json(describe_user(user))

    @describe("Sign out", status=204)
    def delete(self, request: Request) -> HttpResponse:
        """Ends the browser's session."""
        logout(request._request)
        return empty_response()


class TokensView(View):
    """The user's tokens."""

    @describe("List my tokens", answer=list_schema(shapes.ShownTokenSerializer))
    def get(self, request: Request) -> HttpResponse:
        """Revoked ones are not listed."""
        rows = user_of(request).tokens.filter(revoked_at=None).order_by("name")
        return respond_json({"results": shapes.ShownTokenSerializer(rows, many=True).data})

    @describe(
        "Make a token",
        request=shapes.TokenRequestSerializer,
        answer=shapes.NewTokenSerializer,
        status=201,
        conflict=True,
    )
    def post(self, request: Request) -> HttpResponse:
        """Its secret is shown this once."""
        user = user_of(request)
        token, secret = logins.create_token(
            by=user, user=user, name=body_of(request, shapes.TokenRequestSerializer)["name"]
        )
        return respond_json({**shapes.ShownTokenSerializer(token).data, "secret": secret}, status=201)


class OneTokenView(View):
    """One token of the user."""

    @describe("Revoke a token", status=204)
    def delete(self, request: Request, token: int) -> HttpResponse:
        """From now on it opens nothing."""
        user = user_of(request)
        logins.revoke_token(by=user, token=get_or_not_found(ApiToken.objects.filter(user=user), pk=token))
        return empty_response()
