"""Weighted kappa of pairs, and the intraclass correlation of all, against plain calculations."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotation.statistics import undefined_reasons
from annotation.statistics.kappa_icc import one_way_icc, pair_kappas, two_way_icc

LEVELS = 5
# For each sample who rated it, and how.
RATINGS = st.lists(
    st.dictionaries(st.integers(0, 4), st.integers(0, LEVELS - 1), min_size=1, max_size=5), min_size=1, max_size=20
)
# Shrout and Fleiss (1979), table 2: six targets, four judges.
SHROUT_AND_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def columns(samples):
    rows = [(unit, who, value) for unit, ratings in enumerate(samples) for who, value in ratings.items()]
    return tuple(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))


def as_samples(table):
    return [dict(enumerate(row)) for row in table]


def weighted_kappa(one, other):
    """Cohen's kappa by its table of weights, cell by cell; None where nothing differs by chance."""
    table = np.zeros((LEVELS, LEVELS))
    for a, b in zip(one, other, strict=True):
        table[a, b] += 1 / len(one)
    chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    weights = np.array([[(a - b) ** 2 for b in range(LEVELS)] for a in range(LEVELS)])
    return 1 - (weights * table).sum() / (weights * chance).sum() if (weights * chance).sum() else None


@given(RATINGS)
def test_kappa_is_that_of_the_table_of_each_pair(samples):
    found = {(pair.first, pair.second): pair for pair in pair_kappas(*columns(samples))}
    for first, second in itertools.combinations(range(5), 2):
        both = [(ratings[first], ratings[second]) for ratings in samples if first in ratings and second in ratings]
        if not both:
            assert (first, second) not in found
            continue
        pair = found[first, second]
        assert pair.samples == len(both)
        one, other = zip(*both, strict=True)
        if len(both) > 1 and len(set(one)) > 1 and len(set(other)) > 1:
            assert pair.kappa == pytest.approx(weighted_kappa(one, other), abs=1e-9)
            assert pair.undefined is None
        else:
            assert pair.kappa is None
            assert pair.undefined


@pytest.mark.parametrize(
    ("both", "reason"),
    [
        ([(1, 3)], undefined_reasons.ONE_SHARED),
        ([(1, 1), (1, 1)], undefined_reasons.ONE_VALUE),
        ([(1, 1), (1, 2), (1, 3)], undefined_reasons.ONE_RATER_ONE_VALUE),
        ([(1, 2), (1, 2)], undefined_reasons.ONE_RATER_ONE_VALUE),
    ],
)
def test_a_kappa_that_says_nothing_says_why(both, reason):
    (pair,) = pair_kappas(*columns(as_samples(both)))
    assert (pair.kappa, pair.undefined) == (None, reason)


def test_pairs_with_the_most_in_common_come_first():
    samples = [{0: 1, 1: 2}, {1: 3, 2: 3}, {1: 0, 2: 4}, {1: 1, 2: 2}, {0: 4, 1: 3}]
    assert [(pair.first, pair.second, pair.samples) for pair in pair_kappas(*columns(samples))] == [
        (1, 2, 3),
        (0, 1, 2),
    ]


def test_levels_that_nobody_uses_keep_their_distance():
    # Positions 0, 1 and 4: renumbered to 0, 1, 2 they would give another kappa.
    both = [(0, 1), (1, 1), (4, 4), (1, 4), (0, 0)]
    (pair,) = pair_kappas(*columns(as_samples(both)))
    assert pair.kappa == pytest.approx(weighted_kappa(*zip(*both, strict=True)))


def naive_one_way(samples):
    """One-way analysis of variance, sample by sample."""
    shared = [list(ratings.values()) for ratings in samples if len(ratings) > 1]
    everything = [value for ratings in shared for value in ratings]
    grand = sum(everything) / len(everything)
    between = sum(len(r) * (sum(r) / len(r) - grand) ** 2 for r in shared) / (len(shared) - 1)
    within = sum((v - sum(r) / len(r)) ** 2 for r in shared for v in r) / (len(everything) - len(shared))
    size = (len(everything) - sum(len(r) ** 2 for r in shared) / len(everything)) / (len(shared) - 1)
    return (between - within) / (between + (size - 1) * within)


@given(RATINGS)
def test_the_one_way_correlation_takes_uneven_samples(samples):
    shared = [ratings for ratings in samples if len(ratings) > 1]
    assume(len(shared) > 1)
    assume(len({value for ratings in shared for value in ratings.values()}) > 1)
    unit, _, value = columns(samples)
    found = one_way_icc(unit, value.astype(float))
    assert found.form == "ICC(1)"
    assert found.value == pytest.approx(naive_one_way(samples), abs=1e-9)


def test_the_published_example_comes_out():
    unit, who, value = columns(as_samples(SHROUT_AND_FLEISS))
    assert round(one_way_icc(unit, value.astype(float)).value, 2) == 0.17
    assert round(two_way_icc(unit, who, value.astype(float)).value, 2) == 0.29


@given(st.integers(2, 6), st.integers(2, 4), st.randoms(use_true_random=False))
def test_the_two_way_correlation_is_that_of_its_mean_squares(n, k, chance):
    table = [[chance.randint(0, 5) for _ in range(k)] for _ in range(n)]
    rows = [sum(row) / k for row in table]
    columns_ = [sum(row[j] for row in table) / n for j in range(k)]
    grand = sum(rows) / n
    of_rows = k * sum((row - grand) ** 2 for row in rows) / (n - 1)
    of_columns = n * sum((column - grand) ** 2 for column in columns_) / (k - 1)
    rest = sum((table[i][j] - rows[i] - columns_[j] + grand) ** 2 for i in range(n) for j in range(k))
    rest /= (n - 1) * (k - 1)
    below = of_rows + (k - 1) * rest + k * (of_columns - rest) / n
    assume(abs(below) > 1e-6)
    unit, who, value = columns(as_samples(table))
    assert two_way_icc(unit, who, value.astype(float)).value == pytest.approx((of_rows - rest) / below, abs=1e-9)


@pytest.mark.parametrize(
    ("samples", "one", "two"),
    [
        ([{0: 1}, {1: 2}], undefined_reasons.NO_PAIRS, undefined_reasons.NO_PAIRS),
        ([{0: 1, 1: 2}, {0: 3}], undefined_reasons.ONE_SAMPLE, undefined_reasons.ONE_SAMPLE),
        ([{0: 3, 1: 3}, {0: 3, 1: 3}], undefined_reasons.ONE_VALUE, undefined_reasons.ONE_VALUE),
        ([{0: 1, 1: 2}, {0: 3, 2: 3}], None, undefined_reasons.NOT_COMPLETE),
        ([{0: 1, 1: 2, 2: 2}, {0: 3, 1: 3}], None, undefined_reasons.NOT_COMPLETE),
        ([{0: 1, 1: 2}, {0: 2, 1: 1}], None, undefined_reasons.NO_VARIANCE),
        ([{0: 1, 1: 2}, {0: 3, 1: 3}, {0: 4}], None, None),
    ],
)
def test_a_correlation_that_says_nothing_says_why(samples, one, two):
    unit, who, value = columns(samples)
    assert one_way_icc(unit, value.astype(float)).undefined == one
    assert two_way_icc(unit, who, value.astype(float)).undefined == two


def test_full_agreement_on_different_samples_is_one():
    unit, who, value = columns([{0: 1, 1: 1}, {0: 4, 1: 4}])
    assert one_way_icc(unit, value.astype(float)).value == 1
    assert two_way_icc(unit, who, value.astype(float)).value == 1
