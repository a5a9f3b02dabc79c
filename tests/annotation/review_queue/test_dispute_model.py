"""Disputes are predicted from scores, the judge or the base rate."""

import itertools
import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.review_queue.dispute_model import (
    NO_SLOT,
    TO_COME,
    DisputeEvidence,
    dispute_model_from,
    fit_dispute_model,
)
from judge.metrics.dispute import auroc
from tests.annotation.simulation.synthetic_scores import LEVELS, make_finished_dimension


def make_values(*rows):
    return np.array(rows, dtype=np.int64)


def hide_scores(finished, *, share=0.5, seed=2):
    """What is known of a study of which so much was scored."""
    hidden = np.random.default_rng(seed).random(finished.values.shape) > share
    return np.where(hidden, TO_COME, finished.values)


@st.composite
def evidences(draw):
    slots, levels = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    value = st.integers(NO_SLOT, levels - 1)
    rows = draw(st.lists(st.lists(value, min_size=slots, max_size=slots), max_size=12))
    people = draw(st.sampled_from([None, 3]))
    p = None
    if draw(st.booleans()):
        p = np.random.default_rng(draw(st.integers(0, 99))).dirichlet(np.ones(levels), len(rows))
        p[::3] = np.nan
    values = np.array(rows, dtype=np.int64).reshape(len(rows), slots)
    return DisputeEvidence(
        values, None if people is None else np.arange(values.size).reshape(values.shape) % 3, p
    ), levels


@given(evidences())
def test_chances_are_chances_and_what_is_known_is_certain(drawn):
    evidence, levels = drawn
    model = fit_dispute_model(evidence, range(levels), people=3)
    chances, plan = model.predict_chances(evidence), model.plan(evidence)
    for row, chance, promise, column in zip(
        evidence.values, chances, plan.disputes_per_score, plan.column, strict=True
    ):
        given_values = row[row >= 0]
        to_come = np.flatnonzero(row == TO_COME)
        assert 0 <= chance <= 1
        assert 0 <= promise <= 1
        if len(given_values) and given_values.max() - given_values.min() >= 2:
            assert (chance, promise) == (1, 0)
        elif not len(to_come):
            assert (chance, promise) == (0, 0)
        assert column in to_come or (column == -1 and not len(to_come))


@given(evidences())
def test_what_was_learned_is_plain_data_and_serves_as_well_after_it_was_stored(drawn):
    evidence, levels = drawn
    model = fit_dispute_model(evidence, range(levels), people=3)
    again = dispute_model_from(json.loads(json.dumps(model.as_data())))
    assert (again.predict_chances(evidence) == model.predict_chances(evidence)).all()
    assert (again.plan(evidence).disputes_per_score == model.plan(evidence).disputes_per_score).all()


@given(evidences(), st.integers(0, 99))
def test_the_order_of_samples_does_not_matter(drawn, seed):
    evidence, levels = drawn
    order = np.random.default_rng(seed).permutation(len(evidence.values))
    turned = DisputeEvidence(*(None if part is None else part[order] for part in evidence))
    straight = fit_dispute_model(evidence, range(levels), people=3).predict_chances(evidence)
    assert fit_dispute_model(turned, range(levels), people=3).predict_chances(turned) == pytest.approx(straight[order])


def test_a_chance_is_that_of_all_ways_in_which_the_scores_to_come_may_fall():
    """Against adding up every way, of the types as they were learned."""
    finished = make_finished_dimension()
    evidence = DisputeEvidence(hide_scores(finished), finished.people)
    model = fit_dispute_model(evidence, LEVELS, people=3)
    # So much was learned that what is leant on has no weight; then the types alone speak.
    row = make_values([3, TO_COME, TO_COME])
    people = make_values([0, 1, 2])
    weight = model.types.shares * model.types.people[0, :, 3]
    weight /= weight.sum()
    wanted = sum(
        float((weight * model.types.people[1, :, second] * model.types.people[2, :, third]).sum())
        for second, third in itertools.product(range(5), repeat=2)
        if max(3, second, third) - min(3, second, third) >= 2
    )
    lean = 20 / (20 + model.finished)
    assert model.predict_chances(DisputeEvidence(row, people))[0] == pytest.approx(
        (1 - lean) * wanted + lean * model.base
    )


