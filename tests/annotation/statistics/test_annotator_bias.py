"""How people score beside each other, and when a word is put to it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.statistics import undefined_reasons
from annotation.statistics.annotator_bias import measure_bias, noteworthy_words

VALUES = (0, 1, 2, 3, 4, 5)
ANN, BEN, CHO = range(3)
MONDAY = 1_761_526_800  # 27 October 2025, 01:00 UTC, ISO week 44
DAY = 86_400


def described(samples, *, seconds=None, at=None, values=VALUES):
    rows = [(unit, who, values.index(value)) for unit, said in enumerate(samples) for who, value in said.items()]
    unit, annotator, position = (np.array([row[place] for row in rows], dtype=np.int64) for place in range(3))
    unknown = [math.nan] * len(rows)
    found = measure_bias(
        unit,
        annotator,
        position,
        values,
        seconds=np.array(unknown if seconds is None else seconds, dtype=float),
        at=np.array(unknown if at is None else at, dtype=float),
    )
    return {one.annotator: one for one in found}


def chance_samples(n, *, seed=0, people=3, shift=None, spread=None):
    """Make samples with an opinion that all share, and noise; ``shift`` and ``spread`` are by person."""
    chance = np.random.default_rng(seed)
    truth = chance.uniform(1, 4, n)
    return [
        {
            who: int(
                np.clip(
                    round(2.5 + (t - 2.5 + chance.normal(0, 0.7)) * (spread or {}).get(who, 1))
                    + (shift or {}).get(who, 0),
                    *(0, 5),
                )
            )
            for who in range(people)
        }
        for t in truth
    ]


def test_a_bias_is_the_distance_from_the_mean_of_the_others_on_the_same_samples():
    samples = [{ANN: 2, BEN: 4, CHO: 3}, {ANN: 1, BEN: 1}, {ANN: 5}, {BEN: 2, CHO: 2}]
    found = described(samples)
    assert (found[ANN].n, found[ANN].shared) == (3, 2)
    assert found[ANN].bias == pytest.approx((2 - 3.5 + 0) / 2)
    assert found[BEN].bias == pytest.approx((4 - 2.5 + 0 + 0) / 3)
    assert found[CHO].bias == pytest.approx((3 - 3 + 0) / 2)
    assert (found[ANN].exact, found[ANN].within_one) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert found[ANN].spread == pytest.approx(np.std([2, 1, 5], ddof=1))


@given(
    st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from(VALUES), min_size=1, max_size=4), min_size=1),
)
def test_every_figure_is_that_of_going_through_the_samples_one_by_one(samples):
    for who, one in described(samples).items():
        mine = [said for said in samples if who in said]
        shared = [said for said in mine if len(said) > 1]
        rest = [[value for other, value in said.items() if other != who] for said in shared]
        assert (one.n, one.shared) == (len(mine), len(shared))
        if not shared:
            assert (one.bias, one.exact, one.within_one, one.undefined) == (None, None, None, undefined_reasons.ALONE)
            continue
        distances = [said[who] - sum(others) / len(others) for said, others in zip(shared, rest, strict=True)]
        pairs = [abs(said[who] - value) for said, others in zip(shared, rest, strict=True) for value in others]
        assert one.bias == pytest.approx(sum(distances) / len(distances), abs=1e-9)
        assert one.exact == pytest.approx(pairs.count(0) / len(pairs))
        assert one.within_one == pytest.approx(sum(gap <= 1 for gap in pairs) / len(pairs))


def test_the_interval_of_a_bias_is_students():
    samples = [{ANN: value, BEN: 2} for value in (2, 3, 2, 1, 4, 3)]
    distances = [0, 1, 0, -1, 2, 1]
    reach = 2.5706 * np.std(distances, ddof=1) / math.sqrt(6)
    low, high = described(samples)[ANN].interval
    assert (low, high) == pytest.approx((0.5 - reach, 0.5 + reach), abs=1e-4)
    assert described(samples[:4])[ANN].interval is None


def test_an_interval_holds_what_it_promises():
    covered = 0
    for seed in range(300):
        one = described(chance_samples(30, seed=seed))[ANN]
        covered += one.interval[0] <= 0 <= one.interval[1]
    assert 0.91 <= covered / 300 <= 0.99


def test_where_nobody_differs_hardly_any_study_has_a_word():
    with_a_word = 0
    for seed in range(200):
        with_a_word += any(noteworthy_words(list(described(chance_samples(40, seed=seed, people=5)).values())))
    assert with_a_word <= 20


def test_somebody_a_point_below_the_others_is_harsh_and_nobody_is_ranked():
    found = described(chance_samples(120, people=5, shift={ANN: -1}))
    assert dict(zip(found, noteworthy_words(list(found.values())), strict=True)) == {
        0: "harsh",
        1: None,
        2: None,
        3: None,
        4: None,
    }
    found = described(chance_samples(120, people=5, shift={ANN: 1}))
    assert noteworthy_words(list(found.values()))[ANN] == "generous"


def test_somebody_who_hardly_varies_is_narrow_and_the_reverse_is_wide():
    found = described(chance_samples(150, people=5, spread={ANN: 0.4, BEN: 1.9}))
    assert noteworthy_words(list(found.values())) == ["narrow", "wide", None, None, None]


def test_somebody_with_one_value_only_is_narrow_unless_the_others_nearly_have_one_too():
    various = [{ANN: 3, BEN: 1 + number % 5, CHO: 1 + number % 5} for number in range(30)]
    assert noteworthy_words(list(described(various).values()))[ANN] == "narrow"
    nearly_one = [{ANN: 3, BEN: 3 if number else 4, CHO: 3} for number in range(30)]
    assert noteworthy_words(list(described(nearly_one).values())) == [None, None, None]


def test_few_samples_never_have_a_word_and_small_differences_neither():
    clear = [{ANN: 0, BEN: 5, CHO: 5 - number % 2} for number in range(19)]
    assert noteworthy_words(list(described(clear).values())) == [None, None, None]
    assert noteworthy_words(list(described([*clear, {ANN: 0, BEN: 5, CHO: 5}]).values())) == [
        "harsh",
        "generous",
        "generous",
    ]
    small = [{ANN: 3 if number % 5 else 2, BEN: 3} for number in range(2000)]
    one = described(small)[ANN]
    assert one.interval[1] < 0
    assert noteworthy_words([one]) == [None]


def test_more_comparisons_ask_for_more():
    one = described([{ANN: 2, BEN: 2}, {ANN: 2, BEN: 4}] * 12 + [{ANN: 3, BEN: 2}, {ANN: 2, BEN: 3}] * 3)[ANN]
    assert one.bias == pytest.approx(-0.8)
    assert noteworthy_words([one]) == ["harsh"]
    assert "harsh" not in noteworthy_words([one] * 200)


def test_weeks_are_those_of_the_calendar():
    samples = [{ANN: 2, BEN: 4}, {ANN: 3, BEN: 3}, {ANN: 5, BEN: 4}, {ANN: 1}]
    at = [MONDAY, MONDAY, MONDAY + 6 * DAY, MONDAY, MONDAY + 7 * DAY, math.nan, MONDAY + 63 * DAY]
    seconds = [10, 99, 30, 99, 50, 99, math.nan]
    ann = described(samples, at=at, seconds=seconds)[ANN]
    assert [(week.week, week.n, week.bias, week.seconds) for week in ann.weeks] == [
        ("2025-W44", 2, -1, 20),
        ("2025-W45", 1, 1, 50),
        # 29 December belongs to the first week of the next year.
        ("2026-W01", 1, None, None),
    ]
    assert ann.weeks[0].spread == pytest.approx(np.std([2, 3], ddof=1))
    assert ann.seconds == 30


def test_nobody_has_rated_anything():
    assert described([]) == {}
    assert noteworthy_words([]) == []


def test_others_who_differ_in_level_alone_do_not_seem_to_vary():
    truth = [1, 2, 3, 2, 3, 1, 2, 3, 2, 1] * 6
    samples = [{ANN: value, BEN: value + 2, CHO: value - 1} for value in truth]
    for one in described(samples).values():
        assert one.spread_ratio == pytest.approx(1)
    assert set(noteworthy_words(list(described(samples).values()))) <= {"harsh", "generous", None}
