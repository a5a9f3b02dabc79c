"""The curves of a training: loss over steps, or error over training samples.

A run writes points of named series. Series of one kind share a drawing: those called ``RMSE`` are learning curves over
the number of samples, those with ``loss`` in their name losses over steps; any other series stands by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.charts import responsive_svg
from frontend.charts.responsive_svg import PercentAxis
from frontend.presenters.vocabulary import format_decimals, format_number

Points = Sequence[tuple[float, float]]
LEARNING = "RMSE"
# A finger's width has no room for more; the run's own file has every point.
POINTS_AT_MOST = 240
# With so few each one is marked.
MARKED_AT_MOST = 24
LINE = 15.0
HEIGHT = 220.0
TOP = 12.0
FOOT = 24.0
LETTER_WIDTH = 6.8
LONGEST_NAME = 18
# Told apart by dashes as well as by ink; the name at the end of each is what counts.
PENS = (
    ("stroke-accent", ""),
    ("stroke-ink", ""),
    ("stroke-accent", "7 4"),
    ("stroke-ink", "7 4"),
    ("stroke-accent", "2 3"),
    ("stroke-ink", "2 3"),
    ("stroke-accent", "9 3 2 3"),
    ("stroke-ink", "9 3 2 3"),
)


@dataclass(frozen=True, slots=True)
class CurveChart:
    """One drawing in three parts: axis numbers, lines and names.

    The lines are as wide as there is room.
    """

    title: str
    across: str
    upward: str
    label: str
    """What it shows, for who does not see it."""
    numbers: SafeString
    lines: SafeString
    names: SafeString
    thinned: int
    """How many points of a series are one of the drawing; 1 where all are drawn."""


def curve_charts(curves: Iterable[Mapping[str, Any]]) -> list[CurveChart]:
    """Return a drawing of each kind of series; points without a number are left out."""
    series: dict[str, dict[float, float]] = {}
    for point in curves:
        x, y = point.get("x"), point.get("y")
        if isinstance(x, int | float) and isinstance(y, int | float) and abs(y) < float("inf"):
            series.setdefault(str(point["series"]), {})[float(x)] = float(y)
    kinds: dict[str, dict[str, Points]] = {}
    for name, points in series.items():
        kinds.setdefault(_series_kind(name), {})[name] = sorted(points.items())
    return [_curve_chart(kind, series_of_kind) for kind, series_of_kind in kinds.items()]


def _series_kind(name: str) -> str:
    if name.split(" ")[0] == LEARNING:
        return LEARNING
    return "loss" if "loss" in name.casefold() else name


def _curve_chart(kind: str, series: Mapping[str, Points]) -> CurveChart:
    names = {name: _series_name(kind, name) for name in series}
    longest = max(len(points) for points in series.values())
    thinned = -(-longest // POINTS_AT_MOST)
    drawn = {name: _thin_points(points, thinned) for name, points in series.items()}
    x_axis = responsive_svg.build_percent_axis(
        [x for points in drawn.values() for x, _y in points], low=0.0, max_ticks=5, whole_numbers=True, pad=3
    )
    y_axis = responsive_svg.build_percent_axis([y for points in drawn.values() for _x, y in points], pad=0)
    height = max(HEIGHT, LINE * len(series))
    places = [(name, drawn[name][-1], *PENS[number % len(PENS)]) for number, name in enumerate(drawn)]
    title, across, upward = _chart_titles(kind, list(names.values()))
    return CurveChart(
        title=title,
        across=across,
        upward=upward,
        label=_chart_label(title, {names[name]: points for name, points in series.items()}, y_axis),
        numbers=_draw_axis_numbers(y_axis, height),
        lines=_draw_curves(drawn, x_axis, y_axis, height),
        names=_draw_series_names(
            [(names[name], end, kind_, dash) for name, end, kind_, dash in places], y_axis, height
        ),
        thinned=thinned,
    )


def _chart_titles(kind: str, names: Sequence[str]) -> tuple[str, str, str]:
    if kind == LEARNING:
        return _("Learning curve"), _("samples to learn from"), _("RMSE on unseen questions")
    if kind == "loss":
        return _("Loss"), _("steps"), _("loss")
    return names[0][:1].upper() + names[0][1:], _("steps"), names[0]


def _series_name(kind: str, name: str) -> str:
    short = name.removeprefix(LEARNING).strip() if kind == LEARNING else name.replace("_", " ")
    return short or name


def _thin_points(points: Points, times: int) -> Points:
    """Return the means of ``times`` consecutive points each."""
    if times <= 1:
        return points
    parts = [points[start : start + times] for start in range(0, len(points), times)]
    return [(sum(x for x, _y in part) / len(part), sum(y for _x, y in part) / len(part)) for part in parts]


def _chart_label(title: str, series: Mapping[str, Points], axis: PercentAxis) -> str:
    texts = []
    for name, points in series.items():
        (x0, y0), (x1, y1) = points[0], points[-1]
        words = {
            "name": name,
            "y0": _format_value(y0),
            "x0": format_number(x0),
            "y1": _format_value(y1),
            "x1": format_number(x1),
        }
        if len(points) == 1:
            texts.append(_("%(name)s %(y0)s at %(x0)s") % words)
        else:
            texts.append(_("%(name)s from %(y0)s at %(x0)s to %(y1)s at %(x1)s") % words)
    return f"{title}: {'; '.join(texts)}"


def _format_value(value: float) -> str:
    text = format_decimals(abs(value), 2 if abs(value) >= 0.1 or value == 0 else 4)
    return responsive_svg.MINUS + text if value < 0 else text


def _draw_axis_numbers(axis: PercentAxis, height: float) -> SafeString:
    texts = [axis.tick_text(tick) for tick in axis.ticks]
    width = 8 + LETTER_WIDTH * max(len(text) for text in texts)
    pieces = [
        responsive_svg.draw_text(f"{width - 6:.1f}", _vertical_position(axis, tick, height) + 4, text, anchor="end")
        for tick, text in zip(axis.ticks, texts, strict=True)
    ]
    return responsive_svg.draw_fixed(width, TOP + height + FOOT, pieces)


def _draw_curves(series: Mapping[str, Points], x_axis: PercentAxis, y_axis: PercentAxis, height: float) -> SafeString:
    pieces = [
        responsive_svg.draw_line(
            "0", "100%", _vertical_position(y_axis, tick, height), _vertical_position(y_axis, tick, height), "grid-line"
        )
        for tick in y_axis.ticks
    ]
    pieces += [
        responsive_svg.draw_text(x_axis.position(tick), TOP + height + 18, format_number(tick)) for tick in x_axis.ticks
    ]
    stretched = []
    dots = []
    for place, points in enumerate(series.values()):
        css_class, dash = PENS[place % len(PENS)]
        places = " ".join(
            f"{10 * x_axis.scale.position(x):.1f},{_vertical_position(y_axis, y, height):.1f}" for x, y in points
        )
        if len(points) > 1:
            stretched.append(
                format_html(
                    '<polyline points="{}" fill="none" class="{}" stroke-width="{}" stroke-dasharray="{}" '
                    'stroke-linejoin="round" vector-effect="non-scaling-stroke"/>',
                    places,
                    css_class,
                    2 if css_class == "stroke-accent" else 1.5,
                    dash or "none",
                )
            )
        marked = points if len(points) <= MARKED_AT_MOST else points[-1:]
        fill = css_class.replace("stroke-", "fill-")
        dots += [
            responsive_svg.draw_dot(x_axis.position(x), _vertical_position(y_axis, y, height), radius=3, css_class=fill)
            for x, y in marked
        ]
        end_x, end_y = points[-1]
        # What ends before the others is led to its name.
        pieces.append(
            responsive_svg.draw_line(
                x_axis.position(end_x),
                "100%",
                _vertical_position(y_axis, end_y, height),
                _vertical_position(y_axis, end_y, height),
                "axis-line",
                dashed=True,
            )
        )
    full_height = TOP + height + FOOT
    pieces.append(
        format_html(
            '<svg width="100%" height="{0}" viewBox="0 0 1000 {0}" preserveAspectRatio="none">{1}</svg>',
            f"{full_height:g}",
            responsive_svg.join_pieces(stretched),
        )
    )
    return responsive_svg.draw_responsive(full_height, [*pieces, *dots])


def _draw_series_names(
    ends: Sequence[tuple[str, tuple[float, float], str, str]], axis: PercentAxis, height: float
) -> SafeString:
    """Write the name of each series at the height of its last point.

    Names are moved apart where they would touch.
    """
    heights = [_vertical_position(axis, y, height) for _name, (_x, y), _kind, _dash in ends]
    placed = responsive_svg.spread_apart(heights, LINE, TOP, TOP + height)
    shown = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name, *_rest in ends]
    lead, pen = 10.0, 18.0
    pieces = []
    for words, (_name, _end, css_class, dash), start, place in zip(shown, ends, heights, placed, strict=True):
        pieces.append(responsive_svg.draw_line("0", f"{lead:g}", start, place, "axis-line", width=0.75))
        pieces.append(
            format_html(
                '<line x1="{}" x2="{}" y1="{}" y2="{}" class="{}" stroke-width="2" stroke-dasharray="{}"/>',
                lead,
                lead + pen,
                f"{place:.1f}",
                f"{place:.1f}",
                css_class,
                dash or "none",
            )
        )
        pieces.append(
            responsive_svg.draw_text(f"{lead + pen + 5:g}", place + 4, words, anchor="start", css_class="chart-text")
        )
    width = lead + pen + 8 + LETTER_WIDTH * max(len(words) for words in shown)
    return responsive_svg.draw_fixed(width, TOP + height + FOOT, pieces)


def _vertical_position(axis: PercentAxis, value: float, height: float) -> float:
    return TOP + height - axis.scale.position(value) / 100 * height
