"""The options of the backend ``endpoint``."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from judge.options import OptionError

Readout = Literal["auto", "logprobs", "samples", "integer"]
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The options of the backend ``endpoint``.

    The key is never one of them: only the name of the variable that holds it.
    """

    url: str = ""
    """Address of the API, as ``http://localhost:8000/v1``; it holds no secret, as it is stored with the run."""
    model: str = ""
    key_variable: str = "OPENAI_API_KEY"
    readout: Readout = "auto"
    """Log-probabilities where the server gives them, else samples, else the number alone."""
    samples: int = 5
    """How many replies a distribution is made of without log-probabilities; one: the number alone."""
    temperature: float = 1.0
    """Of these samples; a single reply is the likeliest one."""
    concurrency: int = 4
    timeout: float = 120.0
    retries: int = 6
    max_requests: int = 0
    """The budget; 0 is none. What is known when it is used up is kept."""
    max_tokens: int = 200
    longest_side: int = 1024
    """Of pictures as they are sent, in pixels; 0 sends them as they are."""

    def check(self) -> None:
        """Raise `OptionError` for a value that cannot be."""
        least = {"samples": 1, "concurrency": 1, "retries": 0, "max_requests": 0, "max_tokens": 1, "longest_side": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise OptionError(f"{name} is {getattr(self, name)}; the least is {value}.")
        if self.timeout <= 0:
            raise OptionError(f"timeout is {self.timeout:g}; it is a number of seconds.")
        # None of these messages repeats what it is about: that may be a secret.
        if not VARIABLE_NAME.fullmatch(self.key_variable):
            raise OptionError(
                "key_variable is the name of an environment variable that holds the key, and not the key."
            )
        if self.url:
            self._check_url()

    def _check_url(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise OptionError("url begins with http:// or https://.")
        try:
            parts = urlsplit(self.url)
        except ValueError:
            raise OptionError("url is no address; write one as http://localhost:8000/v1.") from None
        if "@" in parts.netloc or "?" in self.url or "#" in self.url:
            raise OptionError(
                "url holds a user name, a password or a query, and it would be stored with the run for everyone who "
                f"reads it. Give the address alone, and the key in the environment variable {self.key_variable} "
                "(key_variable names another one)."
            )
