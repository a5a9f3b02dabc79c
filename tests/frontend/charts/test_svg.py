"""Tests of the SVG drawings: positions, ends, gaps and missing values."""

import re
import xml.etree.ElementTree as ET

import pytest

from frontend.charts import svg
from frontend.charts.svg import ChartScale


def parsed(drawing: str) -> ET.Element:
    """Return a drawing as XML; one that is not well-formed fails here."""
    return ET.fromstring(drawing)  # noqa: S314 - our own


def circles(drawing: str) -> list[tuple[float, float]]:
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in parsed(drawing).iter("circle")]


def test_a_scale_puts_its_ends_inside_its_padding_and_what_lies_beyond_at_its_ends() -> None:
    scale = ChartScale(0, 1, width=100, pad=10)
    assert [scale.position(value) for value in (0, 0.5, 1, 7, -7)] == [10, 50, 90, 90, 10]
    assert scale.is_outside(1.01)
    assert not scale.is_outside(1)
    assert ChartScale(2, 2, width=100).position(2) == 50


def test_a_scale_of_agreement_goes_below_zero_only_where_an_interval_does() -> None:
    assert svg.alpha_scale([0.2, 0.5]).low == 0
    assert svg.alpha_scale([]).low == 0
    assert svg.alpha_scale([-0.01]).low == pytest.approx(-0.2)
    assert svg.alpha_scale([-0.21, 0.4]).low == pytest.approx(-0.4)
    assert svg.alpha_scale([-3]).low == -1


def test_scales_widen_to_whole_steps_and_zero_stays_in_the_middle() -> None:
    assert (
        svg.symmetric_scale([0.1, -0.2], least=0.6, step=0.2).low,
        svg.symmetric_scale([], least=0.6, step=0.2).high,
    ) == (
        -0.6,
        0.6,
    )
    wide = svg.symmetric_scale([0.61], least=0.6, step=0.2)
    assert (wide.low, wide.high) == pytest.approx((-0.8, 0.8))
    found = svg.scale_covering([0.84, 1.2], step=0.5)
    assert (found.low, found.high) == (0.5, 1.5)
    flat = svg.scale_covering([1.0, 1.0], step=0.5)
    assert flat.low <= 1 < flat.high


def test_an_interval_is_a_dot_between_two_ends_over_its_bars() -> None:
    scale = ChartScale(0, 1, width=100, pad=0)
    drawing = svg.draw_interval(scale, 0.5, [0.4, 0.7], bars=(0.67, 0.8))
    assert circles(drawing) == [(50, 13)]
    (path,) = parsed(drawing).iter("path")
    assert re.match(r"M40 13H70", path.attrib["d"])
    assert drawing.count("stroke-dasharray") == 2
    assert parsed(drawing).attrib["aria-hidden"] == "true"


def test_what_is_not_known_is_not_drawn() -> None:
    scale = ChartScale(0, 1)
    assert circles(svg.draw_interval(scale, None, None)) == []
    no_interval = svg.draw_interval(scale, 0.5, None)
    assert len(circles(no_interval)) == 1
    assert "<path" not in no_interval
    assert circles(svg.draw_sparkline(scale, [None, None])) == []
    assert "<rect" not in svg.draw_stacked_bar([("a", 0)])
    assert "<rect" not in svg.draw_columns([0, 0])


def test_a_sparkline_breaks_where_a_week_is_missing_and_ends_in_a_dot() -> None:
    scale = ChartScale(0, 10, width=108, pad=4)
    drawing = svg.draw_sparkline(scale, [0, 10, None, 5, 5], zero=0)
    lines = [line.attrib["points"] for line in parsed(drawing).iter("polyline")]
    assert len(lines) == 2, "one before the gap, one after"
    assert lines[0] == "4,24 29,4", "low values at the bottom"
    assert circles(drawing)[-1] == (104, 14)
    alone = svg.draw_sparkline(scale, [None, 5, None])
    assert len(circles(alone)) == 2, "a week alone is a point, and the last one"


def test_a_chart_over_weeks_names_its_ends_and_says_what_it_shows() -> None:
    drawing = svg.draw_weekly_values(
        ChartScale(-0.6, 0.6), [0.1, 0.2], ["week 44", "week 45"], zero=0, label="Bias & more"
    )
    texts = ["".join(text.itertext()) for text in parsed(drawing).iter("text")]
    assert texts == ["−.6", "0", "+.6", "week 44", "week 45"]
    assert parsed(drawing).attrib["aria-label"] == "Bias & more"
    assert parsed(drawing).attrib["role"] == "img"


def test_parts_of_a_whole_fill_the_bar_in_proportion_and_the_smallest_can_be_seen() -> None:
    bars = list(parsed(svg.draw_stacked_bar([("a", 750), ("b", 249), ("c", 1)], width=100)).iter("rect"))
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert [bar.attrib["class"] for bar in bars] == ["a", "b", "c"]
    assert widths[0] == pytest.approx(74, abs=2)
    assert min(widths) >= 1
    assert max(float(bar.attrib["x"]) + float(bar.attrib["width"]) for bar in bars) <= 100


def test_two_ways_go_from_the_middle_in_proportion() -> None:
    left, right = parsed(svg.draw_diverging_bars(5, 10, most=10, width=104)).iter("rect")
    assert float(right.attrib["width"]) == 50
    assert float(left.attrib["width"]) == 25
    assert float(left.attrib["x"]) == 27
    assert float(right.attrib["x"]) == 52


def test_columns_are_as_high_as_their_share_of_the_highest() -> None:
    heights = [float(bar.attrib["height"]) for bar in parsed(svg.draw_columns([5, 0, 10], height=42)).iter("rect")]
    assert heights == [20, 40]


@pytest.mark.parametrize(("value", "found"), [(None, None), (-0.4, 0), (0, 0), (0.5, 3), (0.99, 6), (1, 6)])
def test_a_shade_grows_with_its_value(value: float | None, found: int | None) -> None:
    assert svg.shade_index(value) == found


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.67, ".67"), (-0.2, "−.2"), (1, "1"), (90, "90"), (1.5, "1.5")]
)
def test_a_tick_is_as_short_as_it_can_be(value: float, shown: str) -> None:
    assert svg.format_tick(value) == shown


def test_no_drawing_carries_a_style_that_the_content_policy_would_refuse() -> None:
    scale = ChartScale(0, 1)
    drawings = [
        svg.draw_axis(scale, svg.alpha_ticks(scale)),
        svg.draw_interval(scale, 0.5, [0.4, 0.6], bars=(0.67,), label='<"&'),
        svg.draw_sparkline(scale, [0.1, 0.2]),
        svg.draw_weekly_values(scale, [0.1], ["week 1"]),
        svg.draw_stacked_bar([("a", 1)]),
        svg.draw_diverging_bars(1, 2, most=2),
        svg.draw_columns([1, 2]),
    ]
    for drawing in drawings:
        assert all("style" not in element.attrib for element in parsed(drawing).iter()), drawing
