"""The pieces of the embedded judge: what it learns of a histogram, how models are compared, how they are kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

from judge.backends.embedded.candidates import CANDIDATES, Size
from judge.backends.embedded.ensemble import QUESTION_SHARE, load_model, member_rows, save_model
from judge.backends.embedded.model_selection import (
    compare_candidates,
    fit_model,
    predict_outputs,
    prediction_folds,
    sample_questions,
    split_folds,
)
from judge.backends.embedded.scaling import fit_scaling, scaling_from_data
from judge.backends.embedded.targets import distributions, expected_value, rating_shares, shares_above_levels
from tests.judge.labelled_samples import RUBRIC, labelled

LEVELS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
spreads = st.lists(st.floats(0, 1), min_size=6, max_size=6).filter(lambda p: sum(p) > 0.01)
questions = st.lists(st.integers(0, 12), min_size=2, max_size=80).map(np.array)


@given(spreads, st.sampled_from([LEVELS, (-1.0, 0.0, 0.5, 2.0, 10.0, 11.0)]))
def test_a_distribution_comes_back_and_its_mean_is_the_sum_of_what_is_learned(p, levels):
    p = np.array([p]) / sum(p)
    assert distributions(shares_above_levels(p)) == pytest.approx(p)
    assert expected_value(shares_above_levels(p), levels) == pytest.approx(p @ np.array(levels))


@given(st.lists(st.floats(-2, 3), min_size=5, max_size=5))
def test_whatever_a_regression_says_becomes_a_distribution(outputs):
    found = distributions(np.array([outputs]))[0]
    assert (found >= -1e-12).all()
    assert found.sum() == pytest.approx(1)


def test_what_is_learned_is_how_ratings_are_spread_and_the_final_score_where_nobody_rated():
    dimension = RUBRIC.dimensions[0]
    rated = labelled("a", [4, 4, 2, 4])
    assert rating_shares(rated, dimension) == pytest.approx([0, 0, 0.25, 0, 0.75, 0])
    assert rating_shares(rated, dimension, final_only=True) == pytest.approx([0, 0, 0, 0, 1, 0])
    imported = labelled("a", [3], histogram={"TCC": [0] * 6, "IQ": [0] * 6})
    assert rating_shares(imported, dimension) == pytest.approx([0, 0, 0, 1, 0, 0])
    assert rating_shares(labelled("a", []), dimension) is None


@given(questions, st.integers(2, 7), st.integers(0, 5))
def test_folds_hold_out_each_sample_once_and_never_half_a_question(question, count, seed):
    parts = split_folds(question, count, seed)
    if len(set(question.tolist())) < 2:
        assert parts == []
        return
    assert sorted(np.concatenate([held for _, held in parts]).tolist()) == list(range(len(question)))
    for train, held in parts:
        assert not set(question[train].tolist()) & set(question[held].tolist())
        assert len(train) + len(held) == len(question)
        assert len(held)


@given(questions, st.integers(4, 60), st.integers(2, 7), st.integers(0, 5))
def test_every_sample_is_foretold_once_by_models_that_had_not_seen_its_question(question, most, count, seed):
    some = sample_questions(question, most, seed)
    parts = prediction_folds(question, some, count, seed)
    if len(set(question[some].tolist())) < 2:
        assert parts == []
        return
    assert sorted(np.concatenate([asked for _, asked in parts]).tolist()) == list(range(len(question)))
    for train, asked in parts:
        assert set(train.tolist()) <= set(some.tolist())
        assert not set(question[train].tolist()) & set(question[asked].tolist())


@given(questions, st.integers(1, 60), st.integers(0, 5))
def test_some_questions_are_whole_ones(question, most, seed):
    taken = sample_questions(question, most, seed)
    assert len(taken)
    for one in set(question[taken].tolist()):
        assert (question == one).sum() == (question[taken] == one).sum()


def test_the_mixture_is_convex_and_no_worse_than_its_parts_by_more_than_a_hair():
    chance = np.random.default_rng(1)
    human = chance.uniform(0, 5, 400)
    guesses = {}
    for name, noise in {"constant": None, "ridge": 1.0, "kernel": 1.0, "trees": 0.7}.items():
        mean = np.full(400, human.mean()) if noise is None else human + chance.normal(0, noise, 400)
        guesses[name] = np.tile((mean / 5)[:, None], (1, 5))
    found = compare_candidates(guesses, LEVELS, human)
    assert sum(found.weights.values()) == pytest.approx(1)
    assert all(weight > 0 for weight in found.weights.values())
    assert found.best == "trees"
    assert found.weights["trees"] > found.weights["ridge"]
    # Errors that are not the same ones cancel.
    assert found.mixed < min(found.rmse.values())


def test_where_nothing_can_be_learned_the_constant_has_most_weight():
    chance = np.random.default_rng(2)
    human = chance.uniform(0, 5, 1_000)
    guesses = {name: np.tile(chance.uniform(0, 1, (1_000, 1)), (1, 5)) for name in CANDIDATES}
    guesses["constant"] = np.full((1_000, 5), human.mean() / 5)
    found = compare_candidates(guesses, LEVELS, human)
    assert found.weights["constant"] > 0.8
    assert found.mixed < 1.03 * human.std()


def test_members_see_whole_questions_and_most_of_them():
    question = np.repeat(np.arange(20), 3)
    rows = member_rows(question, 5, 1)
    assert [len(one) for one in rows] == [round(QUESTION_SHARE * 20) * 3] * 5
    assert len({tuple(one.tolist()) for one in rows}) == 5
    assert [len(one) for one in member_rows(question, 1, 1)] == [60]


def test_scaling_leaves_out_what_does_not_vary_and_does_not_go_far_beyond_what_was_seen():
    vectors = np.array([[1.0, 7, 3], [2, 7, 3], [3, 7, 5]])
    scaling = fit_scaling(vectors)
    found = scaling_from_data(scaling.as_data()).apply(np.array([[2.0, 9, 1e9]]))
    assert scaling.kept.tolist() == [0, 2]
    assert found.tolist() == [[0, 5]]
    assert fit_scaling(np.ones((4, 3))).apply(np.ones((2, 3))).shape == (2, 1)


def test_a_model_is_written_without_pickle_and_read_back(tmp_path):
    x, y = np.random.default_rng(1).normal(size=(40, 3)), np.arange(80.0).reshape(40, 2)
    for kind in CANDIDATES.values():
        model = kind.build(Size(40, 5, 1)).fit(x, y)
        save_model(model, tmp_path / "m.skops")
        assert predict_outputs(load_model(tmp_path / "m.skops"), x, 2) == pytest.approx(model.predict(x), abs=1e-12)
        one = fit_model(kind.build(Size(40, 5, 1)), x, y[:, :1])
        assert predict_outputs(one, x, 1)[:, 0] == pytest.approx(np.ravel(one.predict(x)), abs=1e-12)
    assert b"pickle" not in (tmp_path / "m.skops").read_bytes()


def test_a_file_with_anything_else_in_it_is_not_loaded(tmp_path):
    class Foreign(Ridge):
        pass

    for place, model in enumerate((Foreign(), LinearRegression)):
        save_model(model, tmp_path / f"{place}.skops")
        with pytest.raises(ValueError, match="not loaded"):
            load_model(tmp_path / f"{place}.skops")
