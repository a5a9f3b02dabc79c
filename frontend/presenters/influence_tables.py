"""The influence report as CSV rows, unrounded."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .stored_reports import People

Rows = Iterable[Sequence[Any]]

_MOVED = ("changed", "towards", "away", "across")


def anchoring_rows(report: Mapping[str, Any] | None) -> Rows:
    """Yield a row per arm and dimension."""
    names = ("slope", "undefined", "alarm", "values", "samples", "compared", "acceptance", "coincidence")
    more = ("blind_values", "blind_values_beside", "agreed_before")
    judge = ("within_one", "rmse", "blind_within_one", "blind_rmse")
    yield ("arm", "dimension", "pull", "interval_low", "interval_high", *names, *more, *_MOVED, *judge)
    for row in (report or {}).get("rows", []):
        low, high = row["interval"] or (None, None)
        yield (
            *(row["arm"], row["dimension"] or "all", row["pull"], low, high),
            *(_yes_or_no(row[name]) for name in (*names, *more)),
            *((row["moved"] or {}).get(name) for name in _MOVED),
            *(row[name] for name in judge),
        )


def arm_rows(report: Mapping[str, Any] | None) -> Rows:
    """Yield a row per arm."""
    names = ("arm", "scores", "values", "unanswered", "seconds", "seconds_ratio", "acceptance", "within_one", "rmse")
    yield names
    for row in (report or {}).get("arms", []):
        yield [row[name] for name in names]


def annotator_csv_rows(report: Mapping[str, Any] | None, people: People) -> Rows:
    """Yield a row per annotator and arm."""
    names = ("arm", "values", "samples", "changed", "acceptance", "coincidence", "coincidence_of_all")
    times = ("seconds", "blind_seconds", "blind_seconds_of_all", "rubber_stamp")
    yield ("annotator", *names, *times)
    for row in (report or {}).get("people", []):
        yield people.name_of(row["member"]), *(_yes_or_no(row[name]) for name in (*names, *times))


def _yes_or_no(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value
