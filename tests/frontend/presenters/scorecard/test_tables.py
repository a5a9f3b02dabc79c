"""Tests of the tables of metrics and generators, and of the worst misses."""

import pytest

from frontend.presenters.scorecard import ShownSample, tables
from frontend.presenters.scorecard.worst_misses import level_chip, worst_misses

from .scorecards import card, dimension, measured, miss, nothing


def test_the_table_has_a_column_for_each_baseline_that_there_is():
    table = tables.metrics_table(card(dimension("TCC", constant=1.2, features=0.9), dimension("IQ", constant=1.1)))
    assert table.baselines == ["const.", "feat."]
    assert [row.rmse.baselines for row in table.rows] == [["1.20", "0.90"], ["1.10", "–"]]
    assert table.rows[0].rmse.judge == "0.80"
    assert table.rows[0].rmse.interval == "0.70 to 0.90"
    assert (table.rows[0].rmse.human, table.rows[0].a1.human) == ("0.60", "0.95")
    assert table.columns_per_metric == 5
    assert not table.any_rules


def test_values_set_by_rule_have_a_line_of_their_own():
    table = tables.metrics_table(measured())
    assert table.kappa
    tcc, iq = table.rows
    assert tcc.with_rules is not None
    assert tcc.with_rules.label == "with 2 set by rule"
    assert int(tcc.with_rules.samples) == int(tcc.samples) + 2
    assert iq.with_rules is None
    assert table.any_rules


def test_means_have_no_kappa_and_nothing_known_is_a_dash():
    assert not tables.metrics_table(measured("mean")).kappa
    (row,) = tables.metrics_table(nothing()).rows
    assert (row.samples, row.rmse.judge, row.rmse.interval, row.rmse.human, row.kappa) == ("0", "–", "–", "–", "–")


def test_generators_have_rows_of_their_own_unless_the_release_hides_them():
    blocks = tables.generator_blocks(measured())
    assert [(block.key, [row.name for row in block.rows]) for block in blocks] == [
        ("TCC", ["heron", "wren"]),
        ("IQ", ["heron", "wren"]),
    ]
    mean, variance = blocks[0].rows[0].human
    assert float(mean) > float(blocks[0].rows[1].human[0])
    assert float(variance) >= 0
    row = blocks[0].rows[0]
    assert blocks[0].gaps == ["0", "1", "2", "3", "4", "5"]
    assert sum(float(share) for share in row.gaps) == pytest.approx(100, abs=1)
    within_one = sum(float(share) for share in row.gaps[:2])
    assert within_one == pytest.approx(100 * float(row.a1), abs=1)
    assert all(block.gaps == [] for block in tables.generator_blocks(measured("mean")))
    assert tables.generator_blocks(measured(generators=False)) == []


def test_the_surest_miss_comes_first_whatever_its_dimension():
    found = worst_misses(
        card(
            dimension("TCC", worst=[miss("a", 1, 3, sd=2.0), miss("b", 5, 4.2, sd=0.1)]),
            dimension("IQ", worst=[miss("c", 5, 3, sd=0.5, interval=[2.1, 4.0])]),
        ),
        {"c": ShownSample("/c/", "Why?", name="sample C")},
    )
    assert [(one.id, one.key, one.gap, one.units) for one in found] == [
        ("c", "IQ", "−2.00", "4.0"),
        ("b", "TCC", "−0.80", "2.8"),
        ("a", "TCC", "+2.00", "1.0"),
    ]
    assert (found[0].interval, found[0].sample.url, found[1].interval, found[1].sample) == (
        "2.10 to 4.00",
        "/c/",
        "",
        None,
    )


def test_a_judge_that_claims_no_doubt_is_held_to_what_rounding_leaves():
    (one,) = worst_misses(card(dimension("TCC", worst=[miss("a", 1, 3, sd=0.0)])), {})
    assert one.units == "6.9"


def test_what_rounds_to_peoples_own_score_is_no_miss_and_ties_go_by_id():
    worst = [miss("c", 3, 4), miss("a", 3, 4), miss("b", 3, 3.4)]
    assert [one.id for one in worst_misses(card(dimension("TCC", worst=worst)), {})] == ["a", "c"]
    halves = dimension("TCC", levels=(0, 0.5, 1), worst=[miss("a", 0.5, 0.75, 0.1, None, (0, 0.5, 1))])
    assert len(worst_misses(card(halves), {})) == 1


def test_ten_are_shown_at_most():
    worst = [miss(f"s{n:02}", 1, 3) for n in range(20)]
    assert [one.id for one in worst_misses(card(dimension("TCC", worst=worst), dimension("IQ")), {})] == [
        f"s{n:02}" for n in range(10)
    ]
    assert worst_misses(nothing(), {}) == []


@pytest.mark.parametrize(
    ("value", "levels", "shown"),
    [
        (3, (0, 1, 2, 3, 4, 5), '<span class="level-chip level-3">3</span>'),
        (3, (1, 2, 3), '<span class="level-chip level-5">3</span>'),
        (0.5, (0, 0.5, 1), '<span class="level-chip level-2">0.5</span>'),
        (2.6666, (0, 1, 2, 3, 4, 5), '<span class="level-chip is-outlined">2.67</span>'),
    ],
)
def test_a_score_has_its_levels_colour_and_a_mean_has_none(value, levels, shown):
    assert level_chip(value, levels) == shown


def test_a_measured_mean_has_misses_too():
    found = worst_misses(measured("mean"), {})
    assert found
    assert all(one.interval for one in found)
