"""Runs a few child processes together, all or none."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType

SECONDS_TO_STOP = 8
_PR_SET_PDEATHSIG = 1


@dataclass
class ProcessGroup:
    """Child processes, and the request to stop them.

    Each child leads a session of its own: an interrupt at the terminal reaches this process alone, which then stops
    them in order, and what a child leaves behind is found by its session.
    """

    environment: Mapping[str, str]
    stop_requested: threading.Event = field(default_factory=threading.Event)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _force: bool = False

    @contextlib.contextmanager
    def stop_on_signals(self) -> Iterator[None]:
        """Turn Ctrl-C, SIGTERM and SIGHUP into a stop request; a second signal forces it."""

        def request_stop(number: int, frame: FrameType | None) -> None:
            self._force = self.stop_requested.is_set()
            self.stop_requested.set()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, request_stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, name: str, command: list[str]) -> None:
        self._children[name] = subprocess.Popen(
            command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )

    def find_ended_child(self) -> tuple[str, int] | None:
        """Return the name and exit status of a child that ended by itself."""
        for name, child in self._children.items():
            status = child.poll()
            if status is not None:
                return name, status
        return None

    def wait_until(self, condition: Callable[[], bool] = lambda: False, *, seconds: float | None = None) -> bool:
        """Wait until ``condition`` is true; False on a stop request, an ended child or timeout."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self.stop_requested.is_set() and self.find_ended_child() is None:
            if condition():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.stop_requested.wait(0.1)
        return False

    def stop(self) -> None:
        """Terminate the children in order, and kill their sessions after some seconds."""
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + SECONDS_TO_STOP
        while any(child.poll() is None for child in self._children.values()):
            if self._force or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _end_with_parent() -> None:
    # Killed without a chance to stop its children, a parent would leave them holding the port.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
