"""Tests that synthetic annotators have the habits that they are given."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.simulation.synthetic_annotators import SyntheticAnnotator, score_sample

LEVELS = {"TCC": (0, 1, 2, 3, 4, 5), "IQ": (1, 2.5, 5)}
TRUTH = {"TCC": 3.2, "IQ": 2.6}


def many(annotator, truth=TRUTH, *, count=400, **how):
    return [score_sample(annotator, truth, LEVELS, sample=f"s{number}", seed=3, **how) for number in range(count)]


def test_the_same_seed_gives_the_same_answer_and_another_one_another():
    ann = SyntheticAnnotator("Ann", noise=2)
    first, again, other = (
        [score_sample(ann, TRUTH, LEVELS, sample=f"s{number}", seed=seed) for number in range(20)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert first != [
        score_sample(SyntheticAnnotator("Ben", noise=2), TRUTH, LEVELS, sample=f"s{n}", seed=1) for n in range(20)
    ]


def test_who_makes_no_error_says_the_nearest_level_and_who_is_harsh_less():
    assert score_sample(SyntheticAnnotator("Ann", noise=0), TRUTH, LEVELS, sample="s", seed=1).values == {
        "TCC": 3,
        "IQ": 2.5,
    }
    assert (
        score_sample(SyntheticAnnotator("Ann", severity=1, noise=0), TRUTH, LEVELS, sample="s", seed=1).values["TCC"]
        == 2
    )
    assert (
        score_sample(SyntheticAnnotator("Ann", severity=-9, noise=0), TRUTH, LEVELS, sample="s", seed=1).values["TCC"]
        == 5
    )


def test_who_is_generous_is_so_on_average_for_all_their_noise():
    values = [one.values["TCC"] for one in many(SyntheticAnnotator("Ann", severity=-0.5), {"TCC": 2.5}, count=1000)]
    assert statistics.mean(values) == pytest.approx(3, abs=0.1)


def test_noise_is_as_wide_as_it_is_said_to_be():
    values = [one.values["TCC"] for one in many(SyntheticAnnotator("Ann", noise=0.7), {"TCC": 2.5}, count=2000)]
    # Rounding to whole levels adds a twelfth to the variance.
    assert statistics.pvariance(values) == pytest.approx(0.49 + 1 / 12, abs=0.06)


@pytest.mark.parametrize("arm", ["delayed", "prefilled"])
@pytest.mark.parametrize("pull", [0, 0.25, 0.5, 1])
def test_people_move_by_their_pull_for_each_level_apart(arm, pull):
    ann = SyntheticAnnotator("Ann", anchoring=pull)
    own = [one.values for one in many(ann)]
    pulled = [one.final for one in many(ann, arm=arm, shown={"TCC": 0, "IQ": 5})]
    for key, shown in (("TCC", 0), ("IQ", 5)):
        moved = [after[key] - before[key] for before, after in zip(own, pulled, strict=True)]
        apart = [shown - before[key] for before in own]
        assert sum(moved) / sum(apart) == pytest.approx(pull, abs=0.05), key


def test_in_the_delayed_arm_the_own_values_are_those_that_would_have_been_blind():
    ann = SyntheticAnnotator("Ann", anchoring=0.5)
    blind, delayed = many(ann), many(ann, arm="delayed", shown={"TCC": 5, "IQ": 1})
    assert [one.values for one in delayed] == [one.values for one in blind]
    assert all(one.revision_seconds for one in delayed)
    assert [one.final for one in blind] == [one.values for one in blind]


def test_who_is_hasty_hands_in_what_stands_there_and_is_fast():
    shown = {"TCC": 0, "IQ": 1}
    hasty, careful = (many(SyntheticAnnotator("Ann", haste=haste), arm="prefilled", shown=shown) for haste in (1, 0))
    assert all(one.values == shown for one in hasty)
    assert statistics.median(one.seconds for one in hasty) < 10
    assert statistics.median(one.seconds for one in careful) == pytest.approx(40, rel=0.1)
    assert not any(one.values == shown for one in careful)


def test_nothing_is_shown_in_the_blind_arm_and_something_in_the_others():
    for arm, shown in (("blind", TRUTH), ("delayed", None), ("prefilled", None)):
        with pytest.raises(ValueError, match="shown"):
            score_sample(SyntheticAnnotator("Ann"), TRUTH, LEVELS, sample="s", seed=1, arm=arm, shown=shown)


@given(
    st.floats(-1, 7),
    st.floats(-3, 3),
    st.floats(0, 3),
    st.floats(0, 1),
    st.sampled_from((0, 1, 2, 3, 4, 5)),
    st.integers(0, 9),
)
def test_answers_are_levels_between_the_own_and_the_shown_one(truth, severity, noise, pull, shown, seed):
    ann = SyntheticAnnotator("Ann", severity=severity, noise=noise, anchoring=pull)
    said = score_sample(ann, {"TCC": truth}, LEVELS, sample="s", seed=seed, arm="delayed", shown={"TCC": shown})
    own, final = said.values["TCC"], said.final["TCC"]
    assert {own, final} <= set(LEVELS["TCC"])
    assert min(own, shown) <= final <= max(own, shown)
