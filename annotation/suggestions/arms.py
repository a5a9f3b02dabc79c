"""PURE. Draws the arm of each sample, and chooses slots by it.

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
    """How an annotator is shown a judge's values on a sample."""

    BLIND = 0
    DELAYED = 1
    PREFILLED = 2


@dataclass(frozen=True, slots=True)
class ArmDraw:
    """The arm drawn for slots 1 to ``k`` of a sample; ``blind_slot`` is 0 where all are blind."""

    arm: SuggestionArm
    blind_slot: int
    k: int

    def arm_of(self, slot: int) -> SuggestionArm:
        """Return the arm of a slot."""
        return SuggestionArm.BLIND if slot == self.blind_slot or slot > self.k else self.arm

    def mask_with_suggestions(self) -> int:
        """Return the mask of the slots in which suggestions are shown."""
        if self.arm is SuggestionArm.BLIND:
            return 0
        return slot_mask.take_slot(slot_mask.all_free(self.k), self.blind_slot)


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """A chosen slot and its arm."""

    slot: int
    arm: SuggestionArm


def blind_draw(k: int) -> ArmDraw:
    """Return the draw of a sample without suggestions."""
    return ArmDraw(SuggestionArm.BLIND, 0, k)


def draw_arm(sample: str, *, suggestions: str, blind_share: float, k: int, kept_blind: bool) -> ArmDraw:
    """Return the draw of a sample, the same for the same arguments.

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
    """Return the lowest free slot that an annotator may take, with its arm, or None.

    Args:
        free: mask of the free slots.
        shown: they were shown prefilled values of this sample before, so that they cannot be blind on it any more.
        blind_elsewhere: somebody else holds or has given a blind score. Where nobody has, the last slot is blind,
            whatever was drawn: rules may have changed since the other slots were given.
    """
    allowed = free & drawn.mask_with_suggestions() if shown else free
    if not allowed:
        return None
    slot = slot_mask.lowest_slot(allowed)
    arm = drawn.arm_of(slot)
    if arm is not SuggestionArm.BLIND and not blind_elsewhere and not slot_mask.take_slot(free, slot):
        return None if shown else SlotChoice(slot, SuggestionArm.BLIND)
    return SlotChoice(slot, SuggestionArm.PREFILLED if shown else arm)


def label_origin(arms: Collection[int], *, imported: bool) -> str:
    """Return the origin of a label, from the arms of its values and whether some were imported.

    An imported value hides nothing: where a judge had a part in another one the label is `mixed`.
    """
    met = {SuggestionArm(arm) for arm in arms}
    if met <= {SuggestionArm.BLIND}:
        return "imported" if imported else "blind"
    if len(met) == 1:
        return met.pop().name.lower()
    return "mixed"
