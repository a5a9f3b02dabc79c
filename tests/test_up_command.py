"""`make run` and its life: `manage.py up`, watched from outside."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from .installation import Installation, alive_in, free_port, kill, wait_until

# The database is a file of the test's own.
pytestmark = [pytest.mark.sqlite, pytest.mark.slow]


@pytest.fixture(scope="module")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Collected by the first test that starts something, as on a first start."""
    return str(tmp_path_factory.mktemp("static"))


@pytest.fixture
def place(tmp_path: Path, static_root: str) -> Iterator[Installation]:
    place = Installation(tmp_path / "data", {"PORT": str(free_port()), "STATIC_ROOT": static_root})
    yield place
    # Whatever a test has found: nothing stays behind on the machine that ran it.
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("DATA_DIR") == str(place.folder):
                process.kill()


def port(place: Installation) -> int:
    return int(place.environment["PORT"])


def said(place: Installation) -> str:
    return place.log.read_text()


@contextlib.contextmanager
def started(place: Installation, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start everything and wait for its address."""
    before = len(said(place)) if place.log.exists() else 0
    process = place.start(sys.executable, "manage.py", "up", *options)
    try:
        wait_until(
            lambda: f"http://localhost:{port(place)}" in said(place)[before:] or process.poll() is not None,
            seconds=90,
            about=lambda: said(place),
        )
        assert process.poll() is None, said(place)
        yield process
    finally:
        kill(process)


def ask(place: Installation, path: str = "/") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port(place), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def nobody_is_left(place: Installation) -> None:
    """Expect that all processes end; those that were killed need a moment."""
    wait_until(lambda: alive_in(place.folder) == [], about=lambda: "\n".join(alive_in(place.folder)))


def interrupt(place: Installation, process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> None:
    """Ask for an end in the way of a terminal, and expect one in order."""
    process.send_signal(number)
    assert process.wait(60) == 0, said(place)
    nobody_is_left(place)
    assert "Traceback" not in said(place)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port(place)), timeout=1):
        pass


def printed_logins(place: Installation) -> list[tuple[str, str, str]]:
    """Return username, password and role of the demo logins, as a person reads them."""
    return re.findall(r"^ +(\w+) {2,}(\S.*?) {2,}(annotator|admin|researcher)$", said(place), re.MULTILINE)


def titles(place: Installation) -> list[str]:
    return [title for (title,) in place.query("SELECT title FROM annotation_study ORDER BY id")]


def test_the_demo_starts_answers_stops_and_keeps_its_data(place: Installation, django_db_blocker: Any) -> None:
    del place.environment["SECRET_KEY"]
    with started(place, "--demo") as process:
        assert ask(place) < 400
        assert ask(place, "/login/") == 200
        name, password, role = printed_logins(place)[0]
        right = f"User.objects.get(username={name!r}, is_demo=True).check_password({password!r})"
        assert place.python(f"from annotation.models import User\nanswer = {right}", DEMO="1")
        interrupt(place, process)
    with django_db_blocker.unblock():
        before = titles(place)
        assert before
        place.query("UPDATE annotation_study SET title = 'Changed by Ada' RETURNING id")
        place.close()
    place.log.unlink()
    with started(place, "--demo") as process:
        assert ask(place) < 400
        assert (name, password, role) in printed_logins(place)
        interrupt(place, process, signal.SIGTERM)
    with django_db_blocker.unblock():
        assert titles(place) == ["Changed by Ada"] * len(before)
        place.close()


def test_an_open_connection_does_not_hold_up_the_end(place: Installation) -> None:
    with started(place) as process, socket.create_connection(("127.0.0.1", port(place))) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1")
        interrupt(place, process)


def test_a_port_that_is_taken_is_named(place: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        refused = place.run(sys.executable, "manage.py", "up", "--port", number)
    assert refused.returncode == 1
    assert f"Port {number} is not free" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (place.folder / "annotation.sqlite3").exists()


@pytest.mark.parametrize("name", ["web server", "worker"])
def test_when_one_part_dies_the_other_does_not_go_on_alone(place: Installation, name: str) -> None:
    with started(place) as process:
        program = "gunicorn" if name == "web server" else "celery"
        (child,) = (c for c in psutil.Process(process.pid).children() if program in " ".join(c.cmdline()))
        os.kill(child.pid, signal.SIGKILL)
        assert process.wait(60) == 1
        assert f"The {name} ended by itself" in said(place)
        nobody_is_left(place)


def test_killed_without_warning_it_leaves_nobody_holding_the_port(place: Installation) -> None:
    with started(place) as process:
        process.kill()
        process.wait()
        nobody_is_left(place)
