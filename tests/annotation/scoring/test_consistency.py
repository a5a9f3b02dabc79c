"""Do these values agree, and what follows: by example, and against a slow and obvious reference."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.scoring.consistency import (
    AgreedValue,
    ConsistencyRules,
    DisputedValues,
    OneMoreNeeded,
    Verdict,
    check_dimensions_agree,
    check_values_agree,
    consistent_after_review,
    needs_review,
)

LEVELS = (0, 1, 2, 3, 4, 5)
HALVES = tuple(n / 2 for n in range(11))


def rules(
    tolerance: float = 0, tie_rule: str = "discuss", decide: str = "discuss", may_ask_one_more: bool = True
) -> ConsistencyRules:
    return ConsistencyRules(tolerance, tie_rule, decide, may_ask_one_more)


@pytest.mark.parametrize(
    ("values", "by", "expected"),
    [
        ([4], rules(), AgreedValue(4, "single")),
        ([4, 4, 4], rules(), AgreedValue(4, "unanimous")),
        ([4, 4, 5], rules(), DisputedValues(1)),
        ([0, 5], rules(), DisputedValues(5)),
        ([4, 4, 5], rules(1), AgreedValue(4, "within_tolerance")),
        ([5, 4, 5], rules(1), AgreedValue(5, "within_tolerance")),
        ([3, 4, 5], rules(1), DisputedValues(2)),
        ([3, 5, 4], rules(2), AgreedValue(4, "within_tolerance")),
        ([4, 5], rules(1), DisputedValues(1)),
        ([4, 5], rules(1, "lower"), AgreedValue(4, "within_tolerance")),
        ([4, 5], rules(1, "third"), OneMoreNeeded(1)),
        ([4, 5], rules(1, "third", may_ask_one_more=False), DisputedValues(1)),
        ([3, 5], rules(2, "third"), AgreedValue(4, "within_tolerance")),
        ([4, 5, 5, 1, 2], rules(decide="aggregate"), AgreedValue(4, "aggregated")),
        ([1, 2, 4, 5], rules(decide="aggregate"), AgreedValue(2, "aggregated")),
        ([2, 2], rules(decide="aggregate"), AgreedValue(2, "unanimous")),
    ],
)
def test_what_follows_from_values(values: list[float], by: ConsistencyRules, expected: Verdict) -> None:
    assert check_values_agree(values, LEVELS, by) == expected


def test_a_median_that_is_a_level_of_finer_steps_breaks_no_tie() -> None:
    assert check_values_agree([4, 5], HALVES, rules(1)) == AgreedValue(4.5, "within_tolerance")


def test_tenths_are_compared_as_people_read_them() -> None:
    tenths = [n / 10 for n in range(11)]
    assert 0.4 - 0.1 > 0.3
    assert check_values_agree([0.1, 0.4], tenths, rules(0.3, "lower")) == AgreedValue(0.1, "within_tolerance")
    assert check_values_agree([0.2, 0.4], tenths, rules(0.2)) == AgreedValue(0.3, "within_tolerance")


def test_no_values_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no values"):
        check_values_agree([], LEVELS, rules())


def test_each_dimension_is_judged_by_itself() -> None:
    found = check_dimensions_agree({"TCC": [4, 4], "ITS": [1, 3]}, {"TCC": LEVELS, "ITS": LEVELS}, rules())
    assert found == {"TCC": AgreedValue(4, "unanimous"), "ITS": DisputedValues(2)}


def test_a_tie_is_discussed_where_a_discussion_opens_anyway() -> None:
    by = rules(1, "third")
    levels = {"TCC": LEVELS, "ITS": LEVELS}
    assert check_dimensions_agree({"TCC": [4, 5], "ITS": [4, 4]}, levels, by)["TCC"] == OneMoreNeeded(1)
    assert check_dimensions_agree({"TCC": [4, 5], "ITS": [1, 3]}, levels, by)["TCC"] == DisputedValues(1)


def slow(values: Sequence[float], levels: Sequence[float], by: ConsistencyRules) -> str:
    """Say the rule of the protocol in the plainest way: with pairs, counts and no arithmetic on sums."""
    ordered = sorted(values)
    middle = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if len(values) == 1:
        return f"single {values[0]}"
    if all(a == b for a in values for b in values):
        return f"unanimous {values[0]}"
    if by.decide == "aggregate":
        return f"aggregated {middle[0]}"
    if any(abs(a - b) > by.tolerance for a in values for b in values):
        return "disputed"
    between = [level for level in levels if level - middle[0] == middle[1] - level]
    if between:
        return f"within_tolerance {between[0]}"
    if by.tie_rule == "lower":
        return f"within_tolerance {middle[0]}"
    return "one more" if by.tie_rule == "third" and by.may_ask_one_more else "disputed"


def told(found: Verdict) -> str:
    if isinstance(found, AgreedValue):
        return f"{found.outcome} {found.value:g}"
    return "disputed" if isinstance(found, DisputedValues) else "one more"


@given(
    values=st.lists(st.sampled_from(LEVELS), min_size=1, max_size=7),
    tolerance=st.sampled_from([0, 1, 2, 3, 5]),
    tie_rule=st.sampled_from(["discuss", "lower", "third"]),
    decide=st.sampled_from(["discuss", "aggregate"]),
    may=st.booleans(),
    levels=st.sampled_from([LEVELS, HALVES]),
)
def test_the_fast_rule_says_what_the_slow_one_says(
    values: list[int], tolerance: float, tie_rule: str, decide: str, may: bool, levels: tuple[float, ...]
) -> None:
    by = rules(tolerance, tie_rule, decide, may)
    expected = slow(values, levels, by)
    assert told(check_values_agree(values, levels, by)) == expected.removesuffix(".0")
    assert check_values_agree(sorted(values, reverse=True), levels, by) == check_values_agree(values, levels, by)


@given(
    values=st.lists(st.sampled_from(LEVELS), min_size=1, max_size=6),
    more=st.sampled_from(LEVELS),
    tolerance=st.sampled_from([0, 1, 2]),
)
def test_one_more_value_never_settles_a_difference_and_an_agreed_value_lies_among_those_given(
    values: list[int], more: int, tolerance: float
) -> None:
    by = rules(tolerance, "lower")
    found = check_values_agree(values, LEVELS, by)
    if isinstance(found, DisputedValues):
        assert isinstance(check_values_agree([*values, more], LEVELS, by), DisputedValues)
    else:
        assert isinstance(found, AgreedValue)
        assert min(values) <= found.value <= max(values)
        assert found.value in LEVELS


def test_a_review_makes_what_agrees_reviewed_and_leaves_an_aggregate_what_it_is() -> None:
    assert (
        consistent_after_review(AgreedValue(4, "unanimous"))
        == consistent_after_review(AgreedValue(4, "within_tolerance"))
        == AgreedValue(4, "reviewed")
    )
    assert consistent_after_review(AgreedValue(4, "aggregated")) == AgreedValue(4, "aggregated")


def wanted(cross_review: str, finals: Sequence[float] = (), *, sample: str = "s", **more: float | None) -> bool:
    share, threshold = more.get("share", 0), more.get("threshold")
    return needs_review(cross_review=cross_review, share=share or 0, threshold=threshold, finals=finals, sample=sample)


def test_all_or_none_or_the_high_rated_are_reviewed() -> None:
    assert wanted("all", [0])
    assert not wanted("none", [5, 5])
    assert wanted("high", [4, 5, 4])
    assert not wanted("high", [5, 5, 3])
    assert not wanted("high", [5, 5, 3.5])
    assert wanted("high", [3, 3], threshold=3)
    assert wanted("high", [0, 1], threshold=0)
    assert not wanted("high", [])


def test_a_share_is_drawn_by_chance_and_the_same_again() -> None:
    samples = [f"sample-{n}" for n in range(4000)]
    drawn = [sample for sample in samples if wanted("share", share=0.25, sample=sample)]
    assert 900 < len(drawn) < 1100
    assert drawn == [sample for sample in samples if wanted("share", share=0.25, sample=sample)]
    assert set(drawn) < {sample for sample in samples if wanted("share", share=0.5, sample=sample)}
    assert not any(wanted("share", share=0, sample=sample) for sample in samples)
    assert all(wanted("share", share=1, sample=sample) for sample in samples)
