"""All figures of one dimension: what they are, and what stands in their place where the ratings carry none."""

import json

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.statistics import undefined_reasons
from annotation.statistics.agreement import LevelScale, agreement_row, measure_agreement
from annotation.statistics.krippendorff_alpha import MEASUREMENTS

VALUES = (0, 1, 2, 3, 4, 5)
ANN, BEN, CHO = range(3)


def measured(samples, values=VALUES, **options):
    """Measure samples given as dictionaries of annotator and value."""
    rows = [(unit, who, values.index(value)) for unit, said in enumerate(samples) for who, value in said.items()]
    unit, annotator, position = (np.array([row[place] for row in rows], dtype=np.int64) for place in range(3))
    return measure_agreement(unit, annotator, position, values, **options)


def row(samples, values=VALUES):
    scale = LevelScale("ITS", "Image-Text Synergy", values)
    names = [f"member {number}" for number in range(10)]
    return agreement_row(measured(samples, values), scale, measurement="ordinal", group={}, names=names, most_pairs=2)


def test_every_figure_of_three_annotators_comes_out():
    samples = [{ANN: 5, BEN: 5, CHO: 4}, {ANN: 1, BEN: 3, CHO: 1}, {ANN: 2, BEN: 2, CHO: 2}, {ANN: 0, BEN: 1}, {CHO: 4}]
    found = measured(samples)
    assert (found.samples, found.paired, found.ratings, found.annotators) == (5, 4, 12, 3)
    # 10 pairs: equal in 1 + 1 + 3, one apart in 2 + 1, two apart in 2.
    assert found.shares == pytest.approx((0.5, 0.8, 0.7))
    assert found.range_two == 1
    assert found.undefined is None
    assert [(pair.first, pair.second, pair.samples) for pair in found.kappas] == [
        (ANN, BEN, 4),
        (ANN, CHO, 3),
        (BEN, CHO, 3),
    ]
    table = [[said.get(who, np.nan) for said in samples] for who in (ANN, BEN, CHO)]
    for level in MEASUREMENTS:
        expected = krippendorff.alpha(reliability_data=table, value_domain=VALUES, level_of_measurement=level)
        assert found.alpha[level] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([], undefined_reasons.NO_RATINGS),
        ([{ANN: 3}, {ANN: 4}], undefined_reasons.ONE_ANNOTATOR),
        ([{ANN: 3}, {BEN: 4}], undefined_reasons.NO_PAIRS),
        ([{ANN: 3, BEN: 5}], undefined_reasons.ONE_SAMPLE),
        ([{ANN: 3, BEN: 5}, {ANN: 2}], undefined_reasons.ONE_SAMPLE),
        ([{ANN: 3, BEN: 3}], undefined_reasons.ONE_VALUE),
        ([{ANN: 3, BEN: 3}] * 20, undefined_reasons.ONE_VALUE),
        ([{ANN: 3, BEN: 3}, {ANN: 3, BEN: 3}, {ANN: 5}], undefined_reasons.ONE_VALUE),
    ],
)
def test_an_alpha_that_the_ratings_do_not_carry_is_undefined_with_its_reason(samples, reason):
    found = measured(samples)
    assert found.undefined == reason
    assert set(found.alpha.values()) == {None}
    assert found.intervals.alpha == {}


def test_one_single_value_is_full_agreement_and_no_alpha():
    found = row([{ANN: 3, BEN: 3}] * 20)
    assert (found["exact"], found["within_one"], found["mad"]) == (1, 1, 0)
    assert (found["alpha"], found["interval"], found["icc"]["value"], found["kappa"][0]["kappa"]) == (None,) * 4


def test_without_a_pair_there_is_no_share_either():
    found = row([{ANN: 3}, {BEN: 4}])
    assert (found["exact"], found["within_one"], found["mad"], found["range_two"]) == (None, None, None, 0)
    assert (found["samples"], found["paired"], found["ratings"], found["annotators"]) == (2, 0, 2, 2)


def test_a_row_is_plain_data_with_the_level_of_measurement_and_the_names():
    found = row([{ANN: 5, BEN: 5, CHO: 4}, {ANN: 1, BEN: 3, CHO: 1}, {ANN: 2, BEN: 2, CHO: 3}] * 3)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["dimension"], found["name"], found["level"]) == ("ITS", "Image-Text Synergy", "ordinal")
    assert [pair["pair"] for pair in found["kappa"]] == [["member 0", "member 1"], ["member 0", "member 2"]]
    assert found["pairs"] == 3
    low, high = found["interval"]
    assert low <= found["alpha"] <= high
    assert (found["icc"]["form"], found["icc_two_way"]["form"]) == ("ICC(1)", "ICC(2,1)")


@given(st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from(VALUES), max_size=4), max_size=12))
def test_whatever_the_ratings_are_there_is_a_number_or_a_reason(samples):
    found = row(samples)
    json.dumps(found, allow_nan=False)
    assert (found["alpha"] is None) == bool(found["undefined"])
    for figure in (found["icc"], found["icc_two_way"]):
        assert (figure["value"] is None) == bool(figure["undefined"])
    for pair in found["kappa"]:
        assert (pair["kappa"] is None) == bool(pair["undefined"])
