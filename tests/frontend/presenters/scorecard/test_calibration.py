"""Tests of the calibration: predicted against observed disputes, and coverage of intervals."""

import pytest

from frontend.presenters.scorecard.calibration import CalibrationGroup, calibration_panel, pool_groups, wilson_interval

from .scorecards import card, dimension, measured, nothing, parsed


def with_groups(key, groups, **figures):
    one = dimension(key)
    one["dispute"] = {"samples": 30, "share": 0.4, "auroc": None, "brier": None} | figures
    one["dispute"]["groups"] = [{"expected": e, "observed": o, "samples": n} for e, o, n in groups]
    return one


def dots(drawing):
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in parsed(drawing).iter("circle")]


def test_a_group_that_came_as_expected_lies_on_the_dashed_line():
    drawn = calibration_panel(card(with_groups("TCC", [(0.2, 0.2, 10), (0.7, 0.7, 10)]))).drawing
    (diagonal,) = (line for line in parsed(drawn).iter("line") if "stroke-dasharray" in line.attrib)
    x1, y1, x2, y2 = (float(diagonal.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    assert [(x - x1) / (x2 - x1) for x, _ in dots(drawn)] == pytest.approx([0.2, 0.7], abs=0.01)
    assert [(y - y1) / (y2 - y1) for _, y in dots(drawn)] == pytest.approx([0.2, 0.7], abs=0.01)


def test_every_group_has_an_upright_interval_around_it():
    drawn = calibration_panel(card(with_groups("TCC", [(0.3, 0.4, 50)]))).drawing
    ((x, y),) = dots(drawn)
    (line,) = (line for line in parsed(drawn).iter("line") if line.attrib["class"] == "stroke-accent")
    assert float(line.attrib["x1"]) == float(line.attrib["x2"]) == x
    assert float(line.attrib["y2"]) < y < float(line.attrib["y1"])


def test_the_interval_of_a_share_is_wilsons():
    assert wilson_interval(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)
    assert wilson_interval(1, 20)[1] == 1


def test_dimensions_together_are_weighted_by_their_samples():
    groups = [
        CalibrationGroup(0.1, 0.0, 30),
        CalibrationGroup(0.1, 0.4, 10),
        *(CalibrationGroup(0.2 + n / 10, 0.5, 40) for n in range(8)),
    ]
    found = pool_groups(groups)
    assert sum(group.samples for group in found) == sum(group.samples for group in groups)
    assert found[0].observed == pytest.approx(0.1)
    assert [group.expected for group in found] == sorted(group.expected for group in found)
    assert len(pool_groups([CalibrationGroup(n / 100, 0.5, 5) for n in range(100)])) == 10
    assert pool_groups([]) == []


def test_the_sentences_name_each_dimensions_figures():
    first = with_groups("TCC", [(0.2, 0.2, 10)], brier=0.1184, auroc=0.773)
    second = with_groups("IQ", [(0.2, 0.2, 12)], brier=0.2, auroc=None)
    first["sureness"] = first["sureness"] | {"coverage": 0.912}
    found = calibration_panel(card(first, second))
    assert found.summary == (
        "Brier score TCC 0.118 and IQ 0.200. Sorts disputed from undisputed with AUROC TCC 0.77 (.5 is chance). "
        "Share of people’s scores that its 90 % intervals hold: TCC 91 %."
    )
    assert "in 2 groups of 10 to 12. All dimensions together." in found.description
    assert [(panel.key, panel.summary) for panel in found.disputes] == [
        ("TCC", "40 % disputed"),
        ("IQ", "40 % disputed"),
    ]


def test_of_very_many_dimensions_the_ends_are_named():
    many = [with_groups(f"D{n}", [(0.2, 0.2, 10)], brier=n / 100) for n in range(10)]
    assert calibration_panel(card(*many)).summary.startswith("Brier score 0.000 (D0) to 0.090 (D9).")


def test_without_two_ratings_of_anything_that_is_said_and_nothing_drawn():
    found = calibration_panel(card(dimension("TCC")))
    assert found.drawing is None
    assert found.description.startswith("No sample has ratings by two annotators")
    assert found.summary == "It gave no intervals."
    assert calibration_panel(nothing()).summary == ""


def test_one_dimension_needs_no_drawing_of_its_own_beside_that_of_all():
    found = calibration_panel(card(with_groups("TCC", [(0.2, 0.2, 10)], brier=0.1)))
    assert found.disputes == []
    assert found.summary.startswith("Brier score 0.100.")


@pytest.mark.parametrize("levels", [(0, 1, 2, 3, 4, 5), (-2, -1, 0, 1, 2), (0.5, 1, 1.5), (0, 1000, 5000)])
def test_expected_scores_are_drawn_against_peoples_on_any_levels(levels):
    one = dimension("TCC", levels=levels)
    low, high = levels[0], levels[-1]
    one["sureness"]["groups"] = [
        {"expected": low, "observed": low, "samples": 5},
        {"expected": high, "observed": low, "samples": 5},
    ]
    (panel,) = calibration_panel(card(one)).scores
    (left, floor), (right, same) = dots(panel.drawing)
    assert left < right
    assert floor == same
    width = float(parsed(panel.drawing).attrib["width"])
    for text in parsed(panel.drawing).iter("text"):
        if text.attrib["text-anchor"] == "end":
            assert float(text.attrib["x"]) - 7 * len(text.text) > -2, "numbers are not cut off"
        assert float(text.attrib["x"]) <= width


def test_a_measured_scorecard_has_all_of_it():
    found = calibration_panel(measured())
    assert found.drawing
    assert len(found.disputes) == len(found.scores) == 2
    assert "90 % intervals hold: TCC" in found.summary
