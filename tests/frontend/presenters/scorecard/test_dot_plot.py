"""Tests of the charts of RMSE and A@1: positions, shapes and descriptions."""

from frontend.presenters.scorecard import dot_plot

from .scorecards import card, dimension, measured, nothing, parsed, share


def marks(drawing):
    """Return the element and horizontal position of each hollow mark and human tick."""
    return [
        (next(iter(mark)).tag, share(mark.attrib["x"])) for mark in parsed(drawing).iter("svg") if "x" in mark.attrib
    ]


def judge(drawing):
    """Return where the judge's dot stands across, and the ends of its interval."""
    (dot,) = (one for one in parsed(drawing).iter("circle") if one.attrib["class"] == "fill-accent")
    ends = [one for one in parsed(drawing).iter("line") if one.attrib["class"] == "stroke-accent"]
    return share(dot.attrib["cx"]), [(share(one.attrib["x1"]), share(one.attrib["x2"])) for one in ends]


def test_the_judge_is_a_dot_on_its_interval_between_what_it_is_held_to():
    chart = dot_plot.rmse_chart(card(dimension("TCC", ceiling=0.6, constant=1.4, generator=1.2, features=1.0)))
    (row,) = chart.rows
    centre, ((low, high),) = judge(row.drawing)
    assert low < centre < high
    assert [tag for tag, _x in marks(row.drawing)] == ["path", "circle", "rect", "path"]
    human, constant, generator, features = (x for _tag, x in marks(row.drawing))
    assert human < low < centre < high < features < generator < constant
    assert row.figure == "0.80"
    assert row.description == (
        "0.80; 95 % interval 0.70 to 0.90; one annotator against the others 0.60; "
        "constant 1.40; generator mean 1.20; hand-made features 1.00"
    )


def test_all_rows_share_one_axis_whose_gridlines_its_numbers_stand_under():
    chart = dot_plot.rmse_chart(card(dimension("TCC", 0.5, (0.4, 0.6)), dimension("ICC", 1.5, (1.2, 1.9))))
    grids = [
        [one.attrib["x1"] for one in parsed(row.drawing).iter("line") if one.attrib["class"] == "grid-line"]
        for row in chart.rows
    ]
    assert grids[0] == grids[1] == [text.attrib["x"] for text in parsed(chart.axis).iter("text")]
    assert judge(chart.rows[0].drawing)[0] < judge(chart.rows[1].drawing)[0]


def test_a_mark_on_the_judges_dot_lets_it_show_through():
    chart = dot_plot.rmse_chart(card(dimension("TCC", 0.8, features=0.8, constant=1.6)))
    assert chart.rows[0].drawing.count("fill-none") == 1
    assert chart.rows[0].drawing.count("fill-paper") == 1


def test_what_is_not_known_is_neither_drawn_nor_in_the_legend():
    one = card(dimension("TCC", 0.8, None, ceiling=None))
    (row,) = dot_plot.rmse_chart(one).rows
    assert judge(row.drawing) == (50, [])
    assert marks(row.drawing) == []
    assert row.description == "0.80"
    assert [mark.word for mark in dot_plot.chart_legend(one)] == ["this judge, with its 95 % interval"]
    assert dot_plot.rmse_chart(nothing()).rows == []


def test_the_legend_has_a_mark_for_everybody_who_is_there():
    words = [mark.word for mark in dot_plot.chart_legend(measured())]
    assert words == [
        "this judge, with its 95 % interval",
        "one annotator against the others",
        "generator mean",
        "constant",
    ]
    assert "generator mean" not in [mark.word for mark in dot_plot.chart_legend(measured(generators=False))]


def test_a_share_never_stands_beyond_one():
    chart = dot_plot.a1_chart(measured())
    assert [row.key for row in chart.rows] == ["TCC", "IQ"]
    texts = [text.text for text in parsed(chart.axis).iter("text")]
    assert max(float(text) for text in texts) <= 1
