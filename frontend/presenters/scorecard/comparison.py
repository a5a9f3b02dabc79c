"""Two judges on the same samples: by how much one is nearer to people, with the interval that decides whether it is.

The figures are those of ``judge.evaluation.comparison``: differences are the first judge's less the second's.
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
    """One dimension's difference: drawn about zero, and as a figure with its interval."""

    key: str
    name: str
    figure: str
    interval: str
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class DifferenceChart:
    """The differences of one figure on one axis."""

    name: str
    description: str
    rows: list[DifferenceRow]
    axis: SafeString
    left: str
    """Who is nearer where a dot lies to the left of zero; and to the right."""
    right: str


@dataclass(frozen=True, slots=True)
class ComparisonMetricsRow:
    """One dimension's figures of both."""

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
    """Lay out a comparison; ``first`` and ``second`` are what the judges are called, as ``run 7``."""
    known = [one for one in comparison["dimensions"] if one["samples"]]
    return ComparisonView(
        first=first,
        second=second,
        target=comparison["target"],
        finding=comparison_sentence(comparison, first=first, second=second),
        samples=comparison["samples"],
        questions=comparison["questions"],
        charts=_difference_charts(known, first, second),
        rows=[_metrics_row(one) for one in known],
    )


def comparison_sentence(comparison: Mapping[str, Any], *, first: str, second: str) -> str:
    """Return who is nearer to people where, by the RMSE of expected scores.

    Somebody is called nearer only where the whole 95 % interval of the paired difference lies on one side of zero.
    """
    known = [one for one in comparison["dimensions"] if one["samples"]]
    names = {"first": first, "second": second}
    if not known:
        return _("%(first)s and %(second)s have judged no sample in common, so they cannot be compared.") % names
    sides: dict[str, list[str]] = {"first": [], "second": [], "chance": [], "unknown": []}
    for one in known:
        sides[_nearer_side(one)].append(one["key"])
    return " ".join(_comparison_sentences(names, sides, len(known)))


def _nearer_side(one: Mapping[str, Any]) -> str:
    ends = one["rmse_interval"]
    if ends is None:
        return "unknown"
    return "first" if ends[1] < 0 else "second" if ends[0] > 0 else "chance"


def _comparison_sentences(names: Mapping[str, str], sides: Mapping[str, Sequence[str]], known: int) -> list[str]:
    if len(sides["unknown"]) == known:
        return [_("Both have judged too few questions to tell %(first)s from %(second)s.") % names]
    if len(sides["chance"]) == known:
        where = _("every dimension") if known > 1 else enumerate_or_count(sides["chance"])
        alike = _("What %(first)s and %(second)s differ by is within chance on %(dimensions)s.")
        return [alike % {**names, "dimensions": where}]
    said = []
    for side, sentence in (
        ("first", _("On %(dimensions)s %(first)s is nearer to people than %(second)s.")),
        ("second", _("On %(dimensions)s %(second)s is nearer to people than %(first)s.")),
    ):
        if sides[side]:
            where = _("every dimension") if len(sides[side]) == known > 1 else enumerate_or_count(sides[side])
            said.append(sentence % {**names, "dimensions": where})
    if sides["chance"]:
        said.append(
            _("On %(dimensions)s what they differ by is within chance.")
            % {"dimensions": enumerate_or_count(sides["chance"])}
        )
    if sides["unknown"]:
        few = _("On %(dimensions)s there are too few questions to tell.")
        said.append(few % {"dimensions": enumerate_or_count(sides["unknown"])})
    return said


def _difference_charts(known: Sequence[Mapping[str, Any]], first: str, second: str) -> list[DifferenceChart]:
    if not known:
        return []
    words = {"first": first, "second": second}
    return [
        _difference_chart(
            "RMSE",
            _("of %(first)s less that of %(second)s, in points") % words,
            known,
            "rmse",
            (first, second),
        ),
        _difference_chart("A@1", _("of %(first)s less that of %(second)s") % words, known, "a1", (second, first)),
    ]


def _difference_chart(
    name: str, about: str, known: Sequence[Mapping[str, Any]], figure: str, nearer: tuple[str, str]
) -> DifferenceChart:
    values = [value for one in known for value in (one[f"{figure}_difference"], *(one[f"{figure}_interval"] or []))]
    axis = drawing.build_percent_axis(values, zero=True, most=5)
    rows = [_difference_row(one, figure, axis) for one in known]
    left, right = (_("%(name)s nearer") % {"name": side} for side in nearer)
    return DifferenceChart(name, about, rows, drawing.draw_ticks(axis, sign=True), left, right)


def _difference_row(one: Mapping[str, Any], figure: str, axis: PercentAxis) -> DifferenceRow:
    value, ends = one[f"{figure}_difference"], one[f"{figure}_interval"]
    middle = ROW / 2
    pieces = [drawing.draw_vertical_line(axis.position(tick), ROW) for tick in axis.ticks if tick]
    pieces.append(drawing.draw_vertical_line(axis.position(0), ROW, "s-ink2"))
    pieces.append(
        drawing.draw_line(
            axis.position(axis.scale.low), axis.position(axis.scale.high), middle, middle, "axis-line", width=0.75
        )
    )
    if ends:
        pieces.append(
            drawing.draw_line(axis.position(ends[0]), axis.position(ends[1]), middle, middle, "s-acc", width=4)
        )
    pieces.append(drawing.draw_dot(axis.position(value), middle))
    said = (
        _("%(low)s to %(high)s") % {"low": _format_signed(ends[0]), "high": _format_signed(ends[1])}
        if ends
        else _("too few questions")
    )
    return DifferenceRow(one["key"], one["name"], _format_signed(value), said, drawing.draw_responsive(ROW, pieces))


def _metrics_row(one: Mapping[str, Any]) -> ComparisonMetricsRow:
    return ComparisonMetricsRow(
        key=one["key"],
        name=one["name"],
        samples=format_number(one["samples"]),
        questions=format_number(one["questions"]),
        rmse=(format_two_decimals(one["first"]["rmse"]), format_two_decimals(one["second"]["rmse"])),
        a1=(format_two_decimals(one["first"]["a1"]), format_two_decimals(one["second"]["a1"])),
        nearer=(_format_share(one["nearer"]["first"]), _format_share(one["nearer"]["second"])),
        same=_format_share(one["same_rounded"]),
    )


def _format_signed(value: float) -> str:
    """Return a difference with three decimals: two runs on the same data may differ by little."""
    text = format_decimals(abs(value), PLACES)
    if round(value, PLACES) == 0:
        return text
    return (MINUS if value < 0 else "+") + text


def _format_share(value: float | None) -> str:
    return UNDEFINED if value is None else f"{format_percent(value)} %"
