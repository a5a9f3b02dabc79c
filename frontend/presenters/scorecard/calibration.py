"""The calibration of a judge: predicted disputes and scores against observed ones.

The card has groups for each dimension. Together they are put in order of what was expected and cut into ten of about
equal size; each shows how often people were two points apart, with the interval that so many samples leave
(Wilson 1927), as if samples were independent of one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend.charts import responsive_svg as drawing
from frontend.charts.responsive_svg import PercentAxis
from frontend.presenters.annotator_remarks import format_two_decimals
from frontend.presenters.vocabulary import format_decimals, format_number

from .text import enumerate_names

POOLED_GROUPS = 10
Z = 1.959964
LETTER_WIDTH = 7.0
# The diagonal of so many dimensions by themselves; a sentence with more would be a table.
NAMED_AT_MOST = 8


class CalibrationGroup(NamedTuple):
    """Samples of about the same expectation, with the mean expected and observed value."""

    expected: float
    observed: float
    samples: int


@dataclass(frozen=True, slots=True)
class CalibrationChart:
    """A drawing of expected values, horizontally, against observed ones."""

    key: str
    name: str
    summary: str
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class CalibrationPanel:
    """The calibration section of a scorecard."""

    description: str
    drawing: SafeString | None
    """The chance that two annotators differ, of all dimensions together; None where nobody's ratings can tell."""
    summary: str
    disputes: list[CalibrationChart]
    scores: list[CalibrationChart]


def calibration_panel(card: Mapping[str, Any]) -> CalibrationPanel:
    """Return the drawings and the sentences of a judge's calibration."""
    dimensions = card["dimensions"]
    with_disputes = [dimension for dimension in dimensions if (dimension.get("dispute") or {}).get("groups")]
    pooled = pool_groups([group for dimension in with_disputes for group in _calibration_groups(dimension["dispute"])])
    return CalibrationPanel(
        description=_calibration_description(pooled, len(with_disputes)),
        drawing=_dispute_chart(pooled, label=_chart_label(pooled)) if pooled else None,
        summary=_calibration_text(dimensions, with_disputes),
        disputes=[_dimension_dispute_chart(dimension) for dimension in with_disputes] if len(with_disputes) > 1 else [],
        scores=[
            _dimension_score_chart(dimension)
            for dimension in dimensions
            if (dimension.get("sureness") or {}).get("groups")
        ],
    )


def pool_groups(groups: Sequence[CalibrationGroup]) -> list[CalibrationGroup]:
    """Return groups of several dimensions as at most ten, by rising expectation.

    The pools are of about equal size.
    """
    total = sum(group.samples for group in groups)
    if not total:
        return []
    pools: list[list[CalibrationGroup]] = []
    before = 0
    for group in sorted(groups):
        # Where its middle lies among all samples says which tenth a group belongs to.
        index = min(POOLED_GROUPS - 1, int(POOLED_GROUPS * (before + group.samples / 2) / total))
        before += group.samples
        while len(pools) <= index:
            pools.append([])
        pools[index].append(group)
    return [_merge_groups(pool) for pool in pools if pool]


