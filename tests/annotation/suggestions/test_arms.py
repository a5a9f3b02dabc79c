"""How the arms of samples are drawn, and who may take which slot: by property, and by people who come and go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.core import slot_mask
from annotation.models import Arm as StoredArm
from annotation.suggestions import arms
from annotation.suggestions.arms import ArmDraw, SlotChoice, SuggestionArm

NAMES = [f"sample-{number:05}" for number in range(4000)]
ids = st.text("23456789bcdfghjkmnpqrstvwxz", min_size=12, max_size=12)
shares = st.floats(0.3, 1)
ways = st.sampled_from(["none", "delayed", "prefilled", "both"])
ks = st.integers(1, 14)
PINNED = {
    "bcdf": arms.blind_draw(3),
    "mnpq": ArmDraw(SuggestionArm.PREFILLED, 1, 3),
    "qrst": ArmDraw(SuggestionArm.PREFILLED, 3, 3),
    "cccc": ArmDraw(SuggestionArm.DELAYED, 2, 3),
}


def test_arms_are_numbered_as_they_are_stored() -> None:
    assert {arm.name: arm.value for arm in SuggestionArm} == {arm.name: arm.value for arm in StoredArm}


@given(ids, ways, shares, ks)
def test_the_same_sample_is_drawn_for_the_same_again(sample: str, way: str, share: float, k: int) -> None:
    once, again = (arms.draw_arm(sample, suggestions=way, blind_share=share, k=k, kept_blind=False) for _ in range(2))
    assert once == again


def test_a_draw_is_the_same_in_every_version() -> None:
    drawn = [arms.draw_arm(name, suggestions="both", blind_share=0.3, k=3, kept_blind=False) for name in PINNED]
    assert drawn == list(PINNED.values())


@given(ids, ways, shares, ks)
def test_a_mixed_sample_keeps_one_blind_slot_among_the_first_k(sample: str, way: str, share: float, k: int) -> None:
    drawn = arms.draw_arm(sample, suggestions=way, blind_share=share, k=k, kept_blind=False)
    first = [drawn.arm_of(slot) for slot in range(1, k + 1)]
    if drawn.arm is SuggestionArm.BLIND:
        assert set(first) == {SuggestionArm.BLIND}
    else:
        assert first.count(SuggestionArm.BLIND) == 1
        assert set(first) <= {SuggestionArm.BLIND, drawn.arm}
    assert {drawn.arm_of(slot) for slot in range(k + 1, 16)} == {SuggestionArm.BLIND}
    assert drawn.mask_with_suggestions() == sum(
        slot_mask.mask_of_slot(slot) for slot in range(1, 16) if drawn.arm_of(slot) is not SuggestionArm.BLIND
    )


@given(ids, shares, ks, st.data())
def test_the_judge_is_met_as_the_rules_say_and_nowhere_that_is_kept_blind(
    sample: str, share: float, k: int, data: st.DataObject
) -> None:
    way = data.draw(ways)
    drawn = arms.draw_arm(sample, suggestions=way, blind_share=share, k=k, kept_blind=False)
    allowed = {"none": set(), "delayed": {SuggestionArm.DELAYED}, "prefilled": {SuggestionArm.PREFILLED}}
    assert {drawn.arm} - {SuggestionArm.BLIND} <= allowed.get(way, {SuggestionArm.DELAYED, SuggestionArm.PREFILLED})
    assert arms.draw_arm(sample, suggestions=way, blind_share=share, k=k, kept_blind=True) == arms.blind_draw(k)


@given(ids, shares, shares, ks)
def test_a_larger_share_leaves_those_blind_that_were(sample: str, one: float, other: float, k: int) -> None:
    less, more = sorted((one, other))
    with_less = arms.draw_arm(sample, suggestions="both", blind_share=less, k=k, kept_blind=False)
    with_more = arms.draw_arm(sample, suggestions="both", blind_share=more, k=k, kept_blind=False)
    assert with_more in (with_less, arms.blind_draw(k))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 1])
def test_the_blind_share_is_drawn_and_what_is_kept_blind_comes_on_top(share: float) -> None:
    def blind(*, every: int = 0) -> float:
        found = [
            arms.draw_arm(
                name, suggestions="both", blind_share=share, k=3, kept_blind=bool(every) and number % every == 0
            )
            for number, name in enumerate(NAMES)
        ]
        return sum(one.arm is SuggestionArm.BLIND for one in found) / len(found)

    assert blind() == pytest.approx(share, abs=0.025)
    assert blind(every=4) >= share
    assert blind(every=4) == pytest.approx(share + (1 - share) / 4, abs=0.025)


def test_which_slot_is_blind_and_which_way_is_drawn_are_even_chances() -> None:
    found = [arms.draw_arm(name, suggestions="both", blind_share=0.3, k=4, kept_blind=False) for name in NAMES]
    mixed = [one for one in found if one.arm is not SuggestionArm.BLIND]
    for slot in (1, 2, 3, 4):
        assert sum(one.blind_slot == slot for one in mixed) / len(mixed) == pytest.approx(0.25, abs=0.03)
    assert sum(one.arm is SuggestionArm.DELAYED for one in mixed) / len(mixed) == pytest.approx(0.5, abs=0.03)


def test_whoever_was_shown_the_values_never_takes_a_blind_slot() -> None:
    mixed = ArmDraw(SuggestionArm.PREFILLED, blind_slot=1, k=3)
    assert arms.choose_slot(mixed, 0b111, shown=True, blind_elsewhere=False) == SlotChoice(2, SuggestionArm.PREFILLED)
    assert arms.choose_slot(mixed, 0b111, shown=False, blind_elsewhere=False) == SlotChoice(1, SuggestionArm.BLIND)
    assert arms.choose_slot(mixed, 0b001, shown=True, blind_elsewhere=True) is None
    assert arms.choose_slot(mixed, 0b1000, shown=True, blind_elsewhere=True) is None
    assert arms.choose_slot(arms.blind_draw(3), 0b111, shown=True, blind_elsewhere=True) is None


def test_whoever_was_shown_them_stays_prefilled_where_the_rules_have_become_others() -> None:
    assert arms.choose_slot(
        ArmDraw(SuggestionArm.DELAYED, 1, 3), 0b110, shown=True, blind_elsewhere=True
    ) == SlotChoice(2, SuggestionArm.PREFILLED)


def test_the_last_slot_is_blind_where_nobody_is() -> None:
    mixed = ArmDraw(SuggestionArm.DELAYED, blind_slot=1, k=3)
    assert arms.choose_slot(mixed, 0b100, shown=False, blind_elsewhere=True) == SlotChoice(3, SuggestionArm.DELAYED)
    assert arms.choose_slot(mixed, 0b100, shown=False, blind_elsewhere=False) == SlotChoice(3, SuggestionArm.BLIND)
    assert arms.choose_slot(mixed, 0b100, shown=True, blind_elsewhere=False) is None


@given(
    st.sampled_from(["delayed", "prefilled", "both"]),
    st.integers(2, 5),
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["take", "take", "lose", "score"])), max_size=40),
    ids,
)
def test_however_people_come_and_go_a_mixed_sample_ends_with_a_blind_value(
    way: str, k: int, steps: list[tuple[int, str]], sample: str
) -> None:
    drawn = arms.draw_arm(sample, suggestions=way, blind_share=0.3, k=k, kept_blind=False)
    free = slot_mask.all_free(k)
    held: dict[int, SlotChoice] = {}
    scored: dict[int, SlotChoice] = {}
    shown: set[int] = set()

    def take(person: int) -> None:
        nonlocal free
        others = [one.arm for who, one in {**held, **scored}.items() if who != person]
        found = arms.choose_slot(drawn, free, shown=person in shown, blind_elsewhere=SuggestionArm.BLIND in others)
        if found is None:
            return
        assert free & slot_mask.mask_of_slot(found.slot)
        assert not (person in shown and found.arm is not SuggestionArm.PREFILLED)
        free = slot_mask.take_slot(free, found.slot)
        held[person] = found
        if found.arm is SuggestionArm.PREFILLED:
            shown.add(person)

    newcomers = range(8, 8 + k)
    for person, step in steps + [(person, act) for person in newcomers for act in ("take", "score")]:
        if step == "take" and free and person not in held and person not in scored:
            take(person)
        elif step == "lose" and person in held:
            free |= slot_mask.mask_of_slot(held.pop(person).slot)
        elif step == "score" and person in held:
            scored[person] = held.pop(person)
    for person in list(held):
        free |= slot_mask.mask_of_slot(held.pop(person).slot)
    for person in range(20, 20 + k):
        if free:
            take(person)
            scored[person] = held.pop(person)
    assert len(scored) == k
    assert SuggestionArm.BLIND in [one.arm for one in scored.values()]
