"""Records the training curves of a run.

Few enough points are stored that a page may request them every second.
"""

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.models import JudgeRun

from .judge_process import Point

# Of one series; the run's own folder has every point.
POINTS_AT_MOST = 1_000
SECONDS_BETWEEN_WRITES = 1.0


class CurveRecorder:
    """The points of a run's curves during its training.

    A point that comes again replaces the earlier one.
    """

    def __init__(self, run: JudgeRun) -> None:
        self._run = run
        self._points = {(point["series"], point["x"]): point["y"] for point in run.curves}
        self._next_write = 0.0

    def draw(self, points: Sequence[Point]) -> None:
        """Add points, and store the curves at most once a second.

        The complete curves are stored when the run is finished.
        """
        self._points |= {(series, x): y for series, x, y in points}
        if time.monotonic() >= self._next_write:
            JudgeRun.objects.filter(pk=self._run.pk).update(curves=thin_curves(self._points))
            self._next_write = time.monotonic() + SECONDS_BETWEEN_WRITES


def thin_curves(points: Mapping[tuple[str, float], float]) -> list[dict[str, Any]]:
    """Return points for storage, by series and rising x, thinned where many.

    The last point of a series always stays.

    Those that are not finite are left out: no database takes them.
    """
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (name, x), y in sorted(points.items()):
        if math.isfinite(x) and math.isfinite(y):
            series[name].append((x, y))
    return [
        {"series": name, "x": x, "y": y}
        for name, series_points in series.items()
        for x, y in _thin_series(series_points)
    ]


def _thin_series(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    step = -(-len(points) // POINTS_AT_MOST)
    # Counted from the end, so that the last one stays.
    return points[::-1][::step][::-1]
