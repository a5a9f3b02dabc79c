"""A scorecard's finding says no more than its intervals carry."""

import pytest

from frontend.presenters.scorecard.summary import compare_to_baseline, summarize

from .scorecards import card, dimension, measured, nothing


def test_better_is_said_where_the_whole_interval_lies_below_every_baseline() -> None:
    said = summarize(
        card(dimension("TCC", constant=1.2, generator=0.95), dimension("ICC", constant=1.2, generator=1.0))
    )
    assert said == (
        "Better than every baseline on every dimension. "
        "On no dimension does it reach one annotator measured against the others."
    )


def test_a_dimension_within_chance_of_a_baseline_is_named_with_it() -> None:
    said = summarize(
        card(
            dimension("TCC", constant=1.2, features=0.95),
            dimension("ITS", constant=1.2, features=0.95),
            dimension("IQ", constant=1.2, generator=0.95, features=0.78),
        )
    )
    assert said.startswith(
        "Better than every baseline on TCC and ITS. On IQ it does no better than hand-made features."
    )


@pytest.mark.parametrize(
    ("baseline", "found"),
    [(0.91, "better"), (0.9, "unclear"), (0.81, "unclear"), (0.8, "no better"), (0.7, "no better"), (0.69, "worse")],
)
def test_a_verdict_goes_by_the_interval_and_within_it_by_the_judges_own_error(baseline: float, found: str) -> None:
    assert compare_to_baseline({"rmse": 0.8, "rmse_interval": [0.7, 0.9]}, {"rmse": baseline}) == found


def test_worse_than_the_constant_is_said_first_and_of_several_baselines_the_weakest_is_named() -> None:
    said = summarize(
        card(
            dimension("TCC", constant=0.6, generator=0.5, features=0.4),
            dimension("ICC", constant=1.2, generator=0.85),
        )
    )
    assert said.startswith(
        "On no dimension is it better than every baseline. "
        "On TCC it is worse than the constant; on ICC it is not clearly better than the generator mean."
    )


def test_it_reaches_one_annotator_only_where_the_whole_interval_does() -> None:
    beaten = {"constant": 1.5}
    reached = dimension("TCC", ceiling=0.9, **beaten)
    near = dimension("ICC", ceiling=0.75, **beaten)
    missed = dimension("IQ", ceiling=0.69, **beaten)
    assert summarize(card(reached, near, missed)).endswith(
        "On TCC it comes as near to people as one annotator to the others; "
        "on ICC it cannot be told from one annotator measured against the others."
    )
    assert summarize(card(missed)).endswith("On IQ it does not reach one annotator measured against the others.")


def test_what_the_constant_reaches_as_well_is_nothing_to_boast_of() -> None:
    said = summarize(card(dimension("TCC", ceiling=1.4, constant=1.2, generator=1.0)))
    assert said.endswith("that says little, as so much can be said of the constant.")
    said = summarize(card(dimension("TCC", ceiling=1.1, constant=1.2, generator=1.0)))
    assert said.endswith("that says little, as so much can be said of the generator mean.")


def test_without_baselines_or_ceiling_their_lack_is_said() -> None:
    assert summarize(card(dimension("TCC", ceiling=None))) == (
        "There is no baseline to hold it to. "
        "No sample has ratings by two annotators, so there is no human ceiling to hold it to."
    )


def test_nothing_is_claimed_of_too_few_questions() -> None:
    few = dimension("IQ", 0.1, None, constant=2.0)
    assert summarize(card(few)) == "It was measured on too few questions to say what it is better than."
    said = summarize(card(dimension("TCC", constant=1.2), few))
    assert said == (
        "Better than every baseline on TCC. On IQ there are too few questions to tell. "
        "On TCC it does not reach one annotator measured against the others."
    )


def test_a_judge_that_has_judged_nothing_is_said_to_be_unknown() -> None:
    assert summarize(nothing()).startswith("No sample has both a score and a prediction yet")
    assert summarize(card()).startswith("No sample has both a score and a prediction yet")


def test_of_many_dimensions_some_are_named_and_the_rest_are_counted() -> None:
    many = [dimension(f"D{number}", constant=1.2) for number in range(9)]
    said = summarize(card(*many, dimension("E", constant=0.8)))
    assert said.startswith("Better than every baseline on D0, D1, D2, D3, D4 and 4 more. On E it does no better")


def test_more_kinds_of_shortfall_than_a_sentence_holds_share_its_last_clause() -> None:
    said = summarize(
        card(
            dimension("A", constant=0.6),
            dimension("B", constant=0.8),
            dimension("C", constant=0.85),
            dimension("D", constant=1.2, generator=0.85),
        )
    )
    assert (
        "On A it is worse than the constant; on B it does no better than the constant; "
        "on C and D it does not clearly beat every baseline."
    ) in said


@pytest.mark.parametrize("target", ["final", "mean"])
def test_a_measured_scorecard_has_one_to_three_sentences(target: str) -> None:
    said = summarize(measured(target))
    assert 1 <= said.count(". ") + 1 <= 3
    assert said.endswith(".")
