"""Tests of the training curves: points, names of series, few and many points."""

import itertools

import pytest

from frontend.presenters.scorecard import curve_charts

from .scorecards import parsed, share


def points(series, *some):
    return [{"series": series, "x": x, "y": y} for x, y in some]


def lines(chart):
    return [
        [tuple(map(float, place.split(","))) for place in line.attrib["points"].split()]
        for line in parsed(chart.lines).iter("polyline")
    ]


def names(chart):
    return [text.text for text in parsed(chart.names).iter("text")]


def test_a_falling_error_is_a_falling_line_that_is_named_at_its_end():
    (chart,) = curve_charts(points("RMSE TCC", (100, 1.0), (400, 0.7), (200, 0.9)))
    ((a, b, c),) = lines(chart)
    assert a[0] < b[0] < c[0], "by rising x, whatever their order"
    assert a[1] < b[1] < c[1], "lower is further down"
    assert names(chart) == ["TCC"]
    assert (chart.title, chart.across, chart.upward) == (
        "Learning curve",
        "samples to learn from",
        "RMSE on unseen questions",
    )
    assert chart.label == "Learning curve: TCC from 1.00 at 100 to 0.70 at 400"


def test_series_of_one_kind_share_a_drawing_and_any_other_has_its_own():
    charts = curve_charts(
        [
            *points("loss", (1, 2.0), (2, 1.0)),
            *points("RMSE IQ", (10, 1.0)),
            *points("eval_loss", (2, 1.5)),
            *points("learning_rate", (1, 2e-4), (2, 1e-4)),
            *points("RMSE TCC", (10, 1.2)),
        ]
    )
    assert [(chart.title, names(chart)) for chart in charts] == [
        ("Loss", ["loss", "eval loss"]),
        ("Learning curve", ["IQ", "TCC"]),
        ("Learning rate", ["learning rate"]),
    ]


def test_one_point_is_a_dot_and_a_sentence():
    (chart,) = curve_charts(points("loss", (5, 0.5)))
    assert lines(chart) == []
    assert len(list(parsed(chart.lines).iter("circle"))) == 1
    assert chart.label == "Loss: loss 0.50 at 5"


def test_lines_and_dots_agree_about_places_on_every_width():
    (chart,) = curve_charts(points("loss", (0, 2.0), (50, 1.0), (200, 0.5)))
    dots = [(share(c.attrib["cx"]), float(c.attrib["cy"])) for c in parsed(chart.lines).iter("circle")]
    ((*line,),) = lines(chart)
    assert [(x / 10, y) for x, y in line] == [pytest.approx(dot, abs=0.1) for dot in dots]


def test_thousands_of_points_become_means_of_some_and_that_is_said():
    (chart,) = curve_charts(points("loss", *((n, 1 + n % 2) for n in range(2400))))
    assert chart.thinned == 10
    ((*line,),) = lines(chart)
    assert len(line) == 240
    assert {y for _x, y in line} == {line[0][1]}, "the mean of ones and twos"


def test_many_series_keep_their_names_apart_and_differ_by_more_than_colour():
    some = [point for n in range(20) for point in points(f"RMSE D{n}", (10, 1.0), (20, 0.5 + n / 1000))]
    (chart,) = curve_charts(some)
    heights = sorted(float(text.attrib["y"]) for text in parsed(chart.names).iter("text"))
    assert all(later - before >= 14.9 for before, later in itertools.pairwise(heights))
    drawn = list(parsed(chart.lines).iter("polyline"))
    assert len({(line.attrib["class"], line.attrib["stroke-dasharray"]) for line in drawn[:8]}) == 8
    (whole,) = (float(parsed(part).attrib["height"]) for part in (chart.names,))
    assert heights[-1] < whole


def test_what_is_no_number_is_left_out_and_nothing_is_no_chart():
    assert curve_charts([]) == []
    assert curve_charts([{"series": "loss", "x": 1, "y": None}, *points("loss", (2, float("nan")))]) == []


def test_a_long_name_is_shortened_where_it_is_drawn_and_whole_where_it_is_said():
    name = "a_very_long_name_of_a_loss_indeed"
    (chart,) = curve_charts(points(name, (1, 1.0)))
    assert names(chart) == ["a very long name …"]
    assert "a very long name of a loss indeed" in chart.label
