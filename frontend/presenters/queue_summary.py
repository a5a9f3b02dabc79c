"""The queues in words: how each is ordered, and what its order is worth."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.models import QueueEntry
from annotation.review_queue.evaluation import LAST, OutcomeCounts, QueueEvaluation

from .vocabulary import decimals, number

DISPUTED, LABEL_NEXT, AUDIT = QueueEntry.Kind.DISPUTED, QueueEntry.Kind.LABEL_NEXT, QueueEntry.Kind.AUDIT
NAMES: Mapping[str, Promise] = {
    DISPUTED: lazy("Disputed"),
    LABEL_NEXT: lazy("Label next"),
    AUDIT: lazy("Audit"),
}
ORDERS: Mapping[str, Promise] = {
    DISPUTED: lazy("Widest observed range first, then the chance that two annotators differ by 2 or more."),
    LABEL_NEXT: lazy(
        "What the judge’s models are least at one about first; one of each kind of content comes before any second."
    ),
    AUDIT: lazy(
        "Agreed values furthest from what the judge expects, in units of its own uncertainty; it had not seen them."
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of those that were decided last, in order and at random."""

    n: int
    last: str
    """The same in words."""
    ordered: str
    random: str
    so_far: bool
    """There are no more than these."""
    audit: bool
    """They are about final scores that were changed, not about disputes."""


def outcome(kind: str, proof: QueueEvaluation) -> Outcome | None:
    """Return what became of the last that were decided; None before there are any."""
    ordered, random = proof.last_in_order, proof.last_at_random
    total = ordered.decided + random.decided
    if not total:
        return None
    return Outcome(total, number(total), _of(ordered), _of(random), so_far=total < LAST, audit=kind == AUDIT)


def _of(tally: OutcomeCounts) -> str:
    return _("%(hits)s of %(all)s") % {"hits": number(tally.disputed), "all": number(tally.decided)}


def worth(proof: QueueEvaluation) -> str:
    """Return what the order is worth, measured on those drawn at random, or how many are lacking for that."""
    if proof.lacking:
        return ngettext(
            "%(n)s more of those drawn at random has to be decided before it can be said what the order is worth.",
            "%(n)s more of those drawn at random have to be decided before it can be said what the order is worth.",
            proof.lacking,
        ) % {"n": number(proof.lacking)}
    first = proof.at(0.2)
    if first is None or proof.auroc is None or proof.interval is None:
        return ""
    low, high = (decimals(end, 2) for end in proof.interval)
    return _(
        "By those drawn at random, the first 20 %% of the work in order holds %(found)s %% of the disputes, %(gain)s "
        "times its share; AUROC %(auroc)s (95 %%: %(low)s to %(high)s)."
    ) % {
        "found": decimals(100 * first.found, 0),
        "gain": decimals(first.gain, 1),
        "auroc": decimals(proof.auroc, 2),
        "low": low,
        "high": high,
    }
