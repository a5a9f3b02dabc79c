"""Runs the judge as a process and reports its output to the job.

The process ends with the job that started it.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from annotation.core.errors import WorkflowError
from annotation.jobs.context import JobContext

# Of our own settings none is the judge's business; keys of model servers are, under whatever name.
HIDDEN_VARIABLES = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL")
PARTLY_REJECTED = 3
INTERRUPTED = 130
SECONDS_TO_STOP = 20.0
SECONDS_BETWEEN_READS = 0.2
LINES_KEPT = 200

Point = tuple[str, float, float]
"""Of a curve: its series, x and y."""


def run_judge(
    context: JobContext, arguments: Sequence[str], *, draw: Callable[[Sequence[Point]], None] = lambda points: None
) -> Mapping[str, Any]:
    """Run ``python -m judge`` with ``arguments`` and return its report.

    ``draw`` is called with new points of curves.

    Its steps become the job's progress and its notes the job's log. Where the job must end, it is ended first.

    Raises:
        WorkflowError: the judge refused to work, with its own message, or crashed.
        JobStopped: the job must end now.
    """
    with _JudgeProcess(arguments) as process:
        output = _JudgeOutput(context, draw)
        while True:
            for line in process.lines():
                output.handle_line(line)
            output.report_progress()
            if process.finished:
                break
        return _read_report(context, process.status, process.standard_output(), output)


class _JudgeOutput:
    """Turns the lines of a judge into progress, log and curves of a job."""

    def __init__(self, context: JobContext, draw: Callable[[Sequence[Point]], None]) -> None:
        self._context, self._draw = context, draw
        self._activity, self._total, self._done = "Starting the judge", 0, 0
        self._points: list[Point] = []
        self.other: deque[str] = deque(maxlen=LINES_KEPT)

    def handle_line(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        match event:
            case {"step": str(activity), "total": int() | None as total}:
                self._activity, self._done, self._total = activity, 0, total or 0
            case {"done": int(done)}:
                self._done = done
            case {"note": str(note)}:
                self._context.log(note)
            case {"curve": str(series), "x": int() | float() as x, "y": int() | float() as y}:
                self._points.append((series, x, y))
            case _:
                self.other.append(line)

    def report_progress(self) -> None:
        # A total of zero stands for a step whose length nobody knows.
        self._context.progress(self._done, self._total, self._activity)
        if self._points:
            self._draw(self._points)
            self._points = []


def _read_report(context: JobContext, status: int, standard_output: str, output: _JudgeOutput) -> Mapping[str, Any]:
    try:
        report = json.loads(standard_output) if standard_output.strip() else {}
    except ValueError:
        report = {}
    if status in (0, PARTLY_REJECTED) and report:
        result: Mapping[str, Any] = report
        return result
    if output.other:
        context.log_trace("\n".join(output.other))
    if status == 1 and isinstance(report, dict) and "error" in report:
        raise WorkflowError(str(report["error"]), code="judge_refused")
    if status == INTERRUPTED:
        raise WorkflowError("The judge was stopped from outside. Try again: it goes on where it was.")
    if status == -signal.SIGKILL:
        raise WorkflowError(
            "The judge was killed by the system, most often for want of memory. What it did is kept: try again, on a "
            "machine with more of it or with a smaller preset."
        )
    ending = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    raise WorkflowError(f"The judge {ending} without a report. Its last words are in the log; trying again goes on.")


class _JudgeProcess:
    """A running judge process, as a context manager.

    Leaving the block ends the process and those that it has started.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        # Its standard input is held open and never written to: it ends with us, even where we are killed.
        self._process = start_judge([*arguments, "--json", "--tethered"])
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._output: list[str] = []
        self._threads = [
            threading.Thread(target=_forward_lines, args=(self._process.stderr, self._lines.put), daemon=True),
            threading.Thread(target=_forward_lines, args=(self._process.stdout, self._output.append), daemon=True),
        ]

    def __enter__(self) -> "_JudgeProcess":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(SECONDS_TO_STOP)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    @property
    def finished(self) -> bool:
        """Whether the process has ended and all its output has been read."""
        return self._process.poll() is not None and not self._threads[0].is_alive() and self._lines.empty()

    @property
    def status(self) -> int:
        return self._process.wait()

    def standard_output(self) -> str:
        """Return its standard output, after its end."""
        self._threads[1].join()
        return "".join(self._output)

    def lines(self) -> Iterator[str]:
        """Yield the lines written since the last call.

        It waits a moment for the first one.
        """
        with contextlib.suppress(queue.Empty):
            yield self._lines.get(timeout=SECONDS_BETWEEN_READS)
            while True:
                yield self._lines.get_nowait()


def _forward_lines(stream: IO[str], handle_line: Callable[[str], None]) -> None:
    for line in stream:
        handle_line(line)


def start_judge(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Start ``python -m judge`` with pipes, in a session of its own.

    Raises:
        WorkflowError: there is no such Python.
    """
    python = settings.JUDGE_PYTHON or sys.executable
    try:
        return subprocess.Popen(
            [python, "-m", "judge", *arguments],
            cwd=settings.BASE_DIR,
            env=_judge_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise WorkflowError(f"The judge cannot be started: {python}: {error.strerror}. Look at JUDGE_PYTHON.") from None


def _judge_environment() -> dict[str, str]:
    """Return the environment variables for a judge."""
    variables = {name: value for name, value in os.environ.items() if name not in HIDDEN_VARIABLES}
    # Another Python has our judge by its place alone.
    return variables | {"PYTHONPATH": str(Path(settings.BASE_DIR)), "PYTHONUNBUFFERED": "1"}
