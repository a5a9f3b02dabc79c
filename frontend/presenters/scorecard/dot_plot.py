"""RMSE and A@1 of a judge, its baselines and one annotator, per dimension.

The judge is a filled dot on a thick line, one annotator against the others a tall tick, a baseline a hollow shape of
its own. The same numbers stand beside the drawing and, for who hears the page, in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.charts import responsive_svg as drawing
from frontend.charts.responsive_svg import PercentAxis
from frontend.presenters.annotator_remarks import format_two_decimals

from .text import MARK_WORDS, baselines_by_name, format_interval

ROW = 46.0
MIDDLE = ROW / 2
# A hollow mark so near to the judge's dot, in per cent across, lets it show through.
NEAR = 2.5


@dataclass(frozen=True, slots=True)
class DotPlotRow:
    """One dimension's metric of the judge, drawn with those it is compared to."""

    key: str
    name: str
    figure: str
    description: str
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class DotChart:
    """The dimensions of a scorecard on one metric; it may have no rows."""

    name: str
    description: str
    rows: list[DotPlotRow]
    axis: SafeString


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One mark of the charts and what it stands for."""

    mark: SafeString
    word: str


def rmse_chart(card: Mapping[str, Any]) -> DotChart:
    """Return the chart of the root of the mean squared error of expected scores."""
    about = _("of the expected score, in points; left is better")
    return _dot_chart("RMSE", about, card["dimensions"], ("rmse", "rmse"), low=0.0, high=None)


def a1_chart(card: Mapping[str, Any]) -> DotChart:
    """Return the chart of the share of rounded scores at most one point from people's."""
    about = _("share of rounded scores at most 1 point off; right is better")
    return _dot_chart("A@1", about, card["dimensions"], ("a1", "within_one"), low=0.0, high=1.0)


def chart_legend(card: Mapping[str, Any]) -> list[LegendEntry]:
    """Return the marks that the charts of a scorecard have."""
    entries = [
        LegendEntry(
            drawing.draw_fixed(
                20, 14, [drawing.draw_line("0", "20", 7, 7, "stroke-accent", width=4), drawing.draw_dot("10", 7)]
            ),
            _("this judge, with its 95 % interval"),
        )
    ]
    if any(dimension.get("ceiling") for dimension in card["dimensions"]):
        mark = drawing.draw_fixed(6, 18, [drawing.draw_vertical_line("3", 17, "stroke-ink is-thick", top=1)])
        entries.append(LegendEntry(mark, str(MARK_WORDS["human"])))
    there = {name for dimension in card["dimensions"] for name in baselines_by_name(dimension)}
    for name in ("features", "generator", "constant"):
        if name in there:
            entries.append(
                LegendEntry(drawing.draw_fixed(14, 14, [drawing.draw_mark(name, "7", 7)]), str(MARK_WORDS[name]))
            )
    return entries


def _dot_chart(
    name: str,
    about: str,
    dimensions: Sequence[Mapping[str, Any]],
    figure: tuple[str, str],
    *,
    low: float | None,
    high: float | None,
) -> DotChart:
    measured = [dimension for dimension in dimensions if dimension["asked"].get(figure[0]) is not None]
    values = [value for dimension in measured for value in _axis_values(dimension, figure)]
    axis = drawing.build_percent_axis(values, low=low, high=high)
    return DotChart(
        name, about, [_dot_plot_row(dimension, figure, axis) for dimension in measured], drawing.draw_ticks(axis)
    )


def _axis_values(dimension: Mapping[str, Any], figure: tuple[str, str]) -> list[float]:
    ends = dimension["asked"].get(f"{figure[0]}_interval") or []
    return [dimension["asked"][figure[0]], *ends, *_comparison_values(dimension, figure).values()]


def _comparison_values(dimension: Mapping[str, Any], figure: tuple[str, str]) -> dict[str, float]:
    """Return the metric of one annotator and of each baseline, where known."""
    values = {"human": (dimension.get("ceiling") or {}).get(figure[1])}
    values |= {name: baseline.get(figure[0]) for name, baseline in baselines_by_name(dimension).items()}
    return {name: value for name, value in values.items() if value is not None}


def _dot_plot_row(dimension: Mapping[str, Any], figure: tuple[str, str], axis: PercentAxis) -> DotPlotRow:
    value_of_judge, ends = dimension["asked"][figure[0]], dimension["asked"].get(f"{figure[0]}_interval")
    beside = _comparison_values(dimension, figure)
    pieces = [drawing.draw_vertical_line(axis.position(tick), ROW) for tick in axis.ticks]
    pieces.append(
        drawing.draw_line(
            axis.position(axis.scale.low), axis.position(axis.scale.high), MIDDLE, MIDDLE, "axis-line", width=0.75
        )
    )
    if "human" in beside:
        pieces.append(drawing.draw_mark("human", axis.position(beside["human"]), MIDDLE))
    if ends:
        pieces.append(
            drawing.draw_line(axis.position(ends[0]), axis.position(ends[1]), MIDDLE, MIDDLE, "stroke-accent", width=4)
        )
    pieces.append(drawing.draw_dot(axis.position(value_of_judge), MIDDLE))
    for name in ("constant", "generator", "features"):
        if name in beside:
            over = abs(axis.scale.position(beside[name]) - axis.scale.position(value_of_judge)) < NEAR
            pieces.append(drawing.draw_mark(name, axis.position(beside[name]), MIDDLE, over=over))
    words = [format_two_decimals(value_of_judge)]
    if ends:
        words.append(_("95 %% interval %(interval)s") % {"interval": format_interval(ends)})
    words += [f"{MARK_WORDS[name]} {format_two_decimals(value)}" for name, value in beside.items()]
    return DotPlotRow(
        dimension["key"],
        dimension["name"],
        format_two_decimals(value_of_judge),
        "; ".join(words),
        drawing.draw_responsive(ROW, pieces),
    )
