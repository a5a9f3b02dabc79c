"""How far a command is, told on the error stream: one line rewritten in place, or now and then a line in a log."""

import shutil
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from annotation.jobs.eta import MINUTE, Pace, pace_of, round_duration

SECONDS_BETWEEN_REWRITES = 0.1
SECONDS_BETWEEN_LINES = 5.0
BAR_WIDTH = 16
ERASE_LINE = "\r\x1b[K"


class ProgressStream(Protocol):
    """What is needed of the stream of a command or of the system."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


class ProgressLine:
    """Is called as `annotation.jobs.progress.ProgressCallback` says; a context manager that ends the line.

    On a terminal the line is rewritten in place. Elsewhere work that takes longer than some seconds says a line every
    some seconds, and shorter work nothing.
    """

    def __init__(self, stream: ProgressStream, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._rewrites = stream.isatty()
        self._activity = ""
        self._done = 0
        self._total: int | None = None
        self._started = self._told_at = clock()
        self._next = self._started + (0 if self._rewrites else SECONDS_BETWEEN_LINES)
        self._shown = ""

    def __call__(self, done: int, total: int | None, activity: str) -> None:
        """Tell how far the work is; as often as convenient."""
        now = self._clock()
        if done < self._done:
            # Another count has begun, when the one before was told of last.
            self._end_step()
            self._started = self._told_at
        self._activity, self._done, self._total, self._told_at = activity, done, total, now
        if now >= self._next:
            self._show()
            self._next = now + (SECONDS_BETWEEN_REWRITES if self._rewrites else SECONDS_BETWEEN_LINES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_step()

    def _end_step(self) -> None:
        """Leave the last state of a count on its line."""
        if self._shown:
            self._show(last=True)
        self._shown = ""

    def _show(self, *, last: bool = False) -> None:
        pace = pace_of(done=self._done, total=self._total, seconds=self._told_at - self._started)
        text = progress_line(self._activity, self._done, self._total, pace)
        if self._rewrites:
            text = text[: shutil.get_terminal_size().columns - 1]
            if text != self._shown or last:
                self._stream.write(ERASE_LINE + text + ("\n" if last else ""))
        elif text != self._shown:
            self._stream.write(text + "\n")
        self._stream.flush()
        self._shown = text


def progress_line(activity: str, done: int, total: int | None, pace: Pace) -> str:
    """Return how far work is: what it does, a bar, counts, its rate and the time left, as far as they are known."""
    parts = [activity]
    if total:
        full = min(BAR_WIDTH, BAR_WIDTH * done // total)
        parts.append(f"[{'#' * full}{'.' * (BAR_WIDTH - full)}]")
    parts.append(f"{done:,} of {total:,}" if total is not None else f"{done:,}")
    if pace.per_second is not None:
        parts.append(f"{pace.per_second:,.0f}/s" if pace.per_second >= 10 else f"{pace.per_second:.1f}/s")
    if pace.seconds_left and (total is None or done < total):
        parts.append(f"{format_duration(pace.seconds_left)} left")
    return "  ".join(parts)


def format_duration(seconds: float) -> str:
    """Return a time span in short words."""
    if seconds < MINUTE:
        return f"{max(1, round(seconds))} s"
    days, hours, minutes = round_duration(seconds)
    spans = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in spans if count)
