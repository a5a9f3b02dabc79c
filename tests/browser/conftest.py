"""A real browser against the real application: hashed static files, threads, a database file.

The people of these tests: Ann and Ben score, Ada is admin, Sam is a stranger.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, Error, expect

from annotation.models import Member, Study, User
from tests.factories import make_member, make_sample, make_study

from .discussing_page import Table, Tables
from .scoring_page import Desk

# Playwright's synchronous door keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

# A machine that runs everything at once is slow, not wrong.
expect.set_options(timeout=10_000)

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A database in memory has one connection, which threads that serve at once would have to share.
if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    _folder = tempfile.TemporaryDirectory(prefix="browser-tests-")
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(Path(_folder.name) / "test.sqlite3")


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests count what arrived by looking into the database."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the application as it is deployed, and return its address."""
    with override_settings(STATIC_ROOT=str(tmp_path_factory.mktemp("static")), DEBUG=False):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["drf_spectacular_sidecar"])
        httpd = ThreadedWSGIServer(("127.0.0.1", 0), _Silent)
        httpd.set_app(get_wsgi_application())
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        httpd.server_close()
        thread.join()


@pytest.fixture(scope="session")
def base_url(server: str) -> str:
    return server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(QUIET)}


@pytest.fixture
def study(transactional_db: None) -> Study:
    """A running study of six samples: text and one picture each."""
    study = make_study("birds", k=2, title="Birds that sing")
    for number in range(6):
        make_sample(study, f"Answer {number}: robins sing at dawn.", ["red"], question=f"Question {number}?")
    return study


@pytest.fixture
def ann(study: Study) -> Member:
    return make_member(study, "ann")


@pytest.fixture
def ben(study: Study) -> Member:
    return make_member(study, "ben")


@pytest.fixture
def browser_of(browser: Browser, server: str, transactional_db: None) -> Iterator[Callable[..., BrowserContext]]:
    """Give a person a browser of their own, signed in; all are closed before the database is emptied."""
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def open_browser(user: User, **options: Any) -> BrowserContext:
        context = browser.new_context(base_url=server, **{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(10_000)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        sign_in(context, user, server)
        opened.append(context)
        return context

    yield open_browser
    for context in opened:
        try:
            context.unroute_all(behavior="ignoreErrors")
            context.close()
        except Error:
            faults.append("the browser was gone before the test was over")
    assert not faults


@pytest.fixture
def desk(browser_of: Callable[..., BrowserContext], study: Study, ann: Member) -> Desk:
    """Ann's scoring page, with a sample on it."""
    assert ann.user is not None
    return Desk(browser_of(ann.user).new_page(), study).open()


@pytest.fixture
def discussed(transactional_db: None) -> Study:
    """A running study without samples: those that are discussed in it are made by the tests."""
    return make_study("birds", k=3, title="Birds that sing")


@pytest.fixture
def tables(browser_of: Callable[..., BrowserContext], discussed: Study) -> Tables:
    """The discussion page of somebody, by username, in a browser of their own."""

    def table(username: str, **options: Any) -> Table:
        return Table(browser_of(User.objects.get(username=username), **options).new_page(), discussed)

    return table


def sign_in(context: BrowserContext, user: User, server: str) -> None:
    """Give a browser the session that signing in would have given it."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server}])
