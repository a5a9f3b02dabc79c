"""PURE. Rate and time left of a job, for pages, API and command line."""

from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3600, 86_400
# Nothing can be told from less.
SHORTEST = 0.001


@dataclass(frozen=True, slots=True)
class Pace:
    """Rate and time left of a job; None where unknown."""

    per_second: float | None
    seconds_left: float | None


UNKNOWN = Pace(None, None)


def pace_of(*, done: int, total: int | None, seconds: float, before: int = 0) -> Pace:
    """Return rate and time left of work that took ``seconds`` from ``before`` to ``done`` of ``total``."""
    if done <= before or seconds < SHORTEST:
        return UNKNOWN
    per_second = (done - before) / seconds
    return Pace(per_second, None if total is None else max(0, total - done) / per_second)


def round_duration(seconds: float) -> tuple[int, int, int]:
    """Return a duration as days, hours and minutes; three zeros below one minute.

    From a quarter of an hour on it is rounded to five minutes, from a day on to hours.
    """
    step = HOUR if seconds >= DAY else 5 * MINUTE if seconds >= 15 * MINUTE else MINUTE
    whole = int(seconds / step + 0.5) * step if seconds >= MINUTE else 0
    return whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
