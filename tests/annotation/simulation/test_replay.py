"""Tests the replay of a finished study.

Hidden scores stay hidden, and a dispute model finds disputes sooner than random order.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.review_queue.dispute_model import TO_COME
from annotation.simulation import replay, replay_report
from annotation.simulation.replay import OutOfFoldPredictions, ReplayPolicy, RevealedScores, replay_dimension

from .synthetic_scores import make_finished_dimension

ORDERS = st.sampled_from(ReplayPolicy)


def constant_judge(finished):
    """A judge that learns next to nothing and asks for nothing that was not revealed."""

    def relearn(values):
        known = (values >= 0).any(axis=1)
        shares = np.bincount(values[values >= 0], minlength=5) + 1.0
        p = np.repeat((shares / shares.sum())[None], len(values), axis=0)
        return OutOfFoldPredictions(p, known * 0.1 + np.arange(len(values)) % 7, np.arange(len(values)) % 5)

    return relearn


@settings(max_examples=15)
@given(ORDERS, st.integers(0, 9), st.integers(1, 90), st.booleans())
def test_hidden_scores_do_not_decide_what_is_revealed_next(policy, seed, after, judged):
    """Permuting all values that are still unknown changes no choice up to the next refresh."""
    finished = make_finished_dimension(60)
    relearn = constant_judge(finished) if judged else None
    first = replay_dimension(finished, policy, seed=seed, relearn=relearn, until=0.5)
    after = min(after, len(first.revealed))
    unknown = np.ones(finished.values.shape, dtype=bool)
    unknown[tuple(np.array(first.revealed[:after]).T)] = False
    shuffled = finished.values.copy()
    shuffled[unknown] = np.random.default_rng(seed).permutation(shuffled[unknown])
    other = replay_dimension(replace(finished, values=shuffled), policy, seed=seed, relearn=relearn, until=0.5)
    assert other.revealed[:after] == first.revealed[:after]


@settings(max_examples=10)
@given(ORDERS, st.integers(0, 9))
def test_each_score_is_revealed_once_and_none_where_the_dispute_is_known(policy, seed):
    finished = make_finished_dimension(60)
    result = replay_dimension(finished, policy, seed=seed)
    assert len(set(result.revealed)) == len(result.revealed)
    revealed = RevealedScores(finished)
    held_out = replay.draw_held_out(finished, seed=seed)
    for row, column in result.revealed:
        assert not held_out[row]
        assert not revealed.dispute_known[row]
        revealed.reveal(row, column)
    assert result.disputes_found[-1] == result.disputes == (finished.disputed & ~held_out).sum()
    assert result.exhausted or len(result.revealed) == result.work


@pytest.mark.parametrize("policy", [ReplayPolicy.DISPUTED, ReplayPolicy.LABEL_NEXT, ReplayPolicy.AUDIT])
def test_at_least_a_fifth_of_the_work_is_at_random_and_counts(policy):
    result = replay_dimension(make_finished_dimension(), policy, seed=1, until=0.6)
    for revealed in range(5, len(result.revealed) + 1, 5):
        assert sum(result.at_random[:revealed]) >= revealed / 5
    assert len(result.at_random) == len(result.revealed) == pytest.approx(0.6 * result.work, abs=5)


@pytest.mark.parametrize("policy", ReplayPolicy)
def test_a_replay_is_the_same_for_the_same_seed_and_another_for_another(policy):
    finished = make_finished_dimension(80)
    first, again, other = (replay_dimension(finished, policy, seed=seed, until=0.5) for seed in (1, 1, 2))
    assert first.revealed == again.revealed != other.revealed


def test_the_dispute_model_finds_disputes_sooner_than_random_order():
    """Half of the samples divide annotators, and one of three is the one to ask."""
    disputes_found = {}
    for policy in (ReplayPolicy.DISPUTED, ReplayPolicy.RANDOM):
        result = [
            replay_dimension(make_finished_dimension(seed=seed), policy, seed=seed, until=0.2) for seed in range(5)
        ]
        disputes_found[policy] = np.mean([one.disputes_found[-1] / one.disputes for one in result])
    assert disputes_found[ReplayPolicy.RANDOM] == pytest.approx(0.25, abs=0.08)
    assert disputes_found[ReplayPolicy.DISPUTED] > 1.3 * disputes_found[ReplayPolicy.RANDOM]


def test_the_judge_is_trained_on_revealed_scores_and_evaluated_on_held_out_questions():
    finished = make_finished_dimension()
    seen_values = []

    def relearn(values):
        seen_values.append(values.copy())
        return constant_judge(finished)(values)

    result = replay_dimension(finished, ReplayPolicy.DISPUTED, seed=3, relearn=relearn)
    held_out = replay.draw_held_out(finished, seed=3)
    assert 0 < held_out.sum() < 40
    assert not set(finished.questions[held_out]) & set(finished.questions[~held_out])
    for values in seen_values:
        assert (values[held_out] == TO_COME).all()
        known = values != TO_COME
        assert (values[known] == finished.values[known]).all()
    assert [mark for mark, _, _ in result.rmse] == list(replay.CHECKPOINTS)
    assert all(0 < error < 4 for _, _, error in result.rmse)


def test_raters_are_drawn_for_each_sample_by_its_name_and_the_seed():
    people = list(range(22))
    first = replay.draw_raters("a", people, 3, seed=1)
    assert first == replay.draw_raters("a", people, 3, seed=1)
    assert len({tuple(replay.draw_raters(name, people, 3, seed=1)) for name in "abcdefgh"}) > 5
    drawn = [who for number in range(600) for who in replay.draw_raters(str(number), people, 3, seed=1)]
    counts = np.bincount(drawn, minlength=22)
    assert counts.min() > 50


def test_the_report_says_what_was_found_beside_the_best_that_is_possible():
    finished = make_finished_dimension()
    replays = {
        policy: [replay_dimension(finished, policy, seed=seed, until=0.4) for seed in range(3)]
        for policy in (ReplayPolicy.DISPUTED, ReplayPolicy.RANDOM)
    }
    result = replay_report.build_replay_report(replays)
    disputed = result["policies"]["disputed"]
    first = replays[ReplayPolicy.DISPUTED][0]
    at_fifth = [one.disputes_found[round(0.2 * one.work) - 1] / one.disputes for one in replays[ReplayPolicy.DISPUTED]]
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
    assert result["base_rate"] == pytest.approx(first.disputes / first.samples, abs=0.1)
    best = {point["work"]: point["mean"] for point in result["best"]["found"]}
    assert all(best[work] >= by_work[work] for work in (0.05, 0.1, 0.2, 0.4))
    assert best[1.0] == 1
    # No judge learned along, and half of the samples are disputed: there is nothing to be held to.
    assert disputed["rmse"] == []
    assert result["met"] is (None if result["base_rate"] > 0.4 else disputed["times_its_share"] >= 1.5)


def test_an_interval_needs_two_seeds():
    assert replay_report.mean_interval([0.5]) == {"mean": 0.5, "interval": None}
    assert replay_report.mean_interval([None]) == {"mean": None, "interval": None}
    figure = replay_report.mean_interval([0.4, 0.5, 0.6])
    assert figure["interval"] == pytest.approx([0.5 - 4.302653 * 0.1 / 3**0.5, 0.5 + 4.302653 * 0.1 / 3**0.5])
