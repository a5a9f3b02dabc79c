"""A whole installation that is killed and started again: web server, worker and, where there is one, its own Redis."""

import contextlib
import json
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from config import processes
from config.health import is_answering
from tests.installation import Installation, free_port, kill, wait_until

# Longer than any test waits for anything.
PATIENCE = 150

PREPARE = """
import hashlib
from pathlib import Path
from config.static_collection import collect_if_stale
collect_if_stale()
from django.test import Client
from annotation.models import ApiToken, Member, User
from annotation.studies import rubrics
from annotation.studies import studies
from annotation.imports.samples import import_samples
from annotation.imports.scores import import_scores
study = studies.create_study(by=None, slug="birds", rubric=rubrics.get_or_load("interleaved-answer"))
ada = User.objects.create_user("ada", "a long enough password", name="Ada")
Member.objects.create(study=study, user=ada, name="Ada", role="admin")
import_samples(by=None, study=study, path=Path("{folder}/there.jsonl"))
import_scores(by=None, study=study, path=Path("{folder}/scores.jsonl"))
client = Client()
client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
ApiToken.objects.create(user=ada, name="fire", secret_hash=hashlib.sha256(b"syn_fire").hexdigest())
answer = client.cookies["sessionid"].value
"""


class Down(Exception):
    """Nobody answered, or somebody stopped answering in the middle."""


class OwnRedis:
    """A Redis of the test's own, since it is killed. It keeps nothing: killed, it loses every message."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server was not found; scripts/system-packages tells what to install.")
        folder.mkdir()
        self._port, password = free_port(), secrets.token_hex(16)
        configuration = folder / "redis.conf"
        configuration.write_text(
            f'bind 127.0.0.1\nport {self._port}\nrequirepass {password}\ndir {folder}\nsave ""\nappendonly no\n'
        )
        self._command = [program, str(configuration)]
        self._log = folder / "log"
        self.url = f"redis://:{password}@127.0.0.1:{self._port}/0"

    def start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(self._command, stdout=output, stderr=output, start_new_session=True)


@dataclass
class House:
    """The processes of an installation, all killed at once and all started again."""

    place: Installation
    session: str
    redis: OwnRedis | None = None
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _redis: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return int(self.place.environment["PORT"])

    def start(self) -> None:
        """Start everything; returns when the web server answers."""
        self.start_redis()
        self._running += [self.place.start(*processes.WEB), self.place.start(*processes.WORKER)]
        wait_until(lambda: is_answering(self.port), seconds=PATIENCE, about=self.place.log.read_text)

    def start_redis(self) -> None:
        """Start Redis, where there is one."""
        if self.redis is not None:
            self._redis = self.redis.start()

    def kill(self) -> None:
        """Kill everything with SIGKILL."""
        while self._running:
            kill(self._running.pop())
        self.kill_redis()

    def kill_redis(self) -> None:
        """Kill Redis, with all messages."""
        if self._redis is not None:
            kill(self._redis)
            self._redis = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self.kill()

    def api(self, method: str, path: str, body: Any = None, *, content_type: str = "application/json") -> Any:
        """Ask the API with Ada's token.

        Raises:
            Down: nobody answered.
        """
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": "Token syn_fire", "Content-Type": content_type}
        return json.loads(self._ask(method, f"/api/{path}", data, headers))

    def page(self, path: str) -> str:
        """Open a page in Ada's session."""
        return self._ask("GET", path, None, {"Cookie": f"sessionid={self.session}"}).decode()

    def upload(self, content: bytes, **form: str) -> str:
        """Upload a file to be imported and return the id of its job; twice, as a client does that got no answer."""
        body, content_type = multipart(content, {**form, "client_key": str(uuid4())})
        first, again = (
            self.api("POST", "studies/birds/imports/", body, content_type=content_type)["id"] for _ in range(2)
        )
        assert first == again
        return str(first)

    def _ask(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=dict(headers), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - our own server
                found: bytes = response.read()
                return found
        except urllib.error.HTTPError as refusal:
            raise AssertionError(f"{method} {path}: {refusal.code} {refusal.read()[:500]!r}") from None
        except (OSError, urllib.error.URLError) as error:
            raise Down(str(error)) from None


def multipart(content: bytes, form: Mapping[str, str], *, name: str = "samples.jsonl") -> tuple[bytes, str]:
    """Return the body of a form with a file, and its type."""
    edge = secrets.token_hex(12)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in form.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return b"".join([*parts, head, content, f"\r\n--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"
