"""Which sums whole things reach, held against trying every choice."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.releases.subset_sums import NearestSum, choose_counts, nearest_sum

SIZES = st.lists(st.integers(1, 12), max_size=9)


def every_sum(sizes):
    return {sum(some) for number in range(len(sizes) + 1) for some in itertools.combinations(sizes, number)}


@given(SIZES, st.integers(0, 60), st.integers(0, 10), st.integers(0, 110))
def test_the_sums_on_both_sides_are_those_that_trying_everything_finds(sizes, wanted, fewest, most):
    sums = {number for number in every_sum(sizes) if fewest <= number <= most}
    found = nearest_sum(Counter(sizes), wanted, fewest=fewest, most=most)
    assert found.below == max((number for number in sums if number <= wanted), default=None)
    assert found.above == min((number for number in sums if number > wanted), default=None)


def test_of_two_equally_near_sums_the_lower_one_is_taken():
    assert NearestSum(below=9, above=11).nearest_to(10) == 9
    assert NearestSum(below=7, above=11).nearest_to(10) == 11
    assert NearestSum(below=None, above=11).nearest_to(1) == 11
    assert NearestSum(below=7, above=None).nearest_to(100) == 7
    assert NearestSum(below=None, above=None).nearest_to(3) is None


@given(SIZES.filter(bool), st.data(), st.integers(0, 1000))
def test_a_reachable_sum_is_reached_whatever_chance_says(sizes, data, chance):
    total = data.draw(st.sampled_from(sorted(every_sum(sizes))))
    available = Counter(sizes)
    taken = choose_counts(available, total, rounding_draw=lambda size: chance * size // 7)
    assert sum(size * number for size, number in taken.items()) == total
    assert taken.keys() == available.keys()
    assert all(0 <= number <= available[size] for size, number in taken.items())


@given(st.dictionaries(st.integers(1, 30), st.integers(20, 60), min_size=4), st.integers(0, 1000))
def test_each_size_gives_its_share_within_a_few(available, chance):
    everything = sum(size * number for size, number in available.items())
    total = nearest_sum(available, everything // 5, fewest=0, most=everything).nearest_to(everything // 5)
    taken = choose_counts(available, total, rounding_draw=lambda size: chance)
    assert all(abs(taken[size] - available[size] * total / everything) <= 3 for size in available)


def test_a_large_thing_left_out_is_made_up_for_by_the_smaller_ones():
    taken = choose_counts({1_300: 1, 10: 1_000, 1: 1_000}, 2_460, rounding_draw=lambda size: 0)
    assert taken == {1_300: 0, 10: 226, 1: 200}


def test_many_things_of_one_size_cost_no_search():
    assert choose_counts({1: 48_000}, 9_600, rounding_draw=lambda size: 5) == {1: 9_600}
    assert nearest_sum({10: 4_800}, 9_605, fewest=1, most=47_999) == (9_600, 9_610)


@pytest.mark.parametrize(("available", "total"), [({2: 5}, 3), ({2: 5}, 12), ({}, 1), ({3: 1}, -3)])
def test_a_sum_out_of_reach_is_an_error(available, total):
    with pytest.raises(ValueError, match="no choice reaches"):
        choose_counts(available, total, rounding_draw=lambda size: 0)


def test_of_nothing_nothing_is_taken():
    assert choose_counts({}, 0, rounding_draw=lambda size: 0) == {}
    assert choose_counts({4: 2}, 0, rounding_draw=lambda size: 3) == {4: 0}
