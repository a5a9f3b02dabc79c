"""One address opened again and again, and pages as somebody sees them who has signed in by the form."""

from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from .server import LOCAL, Server

PASSWORD = "of no use after the run"
SET_PASSWORD = f"""
from annotation.models import User
user = User.objects.get(username="ada")
user.set_password({PASSWORD!r})
user.save()
"""

Fits = Callable[[bytes], bool]


class Reader:
    """Opens one address again and again."""

    def __init__(self, asked: bytes, times: int, fits: Fits) -> None:
        self.asked, self.left, self.fits = asked, times, fits
        self.seconds: list[float] = []
        self.faults: list[str] = []

    def next_request(self) -> bytes | None:
        self.left -= 1
        return self.asked if self.left >= 0 else None

    def take(self, status: int, body: bytes, seconds: float) -> None:
        self.seconds.append(seconds)
        if status != 200 or not self.fits(body):
            self.faults.append(f"{status}: {body[:300].decode(errors='replace')}")


def signed_in(server: Server, username: str) -> str:
    """Return the cookies of somebody who has signed in by the form."""
    connection = HTTPConnection(LOCAL, server.port, timeout=30)
    connection.request("GET", "/login/")
    token = _cookies(connection.getresponse())["csrftoken"]
    form = urlencode({"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token})
    headers = {"Cookie": f"csrftoken={token}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login/", form, headers)
    cookies = _cookies(connection.getresponse())
    connection.close()
    return f"sessionid={cookies['sessionid']}"


def _cookies(answer: HTTPResponse) -> dict[str, str]:
    answer.read()
    found = SimpleCookie()
    for cookie in answer.headers.get_all("Set-Cookie") or []:
        found.load(cookie)
    return {name: morsel.value for name, morsel in found.items()}


def page_of(path: str, cookie: str) -> bytes:
    """Return the request for a page by somebody who is signed in."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
