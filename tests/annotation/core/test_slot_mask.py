"""Slots as bits: what is taken is not free, and the lowest free one is always the next."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.core import slot_mask

masks = st.integers(min_value=1, max_value=2**15 - 1)


@given(st.integers(min_value=1, max_value=15))
def test_a_new_sample_has_exactly_its_k_slots(k: int) -> None:
    free, taken = slot_mask.all_free(k), []
    while free:
        slot = slot_mask.lowest_slot(free)
        taken.append(slot)
        free = slot_mask.take_slot(free, slot)
    assert taken == list(range(1, k + 1))


@given(masks)
def test_the_lowest_slot_is_free_and_no_lower_one_is(free: int) -> None:
    slot = slot_mask.lowest_slot(free)
    assert free & slot_mask.mask_of_slot(slot)
    assert all(not free & slot_mask.mask_of_slot(lower) for lower in range(1, slot))


@given(masks)
def test_a_slot_given_back_is_as_free_as_before(free: int) -> None:
    slot = slot_mask.lowest_slot(free)
    assert slot_mask.take_slot(free, slot) | slot_mask.mask_of_slot(slot) == free
