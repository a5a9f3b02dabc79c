"""Sends requests to a server, retries them, counts them and hides the key."""

import os
import random
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from judge.backends.interface import BackendError

from .options import EndpointOptions

FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 60.0
# Another attempt may find the server less busy, or up again.
RETRY_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
# No sample of the run would fare better.
FATAL_STATUSES = frozenset({401, 403, 404, 405})
MAX_MESSAGE_LENGTH = 300


class RequestRefused(RuntimeError):
    """A request that the server does not answer, however often it is sent."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class BudgetSpent(BackendError):
    """The allowed number of requests is used up."""


class ChatClient:
    """A client of one chat server, for several threads."""

    def __init__(self, options: EndpointOptions) -> None:
        self._options = options
        self._key = os.environ.get(options.key_variable, "")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.requests = 0
        self.tokens = 0

    def complete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the server's reply to a chat completion.

        Raises:
            Refused: it cannot be had for this request.
            BackendError: it cannot be had for any; the address, the model or the key is wrong.
            BudgetSpent: it would be one request too many.
        """
        wait = FIRST_WAIT_SECONDS
        problem = ""
        for attempt in range(self._options.retries + 1):
            if attempt and self._stopped.wait(wait * random.uniform(0.5, 1)):  # noqa: S311 - spreads clients, no secret
                break
            self._count_request()
            try:
                response = self._session().post(
                    f"{self._options.url.rstrip('/')}/chat/completions",
                    json={"model": self._options.model, **body},
                    timeout=self._options.timeout,
                )
            except requests.RequestException as error:
                problem, wait = f"no answer ({type(error).__name__})", min(MAX_WAIT_SECONDS, wait * 2)
                continue
            if response.status_code == 200:
                completion = self._parse_completion(response)
                if completion is not None:
                    return completion
                problem, wait = "an answer that is no chat completion", min(MAX_WAIT_SECONDS, wait * 2)
            elif response.status_code in RETRY_STATUSES:
                problem = f"{response.status_code} {self._server_text(response)}"
                wait = _retry_after(response) or min(MAX_WAIT_SECONDS, wait * 2)
            elif response.status_code in FATAL_STATUSES:
                raise BackendError(
                    f"The server at {self._options.url} says "
                    f"{response.status_code} {self._server_text(response)}; look at url, "
                    f"model, and the key in {self._options.key_variable}."
                )
            else:
                raise RequestRefused(f"{response.status_code} {self._server_text(response)}", response.status_code)
        raise RequestRefused(f"{problem} after {self._options.retries + 1} attempts")

    def stop(self) -> None:
        """End all waiting for retries."""
        self._stopped.set()

    def _count_request(self) -> None:
        with self._lock:
            if self._options.max_requests and self.requests >= self._options.max_requests:
                raise BudgetSpent(
                    f"The budget of {self._options.max_requests:,} requests is used up. What is known is kept: raise "
                    "max_requests and go on with --resume."
                )
            self.requests += 1

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            session = requests.Session()
            # Nothing from a .netrc or a proxy's variable: what is sent where is what the options say.
            session.trust_env = False
            if self._key:
                session.headers["Authorization"] = f"Bearer {self._key}"
            self._local.session = session
        stored: requests.Session = self._local.session
        return stored

    def _parse_completion(self, response: requests.Response) -> dict[str, Any] | None:
        try:
            completion = response.json()
        except ValueError:
            return None
        choices = completion.get("choices") if isinstance(completion, dict) else None
        if not isinstance(choices, list) or not choices or not all(isinstance(choice, dict) for choice in choices):
            return None
        usage = completion.get("usage")
        if isinstance(usage, dict) and isinstance(usage.get("total_tokens"), int):
            with self._lock:
                self.tokens += usage["total_tokens"]
        return dict(completion)

    def _server_text(self, response: requests.Response) -> str:
        """Return the server's error text, without the key."""
        try:
            data = response.json()
        except ValueError:
            data = response.text
        error = data.get("error") if isinstance(data, dict) else data
        message = error.get("message") if isinstance(error, dict) else error
        text = " ".join(str(message or response.reason or "").split())[:MAX_MESSAGE_LENGTH]
        return text.replace(self._key, "***") if self._key else text


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds that a server asks to wait (RFC 9110, 10.2.3)."""
    header = response.headers.get("Retry-After", "")
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(MAX_WAIT_SECONDS, max(0.0, seconds))
