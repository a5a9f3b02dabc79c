"""A finished study played again: what is not bought is not known, and foresight finds disputes sooner than chance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.review_queue.dispute_model import TO_COME
from annotation.simulation import replay as replaying
from annotation.simulation import replay_report
from annotation.simulation.replay import OutOfFoldPredictions, ReplayPolicy, RevealedScores, replay_dimension

from .synthetic_scores import made_up

ORDERS = st.sampled_from(ReplayPolicy)


def knowing(finished):
    """A judge that learns next to nothing and asks for nothing that was not bought."""

    def relearn(values):
        known = (values >= 0).any(axis=1)
        shares = np.bincount(values[values >= 0], minlength=5) + 1.0
        p = np.repeat((shares / shares.sum())[None], len(values), axis=0)
        return OutOfFoldPredictions(p, known * 0.1 + np.arange(len(values)) % 7, np.arange(len(values)) % 5)

    return relearn


@settings(max_examples=15)
@given(ORDERS, st.integers(0, 9), st.integers(1, 90), st.booleans())
def test_what_is_not_bought_yet_has_no_part_in_what_is_bought_next(policy, seed, after, judged):
    """Permuting all values that are still unknown changes no purchase up to the next refresh."""
    finished = made_up(60)
    relearn = knowing(finished) if judged else None
    straight = replay_dimension(finished, policy, seed=seed, relearn=relearn, until=0.5)
    after = min(after, len(straight.bought))
    unknown = np.ones(finished.values.shape, dtype=bool)
    unknown[tuple(np.array(straight.bought[:after]).T)] = False
    shuffled = finished.values.copy()
    shuffled[unknown] = np.random.default_rng(seed).permutation(shuffled[unknown])
    other = replay_dimension(replace(finished, values=shuffled), policy, seed=seed, relearn=relearn, until=0.5)
    assert other.bought[:after] == straight.bought[:after]


@settings(max_examples=10)
@given(ORDERS, st.integers(0, 9))
def test_each_score_is_bought_once_and_none_where_the_dispute_is_known(policy, seed):
    finished = made_up(60)
    told = replay_dimension(finished, policy, seed=seed)
    assert len(set(told.bought)) == len(told.bought)
    revealed = RevealedScores(finished)
    out = replaying.draw_held_out(finished, seed=seed)
    for row, column in told.bought:
        assert not out[row]
        assert not revealed.shown[row]
        revealed.buy(row, column)
    assert told.found[-1] == told.disputes == (finished.disputed & ~out).sum()
    assert told.exhausted or len(told.bought) == told.work


@pytest.mark.parametrize("policy", [ReplayPolicy.DISPUTED, ReplayPolicy.LABEL_NEXT, ReplayPolicy.AUDIT])
def test_at_least_a_fifth_of_the_work_is_at_random_and_counts(policy):
    told = replay_dimension(made_up(), policy, seed=1, until=0.6)
    for bought in range(5, len(told.bought) + 1, 5):
        assert sum(told.at_random[:bought]) >= bought / 5
    assert len(told.at_random) == len(told.bought) == pytest.approx(0.6 * told.work, abs=5)


@pytest.mark.parametrize("policy", ReplayPolicy)
def test_a_replay_is_the_same_for_the_same_seed_and_another_for_another(policy):
    finished = made_up(80)
    first, again, other = (replay_dimension(finished, policy, seed=seed, until=0.5) for seed in (1, 1, 2))
    assert first.bought == again.bought != other.bought


def test_foresight_finds_disputes_sooner_than_chance():
    """Half of the samples divide people, and one person of three is the one to ask: this can be learned."""
    found = {}
    for policy in (ReplayPolicy.DISPUTED, ReplayPolicy.RANDOM):
        told = [replay_dimension(made_up(seed=seed), policy, seed=seed, until=0.2) for seed in range(5)]
        found[policy] = np.mean([one.found[-1] / one.disputes for one in told])
    assert found[ReplayPolicy.RANDOM] == pytest.approx(0.25, abs=0.08)
    assert found[ReplayPolicy.DISPUTED] > 1.3 * found[ReplayPolicy.RANDOM]


def test_the_judge_is_told_what_was_bought_and_held_to_questions_of_which_nothing_was():
    finished = made_up()
    heard = []

    def relearn(values):
        heard.append(values.copy())
        return knowing(finished)(values)

    told = replay_dimension(finished, ReplayPolicy.DISPUTED, seed=3, relearn=relearn)
    out = replaying.draw_held_out(finished, seed=3)
    assert 0 < out.sum() < 40
    assert not set(finished.questions[out]) & set(finished.questions[~out])
    for values in heard:
        assert (values[out] == TO_COME).all()
        known = values != TO_COME
        assert (values[known] == finished.values[known]).all()
    assert [mark for mark, _, _ in told.rmse] == list(replaying.CHECKPOINTS)
    assert all(0 < error < 4 for _, _, error in told.rmse)


def test_raters_are_drawn_for_each_sample_by_its_name_and_the_seed():
    people = list(range(22))
    first = replaying.draw_raters("a", people, 3, seed=1)
    assert first == replaying.draw_raters("a", people, 3, seed=1)
    assert len({tuple(replaying.draw_raters(name, people, 3, seed=1)) for name in "abcdefgh"}) > 5
    drawn = [who for number in range(600) for who in replaying.draw_raters(str(number), people, 3, seed=1)]
    counts = np.bincount(drawn, minlength=22)
    assert counts.min() > 50


def test_the_report_says_what_was_found_beside_the_best_that_is_possible():
    finished = made_up()
    replays = {
        policy: [replay_dimension(finished, policy, seed=seed, until=0.4) for seed in range(3)]
        for policy in (ReplayPolicy.DISPUTED, ReplayPolicy.RANDOM)
    }
    told = replay_report.report_of(replays)
    disputed = told["policies"]["disputed"]
    first = replays[ReplayPolicy.DISPUTED][0]
    at_fifth = [one.found[round(0.2 * one.work) - 1] / one.disputes for one in replays[ReplayPolicy.DISPUTED]]
    assert disputed["found_at_fifth"]["mean"] == pytest.approx(np.mean(at_fifth))
    low, high = disputed["found_at_fifth"]["interval"]
    assert low < np.mean(at_fifth) < high
    assert disputed["times_its_share"] == pytest.approx(np.mean(at_fifth) / 0.2)
    by_work = {point["work"]: point["mean"] for point in disputed["found"]}
    assert by_work[0] == 0
    assert by_work[0.2] == disputed["found_at_fifth"]["mean"]
    assert by_work[0.5] is None
    assert 0.5 < disputed["auroc"]["mean"] <= 1
    assert [place["k"] for place in disputed["precision"]] == [10, 20, 50]
    assert told["base_rate"] == pytest.approx(first.disputes / first.samples, abs=0.1)
    best = {point["work"]: point["mean"] for point in told["best"]["found"]}
    assert all(best[work] >= by_work[work] for work in (0.05, 0.1, 0.2, 0.4))
    assert best[1.0] == 1
    # No judge learned along, and half of the samples are disputed: there is nothing to be held to.
    assert disputed["rmse"] == []
    assert told["met"] is (None if told["base_rate"] > 0.4 else disputed["times_its_share"] >= 1.5)


def test_an_interval_needs_two_seeds():
    assert replay_report.mean_interval([0.5]) == {"mean": 0.5, "interval": None}
    assert replay_report.mean_interval([None]) == {"mean": None, "interval": None}
    figure = replay_report.mean_interval([0.4, 0.5, 0.6])
    assert figure["interval"] == pytest.approx([0.5 - 4.302653 * 0.1 / 3**0.5, 0.5 + 4.302653 * 0.1 / 3**0.5])
