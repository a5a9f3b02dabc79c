"""PURE. How annotators meet the judge on a sample, drawn by chance that lasts, and who may take which slot.

A sample is wholly blind, or mixed. Of the first ``k`` slots of a mixed sample one is blind, the others meet the judge,
all in the same arm. Slots beyond ``k``, of a cross-review or of one more annotator, are blind everywhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from annotation.core import slot_mask
from annotation.core.stable_hash import stable_digest

PURPOSE, SEED = "arms", 0


class SuggestionArm(IntEnum):
    """How an annotator met the judge on a sample."""

    BLIND = 0
    DELAYED = 1
    PREFILLED = 2


@dataclass(frozen=True, slots=True)
class ArmDraw:
    """What a sample was drawn for: the arm of its slots 1 to ``k`` but for the blind one, which is 0 where all are."""

    arm: SuggestionArm
    blind_slot: int
    k: int

    def of(self, slot: int) -> SuggestionArm:
        """Return the arm of a slot."""
        return SuggestionArm.BLIND if slot == self.blind_slot or slot > self.k else self.arm

    def meeting(self) -> int:
        """Return the mask of the slots in which the judge is met."""
        if self.arm is SuggestionArm.BLIND:
            return 0
        return slot_mask.take_slot(slot_mask.all_free(self.k), self.blind_slot)


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """A slot for somebody, and how they meet the judge in it."""

    slot: int
    arm: SuggestionArm


def blind_draw(k: int) -> ArmDraw:
    """Return the draw of a sample on which nobody meets the judge."""
    return ArmDraw(SuggestionArm.BLIND, 0, k)


def draw_arm(sample: str, *, suggestions: str, blind_share: float, k: int, kept_blind: bool) -> ArmDraw:
    """Return what a sample is drawn for; asking again answers the same.

    Args:
        sample: its opaque id, from which everything is drawn.
        suggestions: how the protocol lets the judge be met: `none`, `delayed`, `prefilled`, or `both`, one of the two.
        blind_share: the share of samples that are wholly blind; a larger one leaves those blind that were.
        k: the slots of the first round.
        kept_blind: it may become test, or calibrates.
    """
    if kept_blind or suggestions == "none":
        return blind_draw(k)
    drawn = stable_digest(PURPOSE, SEED, sample)
    share, slot, way = (int.from_bytes(drawn[start : start + 8]) for start in (0, 8, 16))
    if share / 2**64 < blind_share:
        return blind_draw(k)
    if suggestions == "both":
        arm = SuggestionArm.PREFILLED if way % 2 else SuggestionArm.DELAYED
    else:
        arm = SuggestionArm.PREFILLED if suggestions == "prefilled" else SuggestionArm.DELAYED
    return ArmDraw(arm, slot % k + 1, k)


def choose_slot(drawn: ArmDraw, free: int, *, shown: bool, blind_elsewhere: bool) -> SlotChoice | None:
    """Return the lowest free slot that somebody may take, and their arm there; None where they may take none.

    Args:
        free: mask of the free slots.
        shown: they were shown prefilled values of this sample before, so that they cannot be blind on it any more.
        blind_elsewhere: somebody else holds or has given a blind score. Where nobody has, the last slot is blind,
            whatever was drawn: rules may have changed since the other slots were given.
    """
    allowed = free & drawn.meeting() if shown else free
    if not allowed:
        return None
    slot = slot_mask.lowest_slot(allowed)
    arm = drawn.of(slot)
    if arm is not SuggestionArm.BLIND and not blind_elsewhere and not slot_mask.take_slot(free, slot):
        return None if shown else SlotChoice(slot, SuggestionArm.BLIND)
    return SlotChoice(slot, SuggestionArm.PREFILLED if shown else arm)


def label_origin(arms: Collection[int], *, imported: bool) -> str:
    """Return how a label came about, from the arms of the values that decided it and whether some were imported.

    An imported value hides nothing: where a judge had a part in another one the label is `mixed`.
    """
    met = {SuggestionArm(arm) for arm in arms}
    if met <= {SuggestionArm.BLIND}:
        return "imported" if imported else "blind"
    if len(met) == 1:
        return met.pop().name.lower()
    return "mixed"
