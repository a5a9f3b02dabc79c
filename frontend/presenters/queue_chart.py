"""The drawing in a row of the review queue: scores and judge on one dimension."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotation.core.rubric_cache import DimensionDefinition
from frontend.charts.level_colour import level_colour
from frontend.charts.svg import ChartScale

from .queue_reasons import enumerate_values
from .vocabulary import format_decimals

WIDTH, HEIGHT = 168, 46
PAD = 10
# Dots of one value stand side by side and overlap a little, whatever room there is between levels.
STEP = 8.0
MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class ScoreDot:
    """One score."""

    x: float
    level: int
    """Its colour, 0 to 5."""


@dataclass(frozen=True, slots=True)
class QueueChart:
    """The elements of the drawing, in its own units."""

    scale: SafeString
    """The levels, as SVG."""
    dots: tuple[ScoreDot, ...]
    judge: float | None
    interval: tuple[float, float] | None
    final: float | None
    words: str
    """The same for those who do not see it."""

    @property
    def empty(self) -> bool:
        """Is nothing known of it?"""
        return not self.dots and self.judge is None and self.final is None


def build_queue_chart(
    dimension: DimensionDefinition,
    values: Sequence[float],
    *,
    expected: float | None,
    interval: tuple[float, float] | None = None,
    final: float | None = None,
) -> QueueChart:
    """Return the chart of a dimension's scores, judge and final score.

    The judge is its expected value with the interval.
    """
    levels = [level.value for level in dimension.levels]
    scale = ChartScale(min(levels), max(levels), WIDTH, PAD)
    return QueueChart(
        scale=_draw_levels(tuple(levels)),
        dots=tuple(_score_dots(values, levels, scale)),
        judge=None if expected is None else _clip_to_chart(scale.position(expected)),
        interval=None
        if interval is None
        else (_clip_to_chart(scale.position(interval[0])), _clip_to_chart(scale.position(interval[1]))),
        final=None if final is None else scale.position(final),
        words=_chart_text(values, expected, interval, final),
    )


@lru_cache(maxsize=64)
def _draw_levels(levels: tuple[float, ...]) -> SafeString:
    """Draw the levels of a dimension, named where there is room.

    Cached, as it is the same for every row.
    """
    scale = ChartScale(min(levels), max(levels), WIDTH, PAD)
    every = max(1, -(-(len(levels) - 1) // (MOST_LABELS - 1)))
    ticks = [
        (f"{scale.position(level):g}", f"{level:g}" if number % every == 0 else "")
        for number, level in enumerate(levels)
        if len(levels) <= 2 * MOST_LABELS or number % every == 0
    ]
    return format_html(
        "{}{}",
        format_html_join(
            "", '<line x1="{}" x2="{}" y1="18" y2="23" class="axis-line"/>', ((x, x) for x, _label in ticks)
        ),
        format_html_join(
            "",
            '<text x="{}" y="43" text-anchor="middle" class="axis-label">{}</text>',
            ((x, label) for x, label in ticks if label),
        ),
    )


def _score_dots(values: Sequence[float], levels: Sequence[float], scale: ChartScale) -> list[ScoreDot]:
    dots = []
    for value, count in sorted(Counter(values).items()):
        position = levels.index(value) if value in levels else 0
        for number in range(count):
            beside = (number - (count - 1) / 2) * STEP
            dots.append(ScoreDot(_clip_to_chart(scale.position(value) + beside), level_colour(position, levels)))
    return dots


def _clip_to_chart(x: float) -> float:
    return min(max(x, PAD - 4), WIDTH - PAD + 4)


def _chart_text(
    values: Sequence[float], expected: float | None, interval: tuple[float, float] | None, final: float | None
) -> str:
    parts = []
    if values:
        parts.append(_("scores %(values)s") % {"values": enumerate_values(values)})
    if final is not None:
        parts.append(_("agreed %(value)s") % {"value": f"{final:g}"})
    if expected is not None:
        parts.append(_("judge expects %(value)s") % {"value": format_decimals(expected, 1)})
    if interval is not None:
        low, high = (format_decimals(end, 1) for end in interval)
        parts.append(_("between %(low)s and %(high)s") % {"low": low, "high": high})
    return "; ".join(parts) or _("nothing known yet")
