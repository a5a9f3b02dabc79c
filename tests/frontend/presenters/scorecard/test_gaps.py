"""Tests of the gap charts: heights of the bars, and shares in words."""

import pytest

from frontend.presenters.scorecard.gaps import gap_charts

from .scorecards import card, dimension, measured, nothing, parsed


def with_gaps(shares, **more):
    one = dimension("TCC", **more)
    one["asked"] = one["asked"] | {"gaps": shares}
    return one


def bars(drawing):
    return [(float(bar.attrib["height"]), bar.attrib["class"]) for bar in parsed(drawing).iter("rect")]


def test_bars_share_one_scale_and_far_ones_are_marked_by_colour_and_in_words():
    first, second = gap_charts(
        card(with_gaps({"0": 0.6, "1": 0.3, "2": 0.08, "3": 0.02}), with_gaps({"0": 0.3, "1": 0.7, "2": 0, "3": 0}))
    )
    assert first.summary == "within 1: 90 %, 2 or more: 10 %"
    assert second.summary == "within 1: 100 %, 2 or more: 0 %"
    (half, _), (full, _), *rest = bars(second.drawing)
    assert half / full == pytest.approx(3 / 7, abs=0.01)
    assert bars(first.drawing)[0][0] / full == pytest.approx(6 / 7, abs=0.01)
    assert [kind for _, kind in bars(first.drawing)] == ["fill-ink-3", "fill-ink-3", "fill-attention", "fill-attention"]
    assert [tall for tall, _ in rest] == [0, 0], "what never came has no bar"
    assert parsed(first.drawing).attrib["aria-label"] == "TCC: 0 off: 60 %, 1 off: 30 %, 2 off: 8.0 %, 3 off: 2.0 %"


def test_a_share_that_is_there_can_be_seen_and_is_not_called_nothing():
    (one,) = gap_charts(card(with_gaps({"0": 0.9998, "1": 0, "2": 0.0002})))
    assert bars(one.drawing)[2][0] == 1
    assert one.summary == "within 1: 100 %, 2 or more: <0.1 %"


def test_levels_of_any_distance_say_from_where_it_is_far():
    (halves,) = gap_charts(card(with_gaps({"0": 0.5, "0.5": 0.25, "1": 0.15, "1.5": 0.1})))
    assert halves.summary == "within 1: 90 %, 1.5 or more: 10 %"
    (tens,) = gap_charts(card(with_gaps({"0": 0.5, "10": 0.3, "20": 0.2})))
    assert tens.summary == "within 1: 50 %, 10 or more: 50 %"
    (two,) = gap_charts(card(with_gaps({"0": 0.5, "1": 0.5})))
    assert two.summary == "within 1: 100 %"


def test_of_many_distances_the_far_ones_share_a_bar():
    (one,) = gap_charts(card(with_gaps({str(gap): 0.05 for gap in range(20)})))
    texts = [text.text for text in parsed(one.drawing).iter("text") if text.attrib["class"] == "axis-label"]
    assert texts == ["0", "1", "2", "3", "4", "5", "6+"]
    assert bars(one.drawing)[-1][0] > bars(one.drawing)[0][0]


def test_means_have_no_distances_in_levels_and_nothing_has_none():
    assert gap_charts(measured("mean")) == []
    assert gap_charts(nothing()) == []
    assert [one.key for one in gap_charts(measured())] == ["TCC", "IQ"]