def wilson_interval(share: float, samples: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of independent samples (Wilson 1927)."""
    middle = (share + Z**2 / (2 * samples)) / (1 + Z**2 / samples)
    reach = Z * sqrt(share * (1 - share) / samples + Z**2 / (4 * samples**2)) / (1 + Z**2 / samples)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _calibration_groups(metrics: Mapping[str, Any]) -> list[CalibrationGroup]:
    return [
        CalibrationGroup(group["expected"], group["observed"], group["samples"])
        for group in metrics["groups"]
        if group["samples"]
    ]


def _merge_groups(groups: Sequence[CalibrationGroup]) -> CalibrationGroup:
    samples = sum(group.samples for group in groups)
    expected = sum(group.expected * group.samples for group in groups) / samples
    return CalibrationGroup(expected, sum(group.observed * group.samples for group in groups) / samples, samples)


def _calibration_description(groups: Sequence[CalibrationGroup], dimensions: int) -> str:
    if not groups:
        return _("No sample has ratings by two annotators, so nothing tells whether the judge knows where they differ.")
    sizes = (min(group.samples for group in groups), max(group.samples for group in groups))
    size = (
        format_number(sizes[0])
        if sizes[0] == sizes[1]
        else _("%(low)s to %(high)s")
        % {
            "low": format_number(sizes[0]),
            "high": format_number(sizes[1]),
        }
    )
    parts = ngettext("%(n)s group of %(size)s", "%(n)s groups of %(size)s", len(groups)) % {
        "n": format_number(len(groups)),
        "size": size,
    }
    text = _(
        "Chance that two annotators differ by 2 or more: predicted across; the share of pairs that did, upward; "
        "in %(parts)s."
    ) % {"parts": parts}
    return f"{text} {_('All dimensions together.')}" if dimensions > 1 else text


def _calibration_text(dimensions: Sequence[Mapping[str, Any]], with_disputes: Sequence[Mapping[str, Any]]) -> str:
    """Return the calibration metrics that the drawing does not show.

    Brier score and AUROC of predicted disputes, and the coverage of the intervals.
    """
    sentences = []
    scores = [
        (dimension["key"], dimension["dispute"].get("brier"), dimension["dispute"].get("auroc"))
        for dimension in with_disputes
    ]
    if scores:
        brier = _metric_by_dimension([(key, value) for key, value, _auroc in scores], 3)
        auroc = _metric_by_dimension([(key, value) for key, _brier, value in scores], 2)
        if brier:
            sentences.append(_("Brier score %(values)s.") % {"values": brier})
        if auroc:
            sentences.append(
                _("Sorts disputed from undisputed with AUROC %(values)s (.5 is chance).") % {"values": auroc}
            )
    coverage = [
        (dimension["key"], dimension["sureness"].get("coverage"))
        for dimension in dimensions
        if dimension.get("sureness")
    ]
    coverage_text = _metric_by_dimension(coverage, 0, times=100)
    if coverage_text:
        sentences.append(
            _("Share of people’s scores that its 90 %% intervals hold: %(values)s %%.") % {"values": coverage_text}
        )
    elif any(dimension["asked"]["samples"] for dimension in dimensions):
        sentences.append(_("It gave no intervals."))
    return " ".join(sentences)


def _metric_by_dimension(values: Sequence[tuple[str, float | None]], places: int, *, times: float = 1) -> str:
    """Return a metric of each dimension in one enumeration.

    Of very many dimensions the lowest and the highest.
    """
    defined = [(key, times * value) for key, value in values if value is not None]
    if not defined:
        return ""
    if len(values) == 1:
        return format_decimals(defined[0][1], places)
    if len(defined) > NAMED_AT_MOST:
        least, most = (
            min(defined, key=lambda key_and_value: key_and_value[1]),
            max(defined, key=lambda key_and_value: key_and_value[1]),
        )
        return _("%(low)s (%(least)s) to %(high)s (%(most)s)") % {
            "low": format_decimals(least[1], places),
            "least": least[0],
            "high": format_decimals(most[1], places),
            "most": most[0],
        }
    return enumerate_names([f"{key} {format_decimals(value, places)}" for key, value in defined])


def _chart_label(groups: Sequence[CalibrationGroup]) -> str:
    pairs = ", ".join(
        _("%(expected)s: %(observed)s")
        % {"expected": format_two_decimals(group.expected), "observed": format_two_decimals(group.observed)}
        for group in groups
    )
    return _("Predicted and observed chance that two annotators differ by 2 or more; %(pairs)s") % {"pairs": pairs}


def _dispute_chart(groups: Sequence[CalibrationGroup], *, label: str) -> SafeString:
    axis = drawing.build_percent_axis([0.0, 1.0], pad=0)
    return _draw_groups(groups, axis, side=262, label=label, intervals=True)


def _dimension_dispute_chart(dimension: Mapping[str, Any]) -> CalibrationChart:
    groups = _calibration_groups(dimension["dispute"])
    axis = drawing.build_percent_axis([0.0, 1.0], pad=0, max_ticks=3)
    share = dimension["dispute"].get("share")
    share_text = _("%(share)s %% disputed") % {"share": format_decimals(100 * share, 0)} if share is not None else ""
    return CalibrationChart(
        dimension["key"],
        dimension["name"],
        share_text,
        _draw_groups(groups, axis, side=130, label=f"{dimension['key']}: {_chart_label(groups)}", intervals=True),
    )


def _dimension_score_chart(dimension: Mapping[str, Any]) -> CalibrationChart:
    groups = _calibration_groups(dimension["sureness"])
    levels = dimension["levels"]
    axis = drawing.build_percent_axis([levels[0], levels[-1]], pad=0, max_ticks=6)
    pairs = ", ".join(
        f"{format_two_decimals(group.expected)}: {format_two_decimals(group.observed)}" for group in groups
    )
    label = _("%(key)s: expected score and mean of people’s; %(pairs)s") % {"key": dimension["key"], "pairs": pairs}
    width = dimension["sureness"].get("width")
    width_text = _("90 %%: %(width)s wide") % {"width": format_two_decimals(width)} if width is not None else ""
    return CalibrationChart(
        dimension["key"],
        dimension["name"],
        width_text,
        _draw_groups(groups, axis, side=130, label=label, intervals=False),
    )


def _draw_groups(
    groups: Sequence[CalibrationGroup], axis: PercentAxis, *, side: float, label: str, intervals: bool
) -> SafeString:
    """Draw groups in a square; on its diagonal observed equals expected."""
    left, top, foot = 12 + LETTER_WIDTH * max(len(axis.tick_text(tick)) for tick in axis.ticks), 8.0, 22.0
    bottom = top + side

    def x(value: float) -> float:
        return left + axis.scale.position(value) / 100 * side

    def y(value: float) -> float:
        return bottom - axis.scale.position(value) / 100 * side

    pieces = []
    for tick in axis.ticks:
        pieces.append(
            drawing.draw_line(_format_pixels(left), _format_pixels(left + side), y(tick), y(tick), "grid-line")
        )
        pieces.append(drawing.draw_text(_format_pixels(left - 7), y(tick) + 4, axis.tick_text(tick), anchor="end"))
        pieces.append(drawing.draw_text(_format_pixels(x(tick)), bottom + 17, axis.tick_text(tick)))
    low, high = axis.ticks[0], axis.ticks[-1]
    pieces.append(
        drawing.draw_line(_format_pixels(x(low)), _format_pixels(x(high)), y(low), y(high), "axis-line", dashed=True)
    )
    for group in groups:
        place = _format_pixels(x(group.expected))
        if intervals:
            ends = wilson_interval(group.observed, group.samples)
            pieces.append(drawing.draw_line(place, place, y(ends[0]), y(ends[1]), "stroke-accent", width=1.5))
        pieces.append(drawing.draw_dot(place, y(group.observed), radius=4 if side > 200 else 3))
    return drawing.draw_fixed(left + side + 14, bottom + foot, pieces, label=label)


def _format_pixels(value: float) -> str:
    return f"{value:.1f}"
