"""Starts the web server and a worker, and the demo study on request."""

import io
import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from config.health import is_answering
from config.processes import WEB, WORKER
from config.startup_checks import require_safe_start
from config.static_collection import collect_if_stale
from config.supervisor import ProcessGroup

SECONDS_TO_ANSWER = 60
# What a person at a terminal need not read. That a worker runs as root is no news to who started it.
QUIET = {
    "LOG_LEVEL": "WARNING",
    "GUNICORN_CMD_ARGS": "--log-level warning",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


class Command(BaseCommand):
    help = "Bring the database up to date, serve the pages and work on jobs, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        # manage.py looks at it as well, before the settings are read.
        parser.add_argument("--demo", action="store_true", help="with a small demo study and logins for it")
        parser.add_argument("--port", type=int, help="default: PORT of the environment, or 8000")

    def handle(self, *args: Any, demo: bool, port: int | None, **options: Any) -> None:
        port = port or settings.PORT
        host = "127.0.0.1" if demo else os.environ.get("HOST", "127.0.0.1")
        processes = ProcessGroup(QUIET | os.environ | {"HOST": host, "PORT": str(port)})
        self._require_free_port(host, port)
        with processes.stop_on_signals():
            try:
                demo_output = self._prepare_installation(demo=demo, processes=processes)
                self._run_servers(port=port, processes=processes, demo_output=demo_output)
            finally:
                processes.stop()
        self.stdout.write("Stopped.")

    def _require_free_port(self, host: str, port: int) -> None:
        with socket.socket() as probe:
            # As the server asks for it: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                raise CommandError(
                    f"Port {port} is not free ({error}). Stop what uses it, or choose another: PORT={port + 1}."
                ) from None

    def _prepare_installation(self, *, demo: bool, processes: ProcessGroup) -> str:
        """Update database, static files and demo, and return the demo's output."""
        Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used; look at DATABASE_URL. {str(error).strip()}") from error
        try:
            require_safe_start()
        except ImproperlyConfigured as unsafe:
            raise CommandError(str(unsafe)) from None
        if not processes.stop_requested.is_set() and collect_if_stale():
            self.stdout.write("Prepared the static files.")
        demo_output = io.StringIO()
        if demo and not processes.stop_requested.is_set():
            call_command("demo", stdout=demo_output)
        connections.close_all()
        return demo_output.getvalue()

    def _run_servers(self, *, port: int, processes: ProcessGroup, demo_output: str) -> None:
        os.chdir(settings.BASE_DIR)
        if not processes.stop_requested.is_set():
            processes.start("web server", [sys.executable, "-m", *WEB])
            processes.start(
                "worker", [sys.executable, "-m", WORKER[0], "--quiet", *WORKER[1:], "--loglevel", "warning"]
            )
            if processes.wait_until(lambda: is_answering(port), seconds=SECONDS_TO_ANSWER):
                self.stdout.write(f"\n{demo_output}\nOpen http://localhost:{port}\nStop with Ctrl-C.")
                self.stdout.flush()
                processes.wait_until()
        ended = processes.find_ended_child()
        if processes.stop_requested.is_set():
            self.stdout.write("\nStopping …")
        elif ended is not None:
            name, status = ended
            raise CommandError(f"The {name} ended by itself (status {status}); everything is stopped. See above.")
        else:
            raise CommandError(f"The web server did not answer within {SECONDS_TO_ANSWER} seconds.")
