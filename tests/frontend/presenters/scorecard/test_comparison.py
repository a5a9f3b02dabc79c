"""Tests of the comparison of two judges.

A judge is called nearer only where the interval does not cross zero.
"""

from frontend.presenters.scorecard import comparison_view
from judge.evaluation.comparison import compare_judges
from tests.judge.labelled_samples import RUBRIC, certain, labelled

from .scorecards import parsed, share


def dimension(key, difference, interval, samples=40):
    return {
        "key": key,
        "name": f"The {key}",
        "levels": [0, 1, 2, 3],
        "samples": samples,
        "questions": 20,
        "first": {"rmse": 0.8, "a1": 0.9},
        "second": {"rmse": 0.8 - (difference or 0), "a1": 0.9},
        "rmse_difference": difference,
        "rmse_interval": interval,
        "a1_difference": 0.0,
        "a1_interval": interval and [0.0, 0.0],
        "nearer": {"first": 0.5, "second": 0.25, "neither": 0.25},
        "same_rounded": 0.875,
    }


def shown(*dimensions):
    data = {"version": 1, "target": "final", "samples": 40, "questions": 20, "dimensions": list(dimensions)}
    return comparison_view(data, first="run 7", second="run 5")


def test_who_is_nearer_is_said_for_each_dimension_on_which_chance_does_not_explain_it():
    found = shown(
        dimension("TCC", -0.1, [-0.2, -0.05]),
        dimension("ICC", 0.1, [0.05, 0.2]),
        dimension("IQ", -0.1, [-0.2, 0.01]),
        dimension("ITS", -0.1, None),
    )
    assert found.finding == (
        "On TCC run 7 is nearer to people than run 5. On ICC run 5 is nearer to people than run 7. "
        "On IQ what they differ by is within chance. On ITS there are too few questions to tell."
    )


def test_what_is_true_of_all_dimensions_is_said_once():
    nearer = dimension("TCC", -0.1, [-0.2, -0.05])
    assert shown(nearer, nearer).finding == "On every dimension run 7 is nearer to people than run 5."
    alike = dimension("TCC", 0.0, [-0.1, 0.1])
    assert shown(alike, alike).finding == "What run 7 and run 5 differ by is within chance on every dimension."
    assert shown(alike).finding == "What run 7 and run 5 differ by is within chance on TCC."
    assert shown(dimension("TCC", 0.0, None)).finding == "Both have judged too few questions to tell run 7 from run 5."
    assert "no sample in common" in shown(dimension("TCC", None, None, samples=0)).finding


def test_a_difference_is_a_dot_on_its_interval_about_zero_and_a_figure():
    found = shown(dimension("TCC", -0.1, [-0.2, -0.05]), dimension("ICC", 0.1, None))
    rmse, a1 = found.charts
    first, second = rmse.rows
    assert (first.figure, first.interval) == ("−0.100", "−0.200 to −0.050")
    assert (second.figure, second.interval) == ("+0.100", "too few questions")
    drawn = parsed(first.drawing)
    (zero,) = (share(one.attrib["x1"]) for one in drawn.iter("line") if one.attrib["class"] == "stroke-ink-2")
    ((low, high),) = (
        (share(one.attrib["x1"]), share(one.attrib["x2"]))
        for one in drawn.iter("line")
        if one.attrib["class"] == "stroke-accent"
    )
    (dot,) = (share(one.attrib["cx"]) for one in drawn.iter("circle"))
    assert low < dot < high < zero
    assert (rmse.left, rmse.right) == ("run 7 nearer", "run 5 nearer"), "a lower error is nearer"
    assert (a1.left, a1.right) == ("run 5 nearer", "run 7 nearer"), "a higher share is nearer"


def test_figures_of_both_stand_side_by_side():
    (row,) = shown(dimension("TCC", -0.1, [-0.2, -0.05])).rows
    assert (row.rmse, row.nearer, row.same) == (("0.80", "0.90"), ("50 %", "25 %"), "88 %")


def test_a_real_comparison_is_laid_out():
    test = [labelled(f"s{n}", [3, 3], question=f"q{n // 2}") for n in range(40)]
    first = [certain(f"s{n}", 3 if n % 3 else 4) for n in range(40)]
    second = [certain(f"s{n}", 1) for n in range(40)]
    found = comparison_view(compare_judges(RUBRIC, test, first, second, "final"), first="run 7", second="run 5")
    assert found.finding == "On every dimension run 7 is nearer to people than run 5."
    assert [len(chart.rows) for chart in found.charts] == [2, 2]
    nothing = comparison_view(compare_judges(RUBRIC, test, first, [], "final"), first="run 7", second="run 5")
    assert (nothing.charts, nothing.rows) == ([], [])
