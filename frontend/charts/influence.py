"""Drawings of the influence report: a pull with its limit, what is accepted beside what agrees blind, arms as bars."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import svg
from .svg import ROW, ChartScale

SHARES = ChartScale(0, 1, 220)
LEAST = 0.4


def pull_scale(rows: Iterable[Mapping[str, Any]], limit: float, *, width: float = 300) -> ChartScale:
    """Return one scale for all pulls of a report: it holds zero, the limit and the intervals, within two levels."""
    ends = [end for row in rows if row["pull"] is not None for end in (row["interval"] or [row["pull"]])]
    low = min([-LEAST / 2, *ends])
    high = max([LEAST, limit * 1.5, *ends])
    return ChartScale(max(-2.0, _floor(low)), min(2.0, -_floor(-high)), width)


def _floor(value: float) -> float:
    return round(value / 0.2 // 1 * 0.2, 9)


def pull_axis(scale: ChartScale, limit: float) -> SafeString:
    """Draw the ends of the scale, zero and the limit, for the head of the column; what would overlap gives way."""
    ticks = [0.0, limit]
    for end in (1.0, scale.low, scale.high):
        if all(abs(scale.at(end) - scale.at(other)) > 28 for other in ticks):
            ticks.append(end)
    return svg.axis(scale, ticks)


def pull(scale: ChartScale, row: Mapping[str, Any], limit: float) -> SafeString:
    """Draw a pull with its interval over the line of no pull and the dashed limit."""
    return svg.interval(scale, row["pull"], row["interval"], bars=(limit,), zero=0, notable=row["alarm"])


def beside(value: float | None, blind: float | None, *, notable: bool = False) -> SafeString:
    """Draw a share as a dot and the blind one as a ring, on a line from none to all."""
    kind = "att" if notable else "ink"
    middle = ROW / 2
    pieces = [
        format_html(
            '<line x1="{}" x2="{}" y1="{}" y2="{}" class="grid"/>',
            SHARES.at(0),
            SHARES.at(1),
            middle,
            middle,
        )
    ]
    if value is not None and blind is not None:
        pieces.append(
            format_html(
                '<line x1="{}" x2="{}" y1="{}" y2="{}" class="s-{}" stroke-width="1.5"/>',
                svg.px(SHARES.at(blind)),
                svg.px(SHARES.at(value)),
                middle,
                middle,
                kind,
            )
        )
    if blind is not None:
        pieces.append(
            format_html(
                '<circle cx="{}" cy="{}" r="4" class="f-paper s-ink2" stroke-width="1.5"/>',
                svg.px(SHARES.at(blind)),
                middle,
            )
        )
    if value is not None:
        pieces.append(
            format_html('<circle cx="{}" cy="{}" r="4.5" class="f-{}"/>', svg.px(SHARES.at(value)), middle, kind)
        )
    return svg.svg(SHARES.width, ROW, pieces)


def shares_axis() -> SafeString:
    """Draw none, half and all, for the head of the column."""
    return svg.axis(SHARES, (0, 0.5, 1))


def bar(value: float | None, most: float, *, usual: float | None = None, width: float = 140) -> SafeString:
    """Draw an amount as a bar, and the blind arm's as a line across it."""
    if value is None or most <= 0:
        return SafeString()
    pieces = [
        format_html(
            '<rect x="0" y="7" width="{}" height="12" class="f-ink3"/>', svg.px(max(1.0, value / most * (width - 2)))
        )
    ]
    if usual is not None:
        at = svg.px(usual / most * (width - 2))
        pieces.append(format_html('<line x1="{}" x2="{}" y1="2" y2="24" class="s-ink" stroke-width="1.5"/>', at, at))
    return svg.svg(width, ROW, pieces)


def most_of(values: Sequence[float | None]) -> float:
    """Return the largest of the amounts that are known."""
    return max((value for value in values if value is not None), default=0.0)
