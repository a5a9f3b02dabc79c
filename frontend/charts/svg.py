"""Small SVG drawings of metrics, coloured by CSS classes alone.

The content security policy forbids inline styles.

Every function returns one ``<svg>``. A drawing that stands beside its own numbers is hidden from screen readers; one
that says something of its own takes a ``label``. Distances are in CSS pixels; a phone shows the same drawing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

ROW_HEIGHT = 26
SHADES = 6


@dataclass(frozen=True, slots=True)
class ChartScale:
    """A linear scale from numbers to pixels, shared by all rows of a table."""

    low: float
    high: float
    width: float = 300
    pad: float = 8

    def position(self, value: float) -> float:
        """Return the position of a value in pixels, clipped to the ends."""
        if self.high <= self.low:
            return self.width / 2
        share = (min(self.high, max(self.low, value)) - self.low) / (self.high - self.low)
        return self.pad + share * (self.width - 2 * self.pad)

    def is_outside(self, value: float) -> bool:
        """Tell whether a value lies off the scale."""
        return not self.low <= value <= self.high


def alpha_scale(lows: Iterable[float], *, width: float = 300) -> ChartScale:
    """Return the scale of agreement: 0 to 1, or from below the lowest of ``lows``.

    Agreement can be worse than chance; then the scale begins at a fifth at or below the lowest value, and at -1 at
    least.
    """
    lowest = min(lows, default=0.0)
    if lowest >= 0:
        return ChartScale(0, 1, width)
    steps = next(step for step in range(1, 11) if -step / 5 <= lowest or step == 10)
    return ChartScale(max(-1.0, -steps / 5), 1, width)


def symmetric_scale(
    values: Iterable[float], *, least: float, step: float, width: float = 108, pad: float = 4
) -> ChartScale:
    """Return a scale that reaches equally far below and above zero.

    It reaches at least ``least``, in whole multiples of ``step``.
    """
    reach = max((abs(value) for value in values), default=0.0)
    most = max(least, _round_up(reach, step))
    return ChartScale(-most, most, width, pad)


def scale_covering(values: Iterable[float], *, step: float, width: float = 108) -> ChartScale:
    """Return a scale from the lowest to the highest of ``values``.

    Both ends are widened to whole multiples of ``step``.
    """
    numbers = list(values)
    if not numbers:
        return ChartScale(0, step, width, pad=4)
    low = -_round_up(-min(numbers), step)
    high = _round_up(max(numbers), step)
    return ChartScale(low, high if high > low else low + step, width, pad=4)


def _round_up(value: float, step: float) -> float:
    # A multiple that binary fractions miss by a hair is still a multiple.
    return round(-(-(value / step - 1e-9) // 1) * step, 9)


def draw_axis(scale: ChartScale, ticks: Sequence[float]) -> SafeString:
    """Draw the numbers of a scale, for the head of a column."""
    texts = format_html_join(
        "",
        '<text x="{}" y="11" text-anchor="middle" class="axis-label">{}</text>',
        ((format_pixels(scale.position(value)), format_tick(value)) for value in ticks if not scale.is_outside(value)),
    )
    return _svg_element(scale.width, 14, texts, "")


def alpha_ticks(scale: ChartScale) -> list[float]:
    """Return the ticks of a scale of agreement.

    Its ends, fifths up to .4, and the two customary thresholds.
    """
    below = [] if scale.low >= 0 else [scale.low]
    return [*below, 0, *([] if scale.low < -0.6 else [0.2, 0.4]), 0.67, 0.8, 1]


def draw_interval(
    scale: ChartScale,
    value: float | None,
    ends: Sequence[float] | None,
    *,
    bars: Sequence[float] = (),
    zero: float | None = None,
    notable: bool = False,
    label: str = "",
) -> SafeString:
    """Draw a value as a dot and its interval as a line with ends.

    Dashed lines mark ``bars`` and a firm one ``zero``.

    Without a value it is the empty line.
    """
    middle = ROW_HEIGHT / 2
    pieces = [
        format_html(
            '<line x1="{}" x2="{}" y1="{}" y2="{}" class="grid-line"/>',
            format_pixels(scale.pad),
            format_pixels(scale.width - scale.pad),
            format_pixels(middle),
            format_pixels(middle),
        ),
        format_html_join(
            "",
            '<line x1="{0}" x2="{0}" y1="0" y2="{1}" class="axis-line" stroke-dasharray="2 3"/>',
            ((format_pixels(scale.position(bar)), ROW_HEIGHT) for bar in bars if not scale.is_outside(bar)),
        ),
    ]
    if zero is not None and not scale.is_outside(zero):
        at = format_pixels(scale.position(zero))
        pieces.append(format_html('<line x1="{0}" x2="{0}" y1="0" y2="{1}" class="axis-line"/>', at, ROW_HEIGHT))
    colour = "attention" if notable else "ink"
    if value is not None and ends is not None:
        low, high = scale.position(ends[0]), scale.position(ends[1])
        pieces.append(
            format_html(
                '<path d="M{0} {2}H{1}M{0} {3}v8M{1} {3}v8" class="stroke-{4}" stroke-width="1.5" fill="none"/>',
                format_pixels(low),
                format_pixels(high),
                format_pixels(middle),
                format_pixels(middle - 4),
                colour,
            )
        )
    if value is not None:
        pieces.append(
            format_html(
                '<circle cx="{}" cy="{}" r="4.5" class="fill-{}"/>',
                format_pixels(scale.position(value)),
                format_pixels(middle),
                colour,
            )
        )
    return _svg_element(scale.width, ROW_HEIGHT, _join_pieces(pieces), label)


def draw_sparkline(
    scale: ChartScale,
    values: Sequence[float | None],
    *,
    zero: float | None = None,
    notable: bool = False,
    label: str = "",
) -> SafeString:
    """Draw values over equal steps of time as one thin line.

    The line breaks where a value is missing; the last value is a dot.

    ``scale`` gives heights, low at the bottom; a dashed line marks ``zero``.
    """
    height, width = 28.0, scale.width
    places = _line_points(scale, values, width, height, margin=4)
    pieces = [_draw_zero_line(scale, zero, width, height, margin=4), *_draw_lines(places, "stroke-ink-2", 1.25)]
    last = next((place for place in reversed(places) if place is not None), None)
    if last is not None:
        colour = "attention" if notable else "ink"
        pieces.append(
            format_html(
                '<circle cx="{}" cy="{}" r="2.8" class="fill-{}"/>',
                format_pixels(last[0]),
                format_pixels(last[1]),
                colour,
            )
        )
    return _svg_element(width, height, _join_pieces(pieces), label)


def draw_weekly_values(
    scale: ChartScale,
    values: Sequence[float | None],
    names: Sequence[str],
    *,
    zero: float | None = None,
    width: float = 320,
    height: float = 112,
    label: str = "",
) -> SafeString:
    """Draw values over weeks, with a dot each.

    The ends of the scale stand at the left, the first and the last week below.
    """
    left, bottom = 40.0, 18.0
    inner_width, inner_height = width - left - 6, height - bottom
    places = [
        None if place is None else (place[0] + left, place[1])
        for place in _line_points(scale, values, inner_width, inner_height, margin=8)
    ]
    pieces: list[SafeString] = []
    levels = [scale.low, scale.high] if zero is None else [scale.low, zero, scale.high]
    for level in levels:
        y = _height_of(scale, level, inner_height, 8)
        dashed = mark_safe(' stroke-dasharray="2 3"') if level == zero else ""
        pieces.append(
            format_html(
                '<line x1="{0}" x2="{1}" y1="{2}" y2="{2}" class="{3}"{4}/>'
                '<text x="{5}" y="{6}" text-anchor="end" class="axis-label">{7}</text>',
                format_pixels(left),
                format_pixels(width),
                format_pixels(y),
                "axis-line" if level == zero else "grid-line",
                dashed,
                format_pixels(left - 6),
                format_pixels(y + 4),
                format_tick(level, signed=zero is not None),
            )
        )
    pieces += _draw_lines(places, "stroke-ink-2", 1.5)
    pieces += [
        format_html(
            '<circle cx="{}" cy="{}" r="3" class="fill-ink"/>', format_pixels(place[0]), format_pixels(place[1])
        )
        for place in places
        if place is not None
    ]
    pieces.append(_draw_end_names(names, left + 4, width - 4, height))
    return _svg_element(width, height, _join_pieces(pieces), label)


def draw_stacked_bar(
    parts: Sequence[tuple[str, float]],
    *,
    full_amount: float = 0,
    width: float = 160,
    height: float = 12,
    label: str = "",
) -> SafeString:
    """Draw shares of a whole as one bar.

    Each part is its CSS class and its amount; a part that is not zero is always visible.
    """
    shown_parts = [(css_class, amount) for css_class, amount in parts if amount > 0]
    total = max(full_amount, sum(amount for _kind, amount in shown_parts))
    widths = [max(2.0, amount / total * width) for _kind, amount in shown_parts]
    # What the least ones take too much is taken from all, so that the bar stays as long as it is.
    fit = min(1.0, width / sum(widths)) if widths else 1.0
    x, pieces = 0.0, []
    for (css_class, _amount), share in zip(shown_parts, widths, strict=True):
        pieces.append(
            format_html(
                '<rect x="{}" y="0" width="{}" height="{}" class="{}"/>',
                format_pixels(x),
                format_pixels(max(1.0, share * fit - 1)),
                format_pixels(height),
                css_class,
            )
        )
        x += share * fit
    return _svg_element(width, height, _join_pieces(pieces), label)


def draw_diverging_bars(down: float, up: float, *, most: float, width: float = 150, label: str = "") -> SafeString:
    """Draw two amounts as bars to the left and to the right of the middle.

    Each is at most ``most``.
    """
    height, half = 18.0, width / 2
    unit = (half - 2) / most if most > 0 else 0
    left, right = min(down, most) * unit, min(up, most) * unit
    return _svg_element(
        width,
        height,
        format_html(
            '<rect x="{}" y="4" width="{}" height="10" class="bar-down"/>'
            '<rect x="{}" y="4" width="{}" height="10" class="bar-up"/>'
            '<line x1="{}" x2="{}" y1="0" y2="{}" class="axis-line"/>',
            format_pixels(half - left),
            format_pixels(left),
            format_pixels(half),
            format_pixels(right),
            format_pixels(half),
            format_pixels(half),
            format_pixels(height),
        ),
        label,
    )


def draw_columns(
    values: Sequence[float],
    *,
    names: Sequence[str] = (),
    width: float = 220,
    height: float = 36,
    label: str = "",
) -> SafeString:
    """Draw amounts over equal steps of time as thin columns.

    The first and the last of ``names`` stand below.
    """
    most = max(values, default=0)
    step = width / max(1, len(values))
    floor = height - 18 if names else height
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" class="fill-ink-3"/>',
        (
            (
                format_pixels(number * step),
                format_pixels(floor - 1 - tall),
                format_pixels(max(1.0, step - 2)),
                format_pixels(tall),
            )
            for number, value in enumerate(values)
            if value > 0
            for tall in [max(1.0, value / most * (floor - 2))]
        ),
    )
    base = format_html(
        '<line x1="0" x2="{0}" y1="{1}" y2="{1}" class="axis-line"/>', format_pixels(width), format_pixels(floor - 0.5)
    )
    return _svg_element(width, height, _join_pieces([bars, base, _draw_end_names(names, 0, width, height)]), label)


def _draw_end_names(names: Sequence[str], left: float, right: float, height: float) -> SafeString:
    ends = [(left, "start", names[0])] if names else []
    if len(names) > 1:
        ends.append((right, "end", names[-1]))
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}" class="axis-label">{}</text>',
        ((format_pixels(x), format_pixels(height - 2), anchor, name) for x, anchor, name in ends),
    )


def shade_index(value: float | None, *, low: float = 0, high: float = 1) -> int | None:
    """Return how dark the cell of a value is, from 0 to 6.

    None where there is no value.
    """
    if value is None:
        return None
    share = (min(high, max(low, value)) - low) / (high - low)
    return min(SHADES, int(share * (SHADES + 1)))


def _line_points(
    scale: ChartScale, values: Sequence[float | None], width: float, height: float, *, margin: float
) -> list[tuple[float, float] | None]:
    step = (width - 2 * margin) / (len(values) - 1) if len(values) > 1 else 0
    start = margin if len(values) > 1 else width - margin
    return [
        None if value is None else (start + number * step, _height_of(scale, value, height, margin))
        for number, value in enumerate(values)
    ]


def _height_of(scale: ChartScale, value: float, height: float, margin: float) -> float:
    upright = ChartScale(scale.low, scale.high, height, pad=margin)
    return height - upright.position(value)


def _draw_zero_line(scale: ChartScale, zero: float | None, width: float, height: float, *, margin: float) -> SafeString:
    if zero is None or scale.is_outside(zero):
        return SafeString()
    y = format_pixels(_height_of(scale, zero, height, margin))
    return format_html(
        '<line x1="0" x2="{}" y1="{}" y2="{}" class="axis-line" stroke-dasharray="2 2"/>', format_pixels(width), y, y
    )


def _draw_lines(places: Sequence[tuple[float, float] | None], css_class: str, thickness: float) -> list[SafeString]:
    """Return one polyline per unbroken run of points.

    A point alone is drawn as a dot.
    """
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    drawn = []
    for run in runs:
        if len(run) > 1:
            points = " ".join(f"{format_pixels(x)},{format_pixels(y)}" for x, y in run)
            drawn.append(
                format_html(
                    '<polyline points="{}" fill="none" class="{}" stroke-width="{}"/>', points, css_class, thickness
                )
            )
        elif run:
            drawn.append(
                format_html(
                    '<circle cx="{}" cy="{}" r="1.5" class="fill-ink-2"/>',
                    format_pixels(run[0][0]),
                    format_pixels(run[0][1]),
                )
            )
    return drawn


def draw_svg(width: float, height: float, pieces: Iterable[SafeString], label: str = "") -> SafeString:
    """Return an SVG element; without a label it is hidden from screen readers."""
    return _svg_element(width, height, _join_pieces(pieces), label)


def _svg_element(width: float, height: float, inside: str, label: str) -> SafeString:
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" {2} focusable="false">{3}</svg>',
        format_pixels(width),
        format_pixels(height),
        spoken,
        inside,
    )


def _join_pieces(pieces: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def format_pixels(value: float) -> str:
    """Return a length in pixels with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def format_tick(value: float, *, signed: bool = False) -> str:
    """Return a number as an axis shows it: .67, −.2, 1."""
    if value == 0:
        return "0"
    text = f"{abs(value):.2f}".rstrip("0").rstrip(".")
    text = text.removeprefix("0") if text.startswith("0.") else text
    return ("−" if value < 0 else "+" if signed else "") + text