def test_it_is_learned_which_first_scores_lead_to_a_dispute():
    """Only samples with a 3 by Ann are disputed; Cho is asked next."""
    finished = make_finished_dimension()
    model = fit_dispute_model(DisputeEvidence(hide_scores(finished), finished.people), LEVELS, people=3)
    plain, divides = make_values([4, TO_COME, TO_COME]), make_values([2, TO_COME, TO_COME])
    people = make_values([0, 1, 2])
    of_plain, of_divides = (float(model.predict_chances(DisputeEvidence(row, people))[0]) for row in (plain, divides))
    assert of_plain < 0.15
    assert of_divides > 0.6
    plan = model.plan(DisputeEvidence(np.concatenate([plain, divides]), np.concatenate([people, people])))
    assert plan.column.tolist()[1] == 2
    assert plan.disputes_per_score[1] > 3 * plan.disputes_per_score[0]


def test_it_is_calibrated_on_samples_whose_scores_are_to_come():
    """Predicted chances agree with the share that is disputed in the end.

    They also sort samples well.
    """
    finished = make_finished_dimension(1200, seed=3)
    values = hide_scores(finished, share=0.4)
    evidence = DisputeEvidence(values, finished.people)
    chances = fit_dispute_model(evidence, LEVELS, people=3).predict_chances(evidence)
    left = (values == TO_COME).any(axis=1) & (chances < 1)
    chances, disputed = chances[left], finished.disputed[left]
    for part in np.array_split(np.argsort(chances), 4):
        assert disputed[part].mean() == pytest.approx(chances[part].mean(), abs=0.1)
    assert auroc(chances, disputed.astype(float)) > 0.75


def test_without_finished_samples_the_judge_speaks_and_without_a_judge_the_base_rate():
    nothing = make_values([TO_COME, TO_COME])
    sure, torn = [0.0, 0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.0, 0.0, 0.5]
    p = np.array([sure, torn, [np.nan] * 5])
    evidence = DisputeEvidence(np.repeat(nothing, 3, axis=0), None, p)
    model = fit_dispute_model(evidence, LEVELS)
    assert model.finished == 0
    assert model.predict_chances(evidence) == pytest.approx([0.0, 0.5, 0.25])
    # Two draws from the judge's distribution: what it calls p_dispute.
    begun = DisputeEvidence(make_values([4, TO_COME], [4, TO_COME]), None, p[:2])
    assert model.predict_chances(begun) == pytest.approx([0.0, 0.5])


def test_two_who_score_alike_are_one_to_ask():
    """Without known annotators the first open score is asked for."""
    finished = make_finished_dimension()
    values = hide_scores(finished)
    plan = fit_dispute_model(DisputeEvidence(values), LEVELS).plan(DisputeEvidence(values))
    first = [np.flatnonzero(row == TO_COME)[0] if (row == TO_COME).any() else -1 for row in values]
    assert plan.column.tolist() == first


def test_levels_of_tenths_and_many_raters_are_no_hurdle():
    chance = np.random.default_rng(1)
    levels = tuple(number / 10 for number in range(51))
    values = np.where(chance.random((60, 6)) < 0.5, TO_COME, chance.integers(0, 51, (60, 6)))
    model = fit_dispute_model(DisputeEvidence(values), levels)
    assert np.isfinite(model.predict_chances(DisputeEvidence(values))).all()
    assert np.isfinite(model.plan(DisputeEvidence(values)).disputes_per_score).all()


def test_nothing_is_learned_from_nothing_without_a_fault():
    model = fit_dispute_model(DisputeEvidence(np.zeros((0, 3), dtype=np.int64)), LEVELS)
    assert model.predict_chances(DisputeEvidence(make_values([TO_COME, TO_COME, TO_COME])))[0] == pytest.approx(0.25)


@pytest.mark.slow
def test_a_large_study_takes_a_second_or_two():
    """48,000 samples of three scores each with a judge; in processor time."""
    chance = np.random.default_rng(1)
    values = np.where(chance.random((48_000, 3)) < 0.5, TO_COME, chance.integers(0, 6, (48_000, 3)))
    evidence = DisputeEvidence(values, None, chance.dirichlet(np.ones(6), 48_000))
    begun = time.process_time()
    model = fit_dispute_model(evidence, tuple(range(6)))
    model.predict_chances(evidence)
    model.plan(evidence)
    assert time.process_time() - begun < 4
