"""The texts of the queues: order, recent outcomes and gain of the ranking."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.models import QueueEntry
from annotation.review_queue.evaluation import LAST, OutcomeCounts, QueueEvaluation

from .vocabulary import format_decimals, format_number

DISPUTED, LABEL_NEXT, AUDIT = QueueEntry.Kind.DISPUTED, QueueEntry.Kind.LABEL_NEXT, QueueEntry.Kind.AUDIT
QUEUE_NAMES: Mapping[str, Promise] = {
    DISPUTED: lazy("Disputed"),
    LABEL_NEXT: lazy("Label next"),
    AUDIT: lazy("Audit"),
}
QUEUE_ORDERS: Mapping[str, Promise] = {
    DISPUTED: lazy("Widest observed range first, then the chance that two annotators differ by 2 or more."),
    LABEL_NEXT: lazy(
        "What the judge’s models are least at one about first; one of each kind of content comes before any second."
    ),
    AUDIT: lazy(
        "Agreed values furthest from what the judge expects, in units of its own uncertainty; it had not seen them."
    ),
}


@dataclass(frozen=True, slots=True)
class RecentOutcomes:
    """The outcomes of the entries decided last, in order and at random."""

    count: int
    count_text: str
    """The same in words."""
    ordered: str
    random: str
    is_incomplete: bool
    """There are no more than these."""
    is_audit: bool
    """They are about final scores that were changed, not about disputes."""


def recent_outcomes(kind: str, evaluation: QueueEvaluation) -> RecentOutcomes | None:
    """Return the outcomes of the entries decided last; None before there are any."""
    ordered, random = evaluation.last_in_order, evaluation.last_at_random
    total = ordered.decided + random.decided
    if not total:
        return None
    return RecentOutcomes(
        total,
        format_number(total),
        _hits_text(ordered),
        _hits_text(random),
        is_incomplete=total < LAST,
        is_audit=kind == AUDIT,
    )


def _hits_text(counts: OutcomeCounts) -> str:
    return _("%(hits)s of %(all)s") % {"hits": format_number(counts.disputed), "all": format_number(counts.decided)}


def ranking_gain_text(evaluation: QueueEvaluation) -> str:
    """Return what the ranking gains, measured on the entries drawn at random.

    Or how many of those have to be decided before it can be measured.
    """
    if evaluation.lacking:
        return ngettext(
            "%(n)s more of those drawn at random has to be decided before it can be said what the order is worth.",
            "%(n)s more of those drawn at random have to be decided before it can be said what the order is worth.",
            evaluation.lacking,
        ) % {"n": format_number(evaluation.lacking)}
    first = evaluation.at(0.2)
    if first is None or evaluation.auroc is None or evaluation.interval is None:
        return ""
    low, high = (format_decimals(end, 2) for end in evaluation.interval)
    return _(
        "By those drawn at random, the first 20 %% of the work in order holds %(found)s %% of the disputes, %(gain)s "
        "times its share; AUROC %(auroc)s (95 %%: %(low)s to %(high)s)."
    ) % {
        "found": format_decimals(100 * first.found, 0),
        "gain": format_decimals(first.gain, 1),
        "auroc": format_decimals(evaluation.auroc, 2),
        "low": low,
        "high": high,
    }
