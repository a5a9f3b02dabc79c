"""The real server, as it is deployed, on a database of its own."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple

from tests.databases import ROOT, environment, fresh_database, manage

START_SECONDS = 30


class Answer(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        return str(self.body.get("code", "ok"))


class Server:
    """A running server."""

    def __init__(self, port: int, env: dict[str, str]) -> None:
        self.port, self.env = port, env

    def call(self, token: str, method: str, path: str, body: Any = None) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        try:
            connection.request(method, f"/api/{path}", json.dumps(body or {}), headers)
            response = connection.getresponse()
            return Answer(response.status, json.loads(response.read()))
        finally:
            connection.close()

    def at_once(self, calls: list[Callable[[], Answer]]) -> list[Answer]:
        """Make all calls at the same moment."""
        barrier = Barrier(len(calls))

        def wait_and_call(call: Callable[[], Answer]) -> Answer:
            barrier.wait()
            return call()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(wait_and_call, calls))

    def run(self, code: str) -> Any:
        """Run Python on the server's database and return what it assigns to ``result``."""
        program = f"import json\n{code}\nprint(json.dumps(result))"
        return json.loads(manage("shell", "--verbosity=0", "-c", program, env=self.env))


@contextmanager
def served(kind: str, folder: Path) -> Iterator[Server]:
    """Serve an empty, migrated database of ``kind`` (sqlite, postgres) with two workers of four threads."""
    with fresh_database(kind, folder, migrated=True) as url, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = environment(url, folder, HOST="127.0.0.1", PORT=str(port), ALLOWED_HOSTS="127.0.0.1", DEBUG="0")
        log = (folder / "server.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
        try:
            _wait(process, port, folder / "server.log")
            yield Server(port, env)
        finally:
            process.terminate()
            process.wait(30)
            log.close()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"The server did not start:\n{log.read_text()}")
