"""The figures of judges are those of scikit-learn, scipy and krippendorff, and hold where these give up."""

import itertools
import math

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as reference

from judge.metrics.association import kendall, pearson, quadratic_kappa, ranks, spearman
from judge.metrics.ceiling import human_ceiling
from judge.metrics.dispute import auroc, brier, dispute_probability, dispute_shares, group_by_probability
from judge.metrics.gaps import agreement_within, gap_shares, mean_error, moments, possible_gaps, rmse
from judge.metrics.resampling import bootstrap_interval

LEVELS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
levels = st.sampled_from(LEVELS)
pairs = st.lists(st.tuples(levels, levels), min_size=2, max_size=60)
loose = st.lists(st.tuples(st.floats(0, 5, width=32), levels), min_size=2, max_size=60)


def sides(pairs):
    judge, human = zip(*pairs, strict=True)
    return np.array(judge), np.array(human)


def near(value):
    return pytest.approx(value, abs=1e-9)


@given(loose)
def test_rmse_and_mean_error_are_those_of_scikit_learn(pairs):
    judge, human = sides(pairs)
    # Gaps are told apart to nine decimals.
    assert rmse(judge, human) == pytest.approx(reference.root_mean_squared_error(human, judge), abs=1e-8)
    assert mean_error(judge, human) == near(float(np.mean(judge - human)))


@given(pairs)
def test_a1_counts_whole_points_and_the_shares_of_gaps_add_up(pairs):
    judge, human = sides(pairs)
    shares = gap_shares(judge, human)
    assert sum(shares.values()) == near(1)
    assert set(shares) <= set(possible_gaps(LEVELS))
    assert agreement_within(judge, human) == near(sum(abs(one - other) <= 1 for one, other in pairs) / len(pairs))


def test_a_gap_of_a_tenth_and_two_tenths_is_no_more_than_three_tenths():
    assert agreement_within([0.1 + 0.2], [0.0], 0.3) == 1


@given(pairs)
def test_weighted_kappa_is_that_of_scikit_learn(pairs):
    judge, human = sides(pairs)
    expected = reference.cohen_kappa_score(judge.astype(int), human.astype(int), weights="quadratic", labels=range(6))
    found = quadratic_kappa(judge, human, LEVELS)
    if found is None:
        assert len({*judge, *human}) == 1
    else:
        assert found == near(expected)


def test_weighted_kappa_goes_by_position_and_refuses_what_is_no_level():
    assert quadratic_kappa([1, 10, 100], [1, 100, 10], [1, 10, 100]) == quadratic_kappa([0, 1, 2], [0, 2, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="round the scores"):
        quadratic_kappa([2.5], [2], LEVELS)


@given(st.one_of(pairs, loose))
def test_correlations_are_those_of_scipy(pairs):
    judge, human = sides(pairs)
    assert ranks(judge) == near(stats.rankdata(judge))
    for ours, theirs in ((spearman, stats.spearmanr), (kendall, stats.kendalltau)):
        found = ours(judge, human)
        if len(set(judge)) == 1 or len(set(human)) == 1:
            assert found is None
        else:
            assert found == near(theirs(judge, human).statistic)
    found = pearson(judge, human)
    # Where a side hardly varies rounding alone decides what scipy says.
    if min(judge.std(), human.std()) > 1e-4:
        assert found == pytest.approx(stats.pearsonr(judge, human).statistic, abs=1e-6)
    elif judge.std() == 0 or human.std() == 0:
        assert found is None


def test_krippendorff_of_two_interval_raters_tends_to_weighted_kappa():
    chance = np.random.default_rng(4)
    human = chance.integers(0, 6, 4_000)
    judge = np.clip(human + chance.integers(-1, 2, 4_000), 0, 5)
    alpha = krippendorff.alpha(np.stack([judge, human]), level_of_measurement="interval")
    assert quadratic_kappa(judge, human, LEVELS) == pytest.approx(alpha, abs=2e-3)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=2, max_size=60))
def test_the_dispute_figures_are_those_of_scikit_learn(pairs):
    chance, happened = (np.array(side) for side in zip(*pairs, strict=True))
    if happened.all() or not happened.any():
        assert auroc(chance, happened) is None
    else:
        assert auroc(chance, happened) == near(reference.roc_auc_score(happened, chance))
    assert brier(chance, happened) == near(float(np.mean((chance - happened) ** 2)))


