"""The comparison of two judges on the same samples, with intervals of the differences.

The metrics are those of ``judge.evaluation.comparison``: differences are the first judge's less the second's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.charts import responsive_svg as drawing
from frontend.charts.responsive_svg import PercentAxis
from frontend.presenters.annotator_remarks import MINUS, format_two_decimals
from frontend.presenters.vocabulary import format_decimals, format_number

from .text import enumerate_or_count, format_percent

ROW = 40.0
PLACES = 3
UNDEFINED = "–"


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One dimension's difference with its interval, drawn and as text."""

    key: str
    name: str
    figure: str
    interval: str
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class DifferenceChart:
    """The differences of one metric on one axis."""

    name: str
    description: str
    rows: list[DifferenceRow]
    axis: SafeString
    left: str
    """Who is nearer where a dot lies to the left of zero; and to the right."""
    right: str


@dataclass(frozen=True, slots=True)
class ComparisonMetricsRow:
    """One dimension's metrics of both judges."""

    key: str
    name: str
    samples: str
    questions: str
    rmse: tuple[str, str]
    a1: tuple[str, str]
    nearer: tuple[str, str]
    """In per cent of the samples."""
    same: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Everything that a page shows of a comparison."""

    first: str
    second: str
    target: str
    finding: str
    samples: int
    questions: int
    charts: list[DifferenceChart]
    rows: list[ComparisonMetricsRow]


def comparison_view(comparison: Mapping[str, Any], *, first: str, second: str) -> ComparisonView:
    """Return the view of a comparison.

    ``first`` and ``second`` are the names of the judges, as ``run 7``.
    """
    compared = [dimension for dimension in comparison["dimensions"] if dimension["samples"]]
    return ComparisonView(
        first=first,
        second=second,
        target=comparison["target"],
        finding=comparison_sentence(comparison, first=first, second=second),
        samples=comparison["samples"],
        questions=comparison["questions"],
        charts=_difference_charts(compared, first, second),
        rows=[_metrics_row(dimension) for dimension in compared],
    )


def comparison_sentence(comparison: Mapping[str, Any], *, first: str, second: str) -> str:
    """Return which judge is nearer to people on which dimensions, by RMSE.

    Somebody is called nearer only where the whole 95 % interval of the paired difference lies on one side of zero.
    """
    compared = [dimension for dimension in comparison["dimensions"] if dimension["samples"]]
    names = {"first": first, "second": second}
    if not compared:
        return _("%(first)s and %(second)s have judged no sample in common, so they cannot be compared.") % names
    sides: dict[str, list[str]] = {"first": [], "second": [], "chance": [], "unknown": []}
    for dimension in compared:
        sides[_nearer_side(dimension)].append(dimension["key"])
    return " ".join(_comparison_sentences(names, sides, len(compared)))


def _nearer_side(dimension: Mapping[str, Any]) -> str:
    ends = dimension["rmse_interval"]
    if ends is None:
        return "unknown"
    return "first" if ends[1] < 0 else "second" if ends[0] > 0 else "chance"


def _comparison_sentences(names: Mapping[str, str], sides: Mapping[str, Sequence[str]], n_dimensions: int) -> list[str]:
    if len(sides["unknown"]) == n_dimensions:
        return [_("Both have judged too few questions to tell %(first)s from %(second)s.") % names]
    if len(sides["chance"]) == n_dimensions:
        where = _("every dimension") if n_dimensions > 1 else enumerate_or_count(sides["chance"])
        alike = _("What %(first)s and %(second)s differ by is within chance on %(dimensions)s.")
        return [alike % {**names, "dimensions": where}]
    sentences = []
    for side, sentence in (
        ("first", _("On %(dimensions)s %(first)s is nearer to people than %(second)s.")),
        ("second", _("On %(dimensions)s %(second)s is nearer to people than %(first)s.")),
    ):
        if sides[side]:
            where = _("every dimension") if len(sides[side]) == n_dimensions > 1 else enumerate_or_count(sides[side])
            sentences.append(sentence % {**names, "dimensions": where})
    if sides["chance"]:
        sentences.append(
            _("On %(dimensions)s what they differ by is within chance.")
            % {"dimensions": enumerate_or_count(sides["chance"])}
        )
    if sides["unknown"]:
        few = _("On %(dimensions)s there are too few questions to tell.")
        sentences.append(few % {"dimensions": enumerate_or_count(sides["unknown"])})
    return sentences


def _difference_charts(compared: Sequence[Mapping[str, Any]], first: str, second: str) -> list[DifferenceChart]:
    if not compared:
        return []
    words = {"first": first, "second": second}
    return [
        _difference_chart(
            "RMSE",
            _("of %(first)s less that of %(second)s, in points") % words,
            compared,
            "rmse",
            (first, second),
        ),
        _difference_chart("A@1", _("of %(first)s less that of %(second)s") % words, compared, "a1", (second, first)),
    ]


def _difference_chart(
    name: str, about: str, compared: Sequence[Mapping[str, Any]], metric: str, nearer: tuple[str, str]
) -> DifferenceChart:
    values = [
        value
        for dimension in compared
        for value in (dimension[f"{metric}_difference"], *(dimension[f"{metric}_interval"] or []))
    ]
    axis = drawing.build_percent_axis(values, zero=True, max_ticks=5)
    rows = [_difference_row(dimension, metric, axis) for dimension in compared]
    left, right = (_("%(name)s nearer") % {"name": side} for side in nearer)
    return DifferenceChart(name, about, rows, drawing.draw_ticks(axis, sign=True), left, right)


def _difference_row(dimension: Mapping[str, Any], metric: str, axis: PercentAxis) -> DifferenceRow:
    value, ends = dimension[f"{metric}_difference"], dimension[f"{metric}_interval"]
    middle = ROW / 2
    pieces = [drawing.draw_vertical_line(axis.position(tick), ROW) for tick in axis.ticks if tick]
    pieces.append(drawing.draw_vertical_line(axis.position(0), ROW, "stroke-ink-2"))
    pieces.append(
        drawing.draw_line(
            axis.position(axis.scale.low), axis.position(axis.scale.high), middle, middle, "axis-line", width=0.75
        )
    )
    if ends:
        pieces.append(
            drawing.draw_line(axis.position(ends[0]), axis.position(ends[1]), middle, middle, "stroke-accent", width=4)
        )
    pieces.append(drawing.draw_dot(axis.position(value), middle))
    interval_text = (
        _("%(low)s to %(high)s") % {"low": _format_signed(ends[0]), "high": _format_signed(ends[1])}
        if ends
        else _("too few questions")
    )
    return DifferenceRow(
        dimension["key"], dimension["name"], _format_signed(value), interval_text, drawing.draw_responsive(ROW, pieces)
    )


def _metrics_row(dimension: Mapping[str, Any]) -> ComparisonMetricsRow:
    return ComparisonMetricsRow(
        key=dimension["key"],
        name=dimension["name"],
        samples=format_number(dimension["samples"]),
        questions=format_number(dimension["questions"]),
        rmse=(format_two_decimals(dimension["first"]["rmse"]), format_two_decimals(dimension["second"]["rmse"])),
        a1=(format_two_decimals(dimension["first"]["a1"]), format_two_decimals(dimension["second"]["a1"])),
        nearer=(_format_share(dimension["nearer"]["first"]), _format_share(dimension["nearer"]["second"])),
        same=_format_share(dimension["same_rounded"]),
    )


def _format_signed(value: float) -> str:
    """Return a difference with its sign and three decimals.

    Two runs on the same data may differ by little.
    """
    text = format_decimals(abs(value), PLACES)
    if round(value, PLACES) == 0:
        return text
    return (MINUS if value < 0 else "+") + text


def _format_share(value: float | None) -> str:
    return UNDEFINED if value is None else f"{format_percent(value)} %"
