"""Krippendorff's alpha, the shares of equal ratings, and their intervals."""

import itertools

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from annotation.statistics import krippendorff_alpha as module
from annotation.statistics.krippendorff_alpha import (
    MEASUREMENTS,
    bootstrap_intervals,
    compute_alpha,
    compute_alphas,
    pair_shares,
    patterns_of,
    wide_apart,
)
from judge.metrics.resampling import percentile_interval

LEVELS = {
    "whole": (0, 1, 2, 3),
    "halves": (1, 1.5, 2, 2.5),
    "uneven": (-1, 0, 4, 10),
}
# Samples with one to five ratings each, as positions of levels.
SAMPLES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=2, max_size=25)


def columns(samples):
    unit = np.array([number for number, ratings in enumerate(samples) for _ in ratings], dtype=np.int64)
    position = np.array([rating for ratings in samples for rating in ratings], dtype=np.int64)
    return unit, position


def patterns(samples, values=(0, 1, 2, 3)):
    return patterns_of(*columns(samples), np.array(values, dtype=float))


def by_the_library(samples, values, measurement):
    """The same from the table of annotators by samples, with gaps."""
    table = [
        [values[ratings[row]] if row < len(ratings) else np.nan for ratings in samples]
        for row in range(max(map(len, samples)))
    ]
    return krippendorff.alpha(reliability_data=table, value_domain=values, level_of_measurement=measurement)


def by_definition(samples, values, measurement):
    """Observed over expected disagreement, summed pair by pair."""
    shared = [ratings for ratings in samples if len(ratings) > 1]
    everything = [rating for ratings in shared for rating in ratings]
    total = {level: everything.count(level) for level in range(len(values))}

    def distance(one, other):
        if measurement == "nominal":
            return float(one != other)
        if measurement == "interval":
            return (values[one] - values[other]) ** 2
        low, high = sorted((one, other))
        return (sum(total[level] for level in range(low, high + 1)) - (total[one] + total[other]) / 2) ** 2

    observed = sum(distance(a, b) / (len(r) - 1) for r in shared for a, b in itertools.permutations(r, 2))
    expected = sum(distance(a, b) for a, b in itertools.permutations(everything, 2)) / (len(everything) - 1)
    return 1 - observed / expected


def different_values(samples):
    return {rating for ratings in samples if len(ratings) > 1 for rating in ratings}


