"""Somebody who calls the API, by token as programs do or by session as pages do."""

import json
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

from annotation.models import Member, User
from tests.factories import make_token

GOOD = {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 1}


class Caller:
    """Calls as one person; a failure inside the server is an answer, as it is outside of tests."""

    def __init__(self, user: User | Member | None = None, *, token: str | None = None) -> None:
        person = user.user if isinstance(user, Member) else user
        self.client = Client(raise_request_exception=False)
        self.headers = {}
        if token or person is not None:
            self.headers["authorization"] = f"Token {token or make_token(person)}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> HttpResponse:
        """Send ``body`` as JSON, or as it is where it is bytes."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        content_type = more.pop("content_type", "application/json")
        headers = {**self.headers, **more.pop("headers", {})}
        url = path if path.startswith("/") else f"/api/{path}"
        return self.client.generic(method, url, body or "", content_type, headers=headers, **more)

    def get(self, path: str, **more: Any) -> HttpResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.call("POST", path, {} if body is None else body, **more)

    def put(self, path: str, body: Any, **more: Any) -> HttpResponse:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> HttpResponse:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> HttpResponse:
        return self.call("DELETE", path, **more)

    def lease(self, slug: str = "birds") -> str:
        """Lease one sample and return the assignment's id."""
        (assignment,) = self.post(f"studies/{slug}/assignments/", {"count": 1}).json()["assignments"]
        return str(assignment["id"])

    def score(self, assignment: str, ratings: Any = GOOD, *, key: Any = None, **more: Any) -> HttpResponse:
        """Submit a score."""
        body = {"client_key": str(key or uuid4()), "ratings": ratings, **more}
        return self.put(f"assignments/{assignment}/score/", body)


class Browser(Caller):
    """Calls from a page: with a session, and with the CSRF token where the page has one."""

    def __init__(self, user: User | Member | None = None) -> None:
        super().__init__()
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        person = user.user if isinstance(user, Member) else user
        if person is not None:
            self.client.force_login(person, "django.contrib.auth.backends.ModelBackend")

    def with_csrf(self) -> "Browser":
        """Go on as a page that has its token."""
        self.client.cookies["csrftoken"] = "a" * 32
        self.headers["x-csrftoken"] = "a" * 32
        return self


def refusal(response: HttpResponse) -> tuple[int, str]:
    """Return status and code of an error, and see that its body is the one error body."""
    body = response.json()
    assert set(body) == {"code", "message", "fields"}, body
    assert body["message"]
    assert all(isinstance(why, str) and why for why in body["fields"].values())
    return response.status_code, body["code"]


def fields(response: HttpResponse) -> set[str]:
    """Return which fields an error names."""
    assert response.status_code == 400, (response.status_code, response.content)
    return set(response.json()["fields"])
