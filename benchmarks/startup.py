"""How long the web process takes to answer for the first time, and what it costs while nobody asks."""

import http.client
import time

import psutil

from .annotators import work
from .databases import Database, Store
from .figures import Measured, row
from .population import Population
from .server import LOCAL, START_SECONDS, Server, starting

STUDY = Population(samples=1_000)
PAIRS = 20


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield the time from the start of the process to its first answer, and its memory after some work.

    One worker, as the aim is about one; the master that started it is counted separately, as it is there once for all.
    """
    with store.filled(STUDY) as database:
        started = time.monotonic()
        with starting(database, database.folder / "web.log", workers=1) as server:
            _first_answer(server, database)
            seconds = time.monotonic() - started
            work(server, database.tokens[:1], PAIRS)
            worker = server.workers()[0]
            memory, master = worker.memory_full_info(), server.process.memory_full_info()
            both = sum(one.memory_full_info().pss for one in (server.process, worker))
    yield row("web process: start to first answer", "s", most=1.5), seconds
    yield row("web process: memory when idle, resident, shared pages counted in full", "MB", most=100), memory.rss / 1e6
    yield row("web process: its share (PSS)", "MB"), memory.pss / 1e6
    yield row("web process: its own pages alone (USS)", "MB"), memory.uss / 1e6
    yield row("web process and gunicorn's master together (PSS)", "MB"), both / 1e6
    yield row("gunicorn's master, resident", "MB"), master.rss / 1e6


def _first_answer(server: Server, database: Database) -> None:
    """Ask who I am until the answer is 200: a question that needs the database and a valid token."""
    headers = {"Authorization": f"Token {database.tokens[0]}"}
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(LOCAL, server.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/api/me/", headers=headers)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
            raise RuntimeError("The web process answered, but not with what was asked for.")
        except ConnectionRefusedError:
            if server.process.status() == psutil.STATUS_ZOMBIE:
                raise RuntimeError("The web process ended before it answered.") from None
            time.sleep(0.005)
        finally:
            connection.close()
    raise RuntimeError("The web process did not answer in time.")