@given(SAMPLES, st.sampled_from(list(LEVELS)), st.sampled_from(MEASUREMENTS))
def test_alpha_is_the_librarys_and_the_definitions(samples, levels, measurement):
    assume(len(different_values(samples)) > 1)
    values = LEVELS[levels]
    found = patterns(samples, values)
    expected = by_definition(samples, values, measurement)
    assert compute_alpha(found, measurement) == pytest.approx(expected, abs=1e-9)
    assert by_the_library(samples, values, measurement) == pytest.approx(expected, abs=1e-9)
    assert compute_alphas(found, found.samples[None, :], measurement)[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_alpha_of_a_table_too_large_for_the_library_is_the_same(measurement, monkeypatch):
    samples = [[0, 1], [2, 2, 3], [1, 1], [0, 3]]
    expected = compute_alpha(patterns(samples), measurement)
    monkeypatch.setattr(module, "ROOM", 0)
    monkeypatch.setattr(krippendorff, "alpha", None)
    assert compute_alpha(patterns(samples), measurement) == pytest.approx(expected, abs=1e-12)


def test_the_example_of_the_textbook_comes_out():
    # Krippendorff, "Computing Krippendorff's alpha-reliability": 4 observers, 12 units, gaps.
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    samples = [[row[n] - 1 for row in table if row[n] is not None] for n in range(12)]
    found = patterns(samples, (1, 2, 3, 4, 5))
    assert {measurement: round(compute_alpha(found, measurement), 3) for measurement in MEASUREMENTS} == {
        "nominal": 0.743,
        "ordinal": 0.815,
        "interval": 0.849,
    }


def test_patterns_forget_who_said_what_and_lone_ratings():
    found = patterns([[0, 1], [1, 0], [3], [2, 2, 2]])
    assert found.total == 3
    assert sorted(zip(found.counts.tolist(), found.samples.tolist(), strict=True)) == [
        ([0, 0, 3, 0], 1),
        ([1, 1, 0, 0], 2),
    ]


@given(SAMPLES, st.sampled_from(list(LEVELS)))
def test_shares_are_counted_over_all_pairs(samples, levels):
    values = LEVELS[levels]
    pairs = [
        abs(values[one] - values[other]) for ratings in samples for one, other in itertools.combinations(ratings, 2)
    ]
    found = pair_shares(patterns(samples, values))
    if not pairs:
        assert found == (None, None, None)
        return
    assert found.exact == pytest.approx(sum(gap == 0 for gap in pairs) / len(pairs))
    assert found.within_one == pytest.approx(sum(gap <= 1 for gap in pairs) / len(pairs))
    assert found.mad == pytest.approx(sum(pairs) / len(pairs))


@given(SAMPLES, st.sampled_from(list(LEVELS)))
def test_samples_far_apart_are_counted_in_points_and_not_in_levels(samples, levels):
    values = LEVELS[levels]
    ranges = [max(values[r] for r in ratings) - min(values[r] for r in ratings) for ratings in samples]
    assert wide_apart(patterns(samples, values), 2) == sum(gap >= 2 for gap in ranges)


def test_an_interval_is_that_of_drawing_samples_one_by_one():
    chance = np.random.default_rng(5)
    samples = [chance.binomial(3, chance.uniform(0.2, 0.8), size=3).tolist() for _ in range(60)]
    drawn = []
    for _ in range(2000):
        again = [samples[number] for number in chance.integers(0, 60, 60)]
        drawn.append(by_the_library(again, (0, 1, 2, 3), "ordinal"))
    found = bootstrap_intervals(patterns(samples), ("ordinal",), draws=4000)
    assert found.alpha["ordinal"] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.02)


def test_the_same_ratings_in_another_order_have_the_same_intervals():
    chance = np.random.default_rng(6)
    samples = chance.integers(0, 4, (40, 3)).tolist()
    found = bootstrap_intervals(patterns(samples), MEASUREMENTS)
    chance.shuffle(samples)
    assert bootstrap_intervals(patterns(samples), MEASUREMENTS) == found
    assert bootstrap_intervals(patterns(samples), MEASUREMENTS, seed=1) != found


def test_draws_are_made_some_at_a_time_with_the_same_result(monkeypatch):
    samples = np.random.default_rng(7).integers(0, 4, (40, 3)).tolist()
    found = bootstrap_intervals(patterns(samples), MEASUREMENTS)
    monkeypatch.setattr(module, "ROOM", 100)
    assert bootstrap_intervals(patterns(samples), MEASUREMENTS) == found


@given(SAMPLES)
@settings(max_examples=50)
def test_an_interval_is_in_order_or_not_there(samples):
    found = bootstrap_intervals(patterns(samples), MEASUREMENTS, draws=50)
    for interval in (*found.alpha.values(), found.exact, found.within_one, found.mad):
        assert interval is None or interval[0] <= interval[1]


def test_few_samples_have_no_interval():
    four = [[0, 1], [1, 1], [2, 3], [3, 3]]
    assert bootstrap_intervals(patterns(four), MEASUREMENTS) == (dict.fromkeys(MEASUREMENTS), None, None, None)
    assert bootstrap_intervals(patterns([*four, [0, 0]]), MEASUREMENTS).alpha["ordinal"] is not None


def test_an_interval_is_not_taken_from_the_draws_that_happen_to_have_a_value():
    # One sample of a hundred differs: every third draw misses it and is of one value alone.
    nearly_one_value = [[1, 1]] * 99 + [[1, 2]]
    found = bootstrap_intervals(patterns(nearly_one_value), MEASUREMENTS)
    assert found.alpha == dict.fromkeys(MEASUREMENTS)
    assert found.exact is not None
    assert percentile_interval(np.arange(1001.0)) == pytest.approx((25, 975))
    assert percentile_interval(np.array([np.nan] * 5 + [1.0] * 95)) == (1.0, 1.0)
    assert percentile_interval(np.array([np.nan] * 6 + [1.0] * 94)) is None
