"""The curves of a run as they are stored: few enough points that a page may ask for them every second."""

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.models import JudgeRun

from .subprocess import Point

# Of one series; the run's own folder has every point.
POINTS_AT_MOST = 1_000
SECONDS_BETWEEN_WRITES = 1.0


class CurveRecorder:
    """Keeps the points of a run's curves while it learns; one that comes again takes the place of the first."""

    def __init__(self, run: JudgeRun) -> None:
        self._run = run
        self._points = {(point["series"], point["x"]): point["y"] for point in run.curves}
        self._next_write = 0.0

    def draw(self, points: Sequence[Point]) -> None:
        """Add points; stored at most once a second, and whole when the run is."""
        self._points |= {(series, x): y for series, x, y in points}
        if time.monotonic() >= self._next_write:
            JudgeRun.objects.filter(pk=self._run.pk).update(curves=thin_points(self._points))
            self._next_write = time.monotonic() + SECONDS_BETWEEN_WRITES


def thin_points(found: Mapping[tuple[str, float], float]) -> list[dict[str, Any]]:
    """Return points as they are stored, by series and rising x; of very many of a series some, its last among them.

    Those that are not finite are left out: no database takes them.
    """
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (name, x), y in sorted(found.items()):
        if math.isfinite(x) and math.isfinite(y):
            series[name].append((x, y))
    return [{"series": name, "x": x, "y": y} for name, points in series.items() for x, y in _thin_series(points)]


def _thin_series(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    step = -(-len(points) // POINTS_AT_MOST)
    # Counted from the end, so that the last one stays.
    return points[::-1][::step][::-1]
