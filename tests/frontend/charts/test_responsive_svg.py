"""Tests of responsive drawings: round ticks that hold the values, and full width."""

import itertools

import pytest

from frontend.charts import responsive_svg
from frontend.charts.responsive_svg import build_percent_axis
from tests.frontend.presenters.scorecard.scorecards import parsed, share


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.58, 1.56], (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)),
        ([0, 3000], (0, 500, 1000, 1500, 2000, 2500, 3000)),
        ([], (0, 0.2, 0.4, 0.6, 0.8, 1)),
    ],
)
def test_ticks_are_round_and_hold_every_value(values: list[float], ticks: tuple[float, ...] | None) -> None:
    axis = build_percent_axis(values)
    if ticks is not None:
        assert axis.ticks == pytest.approx(ticks)
    assert len(axis.ticks) <= 7
    assert all(axis.ticks[0] <= value <= axis.ticks[-1] for value in values)


@pytest.mark.parametrize("value", [0.0002, 1.0, 0.0, 5e6, -3.0])
def test_a_lone_value_stands_between_others(value: float) -> None:
    axis = build_percent_axis([value])
    assert axis.ticks[0] < value < axis.ticks[-1]
    assert 3 <= len({axis.tick_text(tick) for tick in axis.ticks}) == len(axis.ticks) <= 7


def test_a_lone_value_at_an_end_that_nothing_can_pass_has_the_axis_on_one_side() -> None:
    assert build_percent_axis([1.0], low=0.0, high=1.0).ticks[-1] == 1
    assert build_percent_axis([0.0], low=0.0).ticks[0] == 0


def test_an_axis_about_zero_reaches_to_both_sides_and_writes_signs() -> None:
    axis = build_percent_axis([0.02, 0.3], zero=True, max_ticks=5)
    assert axis.ticks[0] < 0 < 0.3 <= axis.ticks[-1]
    assert axis.tick_text(axis.ticks[0], sign=True).startswith("−")
    assert axis.tick_text(0, sign=True)[0] == "0"


def test_places_across_are_per_cent_so_that_a_drawing_fits_any_screen() -> None:
    axis = build_percent_axis([0.0, 1.0])
    assert [share(axis.position(value)) for value in (0, 0.5, 1, 7)] == [2, 50, 98, 98]
    drawn = parsed(responsive_svg.draw_ticks(axis))
    assert drawn.attrib["width"] == "100%"
    assert "viewBox" not in drawn.attrib


def test_names_that_would_touch_are_moved_apart_in_their_order_and_stay_inside() -> None:
    placed = responsive_svg.spread_apart([50, 52, 51, 99, 100], 15, 0, 100)
    assert sorted(range(5), key=lambda number: placed[number]) == [0, 2, 1, 3, 4]
    order = sorted(placed)
    assert all(later - before >= 15 - 1e-9 for before, later in itertools.pairwise(order))
    assert order[-1] <= 100
    assert responsive_svg.spread_apart([10.0, 80.0], 15, 0, 100) == [10, 80]
    assert responsive_svg.spread_apart([], 15, 0, 100) == []
