"""Reports the progress of long work: a bar or lines of JSON.

Both go to standard error; standard output belongs to the result.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TextIO, TypeVar

Item = TypeVar("Item")
# A person's eye and a program's database have no use for more.
SECONDS_BETWEEN = 0.2
BAR_WIDTH = 24


class ProgressReporter(Protocol):
    """A receiver of progress.

    All calls are cheap; none fails.
    """

    def step(self, activity: str, total: int | None = None) -> None:
        """Begin a step of ``total`` pieces; None where that is unknown."""
        ...

    def done(self, count: int) -> None:
        """Report how many pieces of this step are done."""
        ...

    def curve(self, series: str, x: float, y: float) -> None:
        """Add a point to a curve, as the loss over steps.

        Both numbers are finite.
        """
        ...

    def note(self, text: str) -> None:
        """Report something worth reading."""
        ...


class SilentReporter:
    """A reporter that does nothing."""

    def step(self, activity: str, total: int | None = None) -> None: ...
    def done(self, count: int) -> None: ...
    def curve(self, series: str, x: float, y: float) -> None: ...
    def note(self, text: str) -> None: ...


class JsonReporter:
    """A reporter that writes lines of JSON: ``step``, ``done``, ``curve``, ``note``."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stderr
        self._last_written = 0.0

    def step(self, activity: str, total: int | None = None) -> None:
        self._last_written = 0.0
        self._write({"step": activity, "total": total})

    def done(self, count: int) -> None:
        now = time.monotonic()
        if now - self._last_written >= SECONDS_BETWEEN:
            self._last_written = now
            self._write({"done": count})

    def curve(self, series: str, x: float, y: float) -> None:
        self._write({"curve": series, "x": x, "y": y})

    def note(self, text: str) -> None:
        self._write({"note": text})

    def _write(self, event: dict[str, Any]) -> None:
        print(json.dumps(event, ensure_ascii=False, allow_nan=False), file=self._output, flush=True)


class ProgressBar:
    """A reporter that draws a progress bar.

    On a file, where nothing can be written over, it writes a line per step.
    """

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stderr
        self._is_terminal = self._output.isatty()
        self._activity, self._started, self._last_written = "", 0.0, 0.0
        self._total: int | None = None
        self._line_open = False

    def step(self, activity: str, total: int | None = None) -> None:
        self._end_line()
        self._activity, self._total, self._started, self._last_written = activity, total, time.monotonic(), 0.0
        if self._is_terminal:
            self._draw(0)
        else:
            self._print(activity + (f" ({total:,})" if total else ""))

    def done(self, count: int) -> None:
        now = time.monotonic()
        is_last = self._total is not None and count >= self._total
        if self._is_terminal and (is_last or now - self._last_written >= SECONDS_BETWEEN):
            self._last_written = now
            self._draw(count)

    def curve(self, series: str, x: float, y: float) -> None:
        self.note(f"{series} {y:.4f} at {x:g}")

    def note(self, text: str) -> None:
        self._end_line()
        self._print(text)

    def close(self) -> None:
        """End the open line."""
        self._end_line()

    def _draw(self, count: int) -> None:
        seconds = time.monotonic() - self._started
        rate = f", {count / seconds:,.1f}/s" if count and seconds > 0.5 else ""
        if self._total:
            filled = round(BAR_WIDTH * min(1.0, count / self._total))
            remaining = (
                f", {_format_duration((self._total - count) * seconds / count)} left" if 0 < count < self._total else ""
            )
            status = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {count:,} of {self._total:,}{rate}{remaining}"
        else:
            status = f"{count:,}{rate}" if count else "…"
        self._output.write(f"\r\x1b[K{self._activity}: {status}")
        self._output.flush()
        self._line_open = True

    def _end_line(self) -> None:
        if self._line_open:
            self._output.write("\n")
            self._output.flush()
            self._line_open = False

    def _print(self, text: str) -> None:
        print(text, file=self._output, flush=True)


def count_progress(items: Iterable[Item], progress: ProgressReporter, start: int = 0) -> Iterator[Item]:
    """Yield the items and report their number, from ``start``."""
    for number, item in enumerate(items, start + 1):
        yield item
        progress.done(number)


def _format_duration(seconds: float) -> str:
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds_left:02}" if hours else f"{minutes}:{seconds_left:02}"
