"""The influence report finds the pull again that made-up annotators have; and what else it says of each arm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.statistics import undefined_reasons
from annotation.statistics.anchoring import delayed_terms, estimate_anchoring, prefilled_terms
from annotation.statistics.judge_influence import InfluenceData, arm_rows, influence_rows

from .synthetic_suggestions import LEVELS, annotators, columns, met

LIMIT = 0.2


def over_all(found: InfluenceData, arm: str = "prefilled") -> dict:
    (row,) = [row for row in influence_rows(found, limit=LIMIT) if row["arm"] == arm and row["dimension"] is None]
    return row


@pytest.mark.parametrize("count", [3, 12], ids=["three annotators", "twelve annotators"])
@pytest.mark.parametrize("arm", ["prefilled", "delayed"])
@pytest.mark.parametrize("pull", [0, 0.25, 0.5, 0.8])
def test_the_known_pull_is_found_again(pull, arm, count):
    row = over_all(met(annotators(count, pull=pull), suggestions=arm, samples=300, seed=2), arm)
    low, high = row["interval"]
    assert low <= pull <= high
    assert abs(row["pull"] - pull) < 0.15
    assert high - low < 0.6
    assert row["alarm"] == (pull >= 0.25)


def test_of_many_studies_the_interval_holds_the_known_pull_in_nearly_all():
    held = 0
    for seed in range(25):
        low, high = over_all(met(annotators(4, pull=0.4, seed=seed), samples=150, seed=seed))["interval"]
        held += low <= 0.4 <= high
    assert held >= 22


@pytest.mark.parametrize("seed", range(2, 8))
def test_without_any_pull_noise_alone_raises_no_alarm_though_the_plain_slope_would(seed):
    found = influence_rows(met(annotators(4, pull=0, seed=seed), seed=seed, samples=300), limit=LIMIT)
    assert not any(row["alarm"] for row in found)
    assert all(row["slope"] > 1.5 * LIMIT for row in found), "which would raise one everywhere"


def test_both_arms_are_measured_side_by_side():
    found = met(annotators(6, pull=0.5), suggestions="both", samples=600)
    assert [(row["arm"], row["dimension"]) for row in influence_rows(found, limit=LIMIT)] == [
        (arm, dimension) for arm in ("delayed", "prefilled") for dimension in ("TCC", "ICC", "IQ", "ITS", None)
    ]
    delayed, prefilled = over_all(found, "delayed"), over_all(found)
    assert delayed["pull"] == pytest.approx(0.5, abs=0.05)
    assert delayed["slope"] == delayed["pull"], "exact, as the own value is known"
    assert prefilled["interval"][0] < 0.5 < prefilled["interval"][1]
    assert prefilled["slope"] > prefilled["pull"]


def test_severity_that_few_annotators_share_between_slots_is_not_taken_for_a_pull():
    people = annotators(3, pull=0)
    apart = [type(one)(one.name, severity=severity) for one, severity in zip(people, (-1, 0, 1), strict=True)]
    row = over_all(met(apart, samples=600))
    assert row["interval"][0] <= 0 <= row["interval"][1]
    assert abs(row["pull"]) < 0.15
    assert row["slope"] > 0.5


def test_an_alarm_needs_a_pull_beyond_the_limit_that_is_no_chance():
    strong = met(annotators(8, pull=0.8), samples=300)
    assert over_all(strong)["alarm"]
    assert not any(row["alarm"] for row in influence_rows(strong, limit=1.0))
    few = met(annotators(8, pull=0.3, seed=3), samples=24, seed=3)
    assert not any(row["alarm"] for row in influence_rows(few, limit=LIMIT))


def test_a_judge_that_is_no_further_off_than_people_leaves_the_pull_undefined():
    rng = np.random.default_rng(1)
    truth = rng.integers(1, 5, 300).astype(float)
    sample, twice = np.arange(300), np.repeat(np.arange(300), 2)
    blind = truth[twice] + rng.choice([-1.0, 0, 1], 600)
    terms = prefilled_terms(sample, truth, truth + rng.choice([-1.0, 0, 1], 300), twice, blind, sample // 2)
    found = estimate_anchoring([terms])[0]
    assert (found.value, found.interval, found.undefined) == (None, None, undefined_reasons.WITHIN_NOISE)
    assert found.slope is not None


def test_what_is_missing_for_a_pull_is_said():
    question_of = list(range(40))
    nothing = columns([], [], [], question_of=question_of)
    assert influence_rows(nothing, limit=LIMIT) == []
    suggested = [(n, 0, 0, 1, 4, 4.2, 3, 3) for n in range(40)]

    def why(own, blind):
        found = influence_rows(columns(own, blind, [], question_of=question_of), limit=LIMIT)
        return {row["dimension"]: row["undefined"] for row in found}

    assert why(suggested, [])["TCC"] == undefined_reasons.NO_BLIND_BESIDE
    assert why(suggested, [])["IQ"] == undefined_reasons.NOTHING_SUGGESTED
    once = [(n, 1, 0, 3 + n % 2, 4, 4.2, 1) for n in range(40)]
    assert why(suggested[:5], once)["TCC"] == undefined_reasons.FEW_SUGGESTED
    assert why(suggested, once)["TCC"] == undefined_reasons.NO_NOISE
    assert why([(n, 0, 0, 0, 4, 4.2, 4, 4) for n in range(40)], [])["TCC"] == undefined_reasons.NEVER_APART


def test_acceptance_stands_beside_what_the_judge_meets_blind():
    suggested = [
        (0, 0, 0, 1, 4, 4.1, 4, 4),
        (1, 0, 0, 1, 2, 2.1, 3, 3),
        (2, 0, 0, 1, 5, 4.6, 5, 5),
        (3, 0, 0, 1, 1, 1, 1, 1),
    ]
    blind = [(0, 1, 0, 4, 4, 4.1, 1), (1, 1, 0, 4, 2, 2.1, 1), (4, 1, 0, 3, 3, 3.2, 0), (5, 1, 0, 3, np.nan, np.nan, 0)]
    row = influence_rows(columns(suggested, blind, [], question_of=range(6)), limit=LIMIT)[0]
    assert row["acceptance"] == 0.75
    assert (row["coincidence"], row["blind_values"], row["blind_values_beside"]) == (pytest.approx(2 / 3), 3, 2)
    assert (row["within_one"], row["blind_within_one"]) == (1, pytest.approx(2 / 3))
    assert row["rmse"] == pytest.approx(np.sqrt((0.1**2 + 0.9**2 + 0.4**2 + 0) / 4))
    assert row["blind_rmse"] == pytest.approx(np.sqrt((0.1**2 + 1.9**2 + 0.2**2) / 3))
    assert (row["values"], row["samples"], row["compared"]) == (4, 4, 2)
    assert row["moved"] is None


def test_what_becomes_of_locked_values_is_told():
    firsts_and_finals = [(3, 3), (3, 4), (2, 4), (5, 4), (5, 5.5), (3, 5), (4, 4), (1, 2)]
    suggested = [(n, 0, 0, 0, 4, 4, first, final) for n, (first, final) in enumerate(firsts_and_finals)]
    row = influence_rows(columns(suggested, [], [], question_of=range(8)), limit=LIMIT)[0]
    assert row["moved"] == {"share": 0.75, "changed": 6, "towards": 4, "away": 1, "across": 1}
    assert (row["agreed_before"], row["acceptance"]) == (1 / 8, 4 / 8)


def test_arms_are_compared_by_time_and_by_how_good_the_judge_looks():
    suggested = [(0, 0, 0, 1, 4, 4, 4, 4), (1, 0, 0, 0, 2, 2, 5, 4)]
    blind = [(0, 1, 0, 1, 4, 4, 1), (2, 1, 0, 3, 3, 3, 0)]
    times = [(0, -1, 40), (1, -1, 20), (1, -1, np.nan), (0, 1, 15), (0, 0, 45)]
    one, delayed, prefilled = arm_rows(columns(suggested, blind, times, question_of=range(3), unanswered=(2, 0)))
    assert [one["arm"], delayed["arm"], prefilled["arm"]] == ["blind", "delayed", "prefilled"]
    assert (one["seconds"], one["scores"], one["seconds_ratio"]) == (30, 3, None)
    assert (prefilled["seconds"], prefilled["seconds_ratio"], delayed["seconds_ratio"]) == (15, 0.5, 1.5)
    assert (one["within_one"], prefilled["within_one"], delayed["within_one"]) == (0.5, 1, 0)
    assert (delayed["unanswered"], prefilled["unanswered"]) == (2, 0)


def test_a_judge_looks_better_on_prefilled_values_than_it_is():
    blind, prefilled = arm_rows(met(annotators(6, pull=0.6), samples=300))
    assert prefilled["within_one"] > blind["within_one"]
    assert prefilled["rmse"] < 0.7 * blind["rmse"]
    assert prefilled["acceptance"] > 1.5 * blind["acceptance"]


# What a figure of levels moved per level apart must not depend on.


@settings(max_examples=15)
@given(
    st.integers(0, 5), st.sampled_from((0.5, 2.0, 10.0)), st.floats(-3, 3), st.sampled_from(("prefilled", "delayed"))
)
def test_a_pull_does_not_depend_on_the_unit_or_the_zero_of_the_levels(seed, unit, zero, arm):
    people = annotators(5, pull=0.4, seed=seed)
    usual = over_all(met(people, samples=60, seed=seed, suggestions=arm, dimensions=("TCC",)), arm)
    other = [unit * level + zero for level in LEVELS]
    moved = over_all(met(people, samples=60, seed=seed, suggestions=arm, dimensions=("TCC",), levels=other), arm)
    assert (moved["undefined"], moved["acceptance"]) == (usual["undefined"], usual["acceptance"])
    assert moved["pull"] == (None if usual["pull"] is None else pytest.approx(usual["pull"], abs=1e-6))


@settings(max_examples=15)
@given(st.integers(0, 50), st.sampled_from(("prefilled", "delayed")))
def test_a_pull_does_not_depend_on_the_order_of_the_rows(seed, arm):
    rng = np.random.default_rng(seed)
    n = 60
    sample, shown, first, final = (rng.integers(0, 6, n).astype(float) for _ in range(4))
    sample = np.arange(n) // 2
    mixed = rng.permutation(n)
    blind, question_of = rng.integers(0, 6, n).astype(float), np.arange(n) // 3

    def terms(order):
        if arm == "delayed":
            return delayed_terms(sample[order], shown[order], first[order], final[order], question_of)
        return prefilled_terms(sample[order], shown[order], final[order], sample[order], blind[order], question_of)

    one, other = (estimate_anchoring([terms(order)], draws=50)[0] for order in (np.arange(n), mixed))
    assert other.undefined == one.undefined
    assert other.slope == pytest.approx(one.slope)
    assert other.value == (None if one.value is None else pytest.approx(one.value))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=12, max_size=40), st.floats(0, 1))
def test_who_moves_the_same_part_of_every_way_has_just_that_pull(pairs, pull):
    shown, first = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    number = np.arange(len(pairs))
    found = estimate_anchoring([delayed_terms(number, shown, first, first + pull * (shown - first), number)], draws=20)[
        0
    ]
    if found.undefined is None:
        assert found.value == pytest.approx(pull)
        assert found.interval == pytest.approx((pull, pull))
    else:
        assert found.undefined in (undefined_reasons.NEVER_APART, undefined_reasons.WITHIN_NOISE)