def test_reliability_has_groups_of_equal_size_in_rising_order():
    chance = np.linspace(0, 1, 103)
    groups = group_by_probability(chance, chance > 0.5)
    assert sum(group.samples for group in groups) == 103
    assert {group.samples for group in groups} == {10, 11}
    assert [group.expected for group in groups] == sorted(group.expected for group in groups)
    assert (groups[0].observed, groups[-1].observed) == (0, 1)
    assert group_by_probability([], np.array([], dtype=bool)) == []


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_the_share_of_pairs_apart_is_counted_pair_by_pair(histogram):
    ratings = [level for level, count in zip(LEVELS, histogram, strict=True) for _ in range(count)]
    pairs = list(itertools.combinations(ratings, 2))
    found = dispute_shares(np.array([histogram]), LEVELS)[0]
    if pairs:
        assert found == near(sum(abs(one - other) >= 2 for one, other in pairs) / len(pairs))
    else:
        assert np.isnan(found)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(0, 3)), min_size=2, max_size=30))
def test_shares_count_as_so_many_pairs_each(samples):
    """Three pairs a sample, one after the other, give the figures that scikit-learn has for the pairs."""
    chance = np.array([one for one, _ in samples])
    share = np.array([count / 3 for _, count in samples])
    pairs = np.array([place < count for _, count in samples for place in range(3)])
    each = np.repeat(chance, 3)
    if pairs.all() or not pairs.any():
        assert auroc(chance, share) is None
    else:
        assert auroc(chance, share) == near(reference.roc_auc_score(pairs, each))
    assert brier(chance, share) == near(float(np.mean((each - pairs) ** 2)))


def test_the_chance_that_two_draws_are_apart_is_counted_over_all_pairs():
    p = np.array([[0.5, 0, 0.5, 0, 0, 0], [0, 1, 0, 0, 0, 0], [1 / 6] * 6])
    assert dispute_probability(p, LEVELS) == near([0.5, 0, 20 / 36])


@given(st.lists(st.lists(levels, min_size=0, max_size=5), min_size=1, max_size=20))
def test_the_ceiling_is_each_rating_against_the_rest_of_its_sample(samples):
    histograms = np.array([[sample.count(level) for level in LEVELS] for sample in samples])
    squares, within = [], []
    for sample in samples:
        for place in range(len(sample) if len(sample) > 1 else 0):
            others = sorted(sample[:place] + sample[place + 1 :])
            squares.append((np.mean(others) - sample[place]) ** 2)
            within.append(abs(others[(len(others) - 1) // 2] - sample[place]) <= 1)
    found = human_ceiling(histograms, LEVELS)
    if not squares:
        assert found is None
        return
    assert found is not None
    assert found.rmse == near(math.sqrt(np.mean(squares)))
    assert found.within_one == near(np.mean(within))
    assert found.ratings == len(squares)


@given(loose)
def test_moments_are_of_the_population(pairs):
    judge, _ = sides(pairs)
    found = moments(judge)
    assert found is not None
    assert found == near((np.mean(judge), np.var(judge)))


def root_of_mean(sums):
    return np.sqrt(sums[:, 0] / sums[:, 1])


def test_an_interval_over_questions_covers_the_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(7)
    covered = 0
    for seed in range(200):
        of_question = chance.normal(0, 1, 60)
        question = np.repeat(np.arange(60), 4)
        error = of_question[question]
        found = bootstrap_interval(
            np.stack([error**2, np.ones(240)], axis=1), question, root_of_mean, draws=300, seed=seed
        )
        covered += found is not None and found.low <= 1 <= found.high
    assert 0.87 <= covered / 200 <= 0.98


def test_answers_to_one_question_widen_the_interval_as_rows_would_not():
    error = np.repeat(np.random.default_rng(1).normal(0, 1, 50), 10)
    terms = np.stack([error**2, np.ones(500)], axis=1)
    by_question = bootstrap_interval(terms, np.repeat(np.arange(50), 10), root_of_mean)
    by_row = bootstrap_interval(terms, np.arange(500), root_of_mean)
    assert by_question is not None
    assert by_row is not None
    assert by_question.high - by_question.low > 2 * (by_row.high - by_row.low)


def test_an_interval_is_the_same_each_time_and_none_where_there_is_too_little():
    terms = np.stack([np.arange(20.0), np.ones(20)], axis=1)
    question = np.arange(20) // 2
    assert bootstrap_interval(terms, question, root_of_mean) == bootstrap_interval(terms, question, root_of_mean)
    assert bootstrap_interval(terms, question // 3, root_of_mean) is None
    assert bootstrap_interval(terms[:0], [], root_of_mean) is None
    assert bootstrap_interval(np.zeros((20, 2)), question, root_of_mean) is None


def test_nothing_to_measure_is_none_and_no_number():
    assert rmse([], []) is None
    assert agreement_within([], []) is None
    assert mean_error([], []) is None
    assert moments([]) is None
    assert pearson([], []) is None
    assert spearman([], []) is None
    assert kendall([], []) is None
    assert quadratic_kappa([], [], LEVELS) is None
    with pytest.raises(ValueError, match="no pairs"):
        rmse([1], [1, 2])
