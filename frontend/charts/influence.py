"""The drawings of the influence report.

Anchoring with its limit, accepted shares beside the blind coincidence, and the arms as bars.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import svg
from .svg import ROW_HEIGHT, ChartScale

SHARE_SCALE = ChartScale(0, 1, 220)
SMALLEST_SCALE_END = 0.4


def anchoring_scale(rows: Iterable[Mapping[str, Any]], limit: float, *, width: float = 300) -> ChartScale:
    """Return one scale for the anchoring of all rows of a report.

    It holds zero, the limit and the intervals, and reaches at most two levels to either side.
    """
    ends = [end for row in rows if row["pull"] is not None for end in (row["interval"] or [row["pull"]])]
    low = min([-SMALLEST_SCALE_END / 2, *ends])
    high = max([SMALLEST_SCALE_END, limit * 1.5, *ends])
    return ChartScale(max(-2.0, _round_down(low)), min(2.0, -_round_down(-high)), width)


def _round_down(value: float) -> float:
    return round(value / 0.2 // 1 * 0.2, 9)


def draw_anchoring_axis(scale: ChartScale, limit: float) -> SafeString:
    """Draw the numbers of the anchoring scale, for the head of the column.

    Zero and the limit always; the ends and 1 only where they do not overlap with those.
    """
    ticks = [0.0, limit]
    for end in (1.0, scale.low, scale.high):
        if all(abs(scale.position(end) - scale.position(other)) > 28 for other in ticks):
            ticks.append(end)
    return svg.draw_axis(scale, ticks)


def draw_anchoring(scale: ChartScale, row: Mapping[str, Any], limit: float) -> SafeString:
    """Draw the anchoring of a row with its interval, zero and the dashed limit."""
    return svg.draw_interval(scale, row["pull"], row["interval"], bars=(limit,), zero=0, notable=row["alarm"])


def draw_share_and_blind_share(value: float | None, blind: float | None, *, notable: bool = False) -> SafeString:
    """Draw a share as a dot and the blind share as a ring.

    Both lie on a line from 0 to 1.
    """
    colour = "attention" if notable else "ink"
    middle = ROW_HEIGHT / 2
    pieces = [
        format_html(
            '<line x1="{}" x2="{}" y1="{}" y2="{}" class="grid-line"/>',
            SHARE_SCALE.position(0),
            SHARE_SCALE.position(1),
            middle,
            middle,
        )
    ]
    if value is not None and blind is not None:
        pieces.append(
            format_html(
                '<line x1="{}" x2="{}" y1="{}" y2="{}" class="stroke-{}" stroke-width="1.5"/>',
                svg.format_pixels(SHARE_SCALE.position(blind)),
                svg.format_pixels(SHARE_SCALE.position(value)),
                middle,
                middle,
                colour,
            )
        )
    if blind is not None:
        pieces.append(
            format_html(
                '<circle cx="{}" cy="{}" r="4" class="fill-paper stroke-ink-2" stroke-width="1.5"/>',
                svg.format_pixels(SHARE_SCALE.position(blind)),
                middle,
            )
        )
    if value is not None:
        pieces.append(
            format_html(
                '<circle cx="{}" cy="{}" r="4.5" class="fill-{}"/>',
                svg.format_pixels(SHARE_SCALE.position(value)),
                middle,
                colour,
            )
        )
    return svg.draw_svg(SHARE_SCALE.width, ROW_HEIGHT, pieces)


def draw_shares_axis() -> SafeString:
    """Draw 0, one half and 1, for the head of the column."""
    return svg.draw_axis(SHARE_SCALE, (0, 0.5, 1))


def draw_amount(
    value: float | None, most: float, *, blind_value: float | None = None, width: float = 140
) -> SafeString:
    """Draw an amount as a bar, and the blind arm's as an upright line."""
    if value is None or most <= 0:
        return SafeString()
    pieces = [
        format_html(
            '<rect x="0" y="7" width="{}" height="12" class="fill-ink-3"/>',
            svg.format_pixels(max(1.0, value / most * (width - 2))),
        )
    ]
    if blind_value is not None:
        blind_position = svg.format_pixels(blind_value / most * (width - 2))
        pieces.append(
            format_html(
                '<line x1="{}" x2="{}" y1="2" y2="24" class="stroke-ink" stroke-width="1.5"/>',
                blind_position,
                blind_position,
            )
        )
    return svg.draw_svg(width, ROW_HEIGHT, pieces)


def largest_amount(values: Sequence[float | None]) -> float:
    """Return the largest of the amounts that are known."""
    return max((value for value in values if value is not None), default=0.0)
