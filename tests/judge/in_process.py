"""The command of the judge within the test's own process: its libraries are imported once."""

import io
import os
import signal
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from judge.__main__ import main


def judge(*arguments: object, status: int = 0, **environment: str) -> tuple[str, str]:
    """Run the command, expect its exit status, and return what it printed on both streams."""
    out, errors = io.StringIO(), io.StringIO()
    # A request to stop is for the run of the tests here.
    with (
        patch.dict(os.environ, environment),
        patch.object(signal, "signal"),
        redirect_stdout(out),
        redirect_stderr(errors),
    ):
        ended = main([str(argument) for argument in arguments])
    assert ended == status, errors.getvalue()
    return out.getvalue(), errors.getvalue()
