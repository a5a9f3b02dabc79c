"""PURE. The slots of a sample as a bit mask: bit ``i`` is set while slot ``i + 1`` can be leased.

A mask lets one guarded UPDATE (``… WHERE free_slots = <as read>``) both claim a slot and say which one it was.
"""


def all_free(count: int) -> int:
    """Return the mask of ``count`` free slots."""
    return (1 << count) - 1


def mask_of_slot(slot: int) -> int:
    """Return the mask of one slot, numbered from 1."""
    return 1 << (slot - 1)


def lowest_slot(free: int) -> int:
    """Return the lowest free slot, numbered from 1. ``free`` must not be 0."""
    return (free & -free).bit_length()


def take_slot(free: int, slot: int) -> int:
    """Return ``free`` without ``slot``."""
    return free & ~mask_of_slot(slot)
