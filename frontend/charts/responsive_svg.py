"""SVG drawings that are as wide as the place in which they stand.

Horizontal positions are in per cent, heights and marks in pixels.

So one drawing serves a desk and a phone, and its texts and marks keep their size. Colours are classes, as everywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from frontend.presenters.vocabulary import format_decimals

from .svg import ChartScale

MINUS = "−"
# Per cent that are left free on either side, so that no mark is cut.
PAD = 2.0
NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class PercentAxis:
    """A scale in per cent of a drawing's width, with its ticks."""

    scale: ChartScale
    ticks: tuple[float, ...]
    places: int
    """Decimals of the ticks."""

    def position(self, value: float) -> str:
        """Return the horizontal position of a value, clipped to the ends."""
        return f"{_format_number(self.scale.position(value))}%"

    def tick_text(self, value: float, *, sign: bool = False) -> str:
        """Return the text of a tick."""
        text = format_decimals(abs(value), self.places)
        if round(value, self.places) == 0:
            return text
        return (MINUS if value < 0 else "+" if sign else "") + text


def build_percent_axis(
    values: Iterable[float],
    *,
    low: float | None = None,
    high: float | None = None,
    max_ticks: int = 7,
    zero: bool = False,
    whole_numbers: bool = False,
    pad: float = PAD,
) -> PercentAxis:
    """Return an axis that holds ``values`` between round ticks, at most ``max_ticks`` of them.

    A lone value has something around it, but nothing below ``low`` or above ``high``; with ``zero`` the axis holds zero
    and something on both sides of it; with ``whole_numbers`` the ticks are whole numbers.
    """
    numbers = list(values)
    least, greatest = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    if zero:
        least, greatest = min(least, -0.05), max(greatest, 0.05)
    if greatest - least < NEARLY * max(1.0, abs(greatest)):
        around = abs(greatest) / 10 or 0.1
        least, greatest = least - around, greatest + around
    if low is not None:
        least = max(low, least)
    if high is not None:
        greatest = min(high, greatest)
    step = _round_step(max((greatest - least) / (max_ticks - 1), 1.0 if whole_numbers else 0.0))
    while (last := ceil(greatest / step - NEARLY)) - (first := floor(least / step + NEARLY)) >= max_ticks:
        step = _round_step(step * 1.5)
    ticks = tuple(round(number * step, 10) for number in range(first, last + 1))
    return PercentAxis(ChartScale(ticks[0], ticks[-1], width=100, pad=pad), ticks, max(0, -floor(log10(step) + 1e-9)))


def _round_step(least: float) -> float:
    """Return the first of 1, 2 and 5 times powers of ten from ``least``."""
    power: float = 10.0 ** floor(log10(least) + 1e-9)
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9))


def draw_responsive(height: float, inside: Iterable[SafeString], *, label: str = "") -> SafeString:
    """Return an SVG element of full width.

    Without a label it is hidden from screen readers.
    """
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="responsive-chart" width="100%" height="{}" {} focusable="false">{}</svg>',
        _format_number(height),
        spoken,
        join_pieces(inside),
    )


def draw_fixed(width: float, height: float, inside: Iterable[SafeString], *, label: str = "") -> SafeString:
    """Return a drawing of one size; without a label it is hidden from screen readers."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" {2} focusable="false">{3}</svg>',
        _format_number(width),
        _format_number(height),
        spoken,
        join_pieces(inside),
    )


def draw_vertical_line(
    x: str, bottom: float, css_class: str = "grid-line", *, top: float = 0, dashed: bool = False
) -> SafeString:
    """Draw a vertical line at a horizontal position."""
    return draw_line(x, x, top, bottom, css_class, dashed=dashed)


def draw_line(
    x1: str, x2: str, y1: float, y2: float, css_class: str, *, width: float = 1, dashed: bool = False
) -> SafeString:
    """Draw a straight line."""
    return format_html(
        '<line x1="{}" x2="{}" y1="{}" y2="{}" class="{}" stroke-width="{}"{}/>',
        x1,
        x2,
        _format_number(y1),
        _format_number(y2),
        css_class,
        _format_number(width),
        mark_safe(' stroke-dasharray="3 3"') if dashed else "",
    )


def draw_text(x: str, y: float, words: str, *, anchor: str = "middle", css_class: str = "axis-label") -> SafeString:
    """Draw a text at a position."""
    return format_html(
        '<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>', x, _format_number(y), anchor, css_class, words
    )


def draw_bar(x: str, width: str, floor: float, height: float, css_class: str) -> SafeString:
    """Draw a vertical bar that stands at the height ``floor``."""
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>',
        x,
        _format_number(floor - height),
        width,
        _format_number(height),
        css_class,
    )


def draw_dot(x: str, y: float, *, radius: float = 6, css_class: str = "fill-accent") -> SafeString:
    """Draw a dot, the mark of the judge."""
    return format_html(
        '<circle cx="{}" cy="{}" r="{}" class="{}"/>', x, _format_number(y), _format_number(radius), css_class
    )


# Marks around nothing: what has to be beaten is hollow, what people reach is a tall tick.
SHAPES = {
    "human": mark_safe('<path d="M0-13v26" class="stroke-ink" stroke-width="2.5"/>'),
    "features": mark_safe('<path d="M0-5.5 5.5 0 0 5.5-5.5 0z" class="{fill} stroke-ink" stroke-width="1.5"/>'),
    "generator": mark_safe('<rect x="-4" y="-4" width="8" height="8" class="{fill} stroke-ink-2" stroke-width="1.5"/>'),
    "constant": mark_safe('<circle r="4" class="{fill} stroke-ink-2" stroke-width="1.5"/>'),
}


def draw_mark(shape: str, x: str, y: float, *, over: bool = False) -> SafeString:
    """Draw a mark at a position; with ``over`` it lets another one show through."""
    fill = "fill-none" if over else "fill-paper"
    return format_html(
        '<svg x="{}" y="{}" overflow="visible">{}</svg>',
        x,
        _format_number(y),
        mark_safe(SHAPES[shape].replace("{fill}", fill)),  # noqa: S308 - ours
    )


def draw_ticks(axis: PercentAxis, *, sign: bool = False) -> SafeString:
    """Draw the numbers of an axis, for the foot of a column."""
    return draw_responsive(
        18, [draw_text(axis.position(value), 13, axis.tick_text(value, sign=sign)) for value in axis.ticks]
    )


def join_pieces(pieces: Iterable[SafeString]) -> SafeString:
    """Return SVG elements joined into one text."""
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def format_percent(share: float) -> str:
    """Return a share of the width as an SVG length in per cent."""
    return f"{_format_number(100 * share)}%"


def spread_apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Return heights near ``places`` that are at least ``least`` apart.

    They lie within ``low`` and ``high`` if they fit.
    """
    order = sorted(range(len(places)), key=lambda number: places[number])
    heights = list(places)
    for before, number in zip([None, *order], order, strict=False):
        floor_here = low if before is None else heights[before] + least
        heights[number] = max(heights[number], floor_here)
    ceiling_here = high
    for number in reversed(order):
        heights[number] = min(heights[number], ceiling_here)
        ceiling_here = heights[number] - least
    return heights


def _format_number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
