"""Evaluates the queue's predictions on the entries of its random arm. Read-only.

The random arm has the entries that drew less than `ranking.LEAST_SHARE`, whatever else was or is in the queue. It
represents all samples that came in, whatever was scored first. The other entries are in order.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

from annotation.models import QueueEntry, Study

from . import ranking

LAST = 100
"""So many of the latest entries have counts of their own."""
MAX_ENTRIES = 5_000
"""No more of the latest entries are read."""
MIN_RANDOM, MIN_EITHER = 20, 5
"""With fewer at random, or fewer that were and were not disputed, nothing is claimed."""
SHARES_OF_WORK = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TOP_PLACES = (10, 50)
"""Numbers of top entries of the random arm; given where it has at least twice as many entries."""
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """The counts of decided and disputed entries."""

    decided: int = 0
    disputed: int = 0
    off: float | None = None
    """How far the judge was from the annotators, on average over the entries that it predicted."""

    @property
    def share(self) -> float | None:
        """The share of decided entries that were disputed."""
        return self.disputed / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class DiscoveryPoint:
    """The share of disputes found after a share of the work.

    The work goes from the most to the least likely.
    """

    work: float
    """Share of the samples."""
    found: float
    """Share of the disputes."""
    precision: float
    """Share of disputes among those samples."""

    @property
    def gain(self) -> float:
        """The found share as a multiple of that of a random order."""
        return self.found / self.work


@dataclass(frozen=True, slots=True)
class QueuePrecision:
    """The share of disputes among the first ``k`` places."""

    k: int
    precision: float


@dataclass(frozen=True, slots=True)
class QueueEvaluation:
    """The metrics of a queue, as far as they are known yet."""

    in_order: OutcomeCounts
    at_random: OutcomeCounts
    last_in_order: OutcomeCounts
    """Of the last `LAST` that were decided, in either arm."""
    last_at_random: OutcomeCounts
    lacking: int
    """How many more must be decided in the random arm before the metrics below are given; 0: they are given."""
    base_rate: float | None = None
    """Share of disputes in the random arm."""
    auroc: float | None = None
    """The probability that a disputed sample had a higher prediction than one that was not."""
    interval: tuple[float, float] | None = None
    """Of ``auroc``, at 95 %."""
    points: tuple[DiscoveryPoint, ...] = ()
    """At `SHARES_OF_WORK`, estimated from the random arm."""
    precision: tuple[QueuePrecision, ...] = ()
    """At `TOP_PLACES` of the random arm, in the order of its predictions."""

    def at(self, work: float) -> DiscoveryPoint | None:
        """Return the point at one of `SHARES_OF_WORK`, if there is enough to tell."""
        return next((point for point in self.points if math.isclose(point.work, work)), None)


@dataclass(frozen=True, slots=True)
class EvaluatedEntry:
    """The prediction and the outcome of one entry."""

    predicted: float
    disputed: bool
    off: float | None
    draw: float

    @property
    def random(self) -> bool:
        """Whether the entry is in the random arm."""
        return self.draw < ranking.LEAST_SHARE


def evaluate_queue(study: Study, kind: str) -> QueueEvaluation:
    """Return the metrics of a study's queue.

    They are of entries that were undecided when they came in.
    """
    rows = QueueEntry.objects.filter(study=study, kind=kind, decided_at__isnull=False, foreseen__isnull=False)
    values = rows.order_by("-decided_at", "-pk").values_list("foreseen", "disputed", "off", "draw")[:MAX_ENTRIES]
    return evaluate_entries(
        [EvaluatedEntry(predicted or 0.0, bool(disputed), off, draw) for predicted, disputed, off, draw in values]
    )


def evaluate_entries(entries: Sequence[EvaluatedEntry]) -> QueueEvaluation:
    """Return the metrics of entries, which are given the latest first."""
    latest = entries[:LAST]
    random_arm = [entry for entry in entries if entry.random]
    arms = QueueEvaluation(
        in_order=_count_outcomes(entry for entry in entries if not entry.random),
        at_random=_count_outcomes(random_arm),
        last_in_order=_count_outcomes(entry for entry in latest if not entry.random),
        last_at_random=_count_outcomes(entry for entry in latest if entry.random),
        lacking=_count_missing(random_arm),
    )
    if arms.lacking:
        return arms
    auroc = compute_auroc(random_arm)
    return QueueEvaluation(
        arms.in_order,
        arms.at_random,
        arms.last_in_order,
        arms.last_at_random,
        lacking=0,
        base_rate=arms.at_random.share,
        auroc=auroc,
        interval=compute_auroc_interval(
            auroc, arms.at_random.disputed, arms.at_random.decided - arms.at_random.disputed
        ),
        points=tuple(compute_discovery_points(random_arm, SHARES_OF_WORK)),
        precision=tuple(
            QueuePrecision(k, compute_discovery_points(random_arm, [k / len(random_arm)])[0].precision)
            for k in TOP_PLACES
            if 2 * k <= len(random_arm)
        ),
    )


def compute_auroc(entries: Sequence[EvaluatedEntry]) -> float:
    """Return the AUROC of the predicted disputes.

    It is the probability that a disputed entry had a higher prediction than one that was not; ties count half.

    Raises:
        ValueError: all or none were disputed.
    """
    wins = below = 0.0
    for _, equals in groupby(sorted(entries, key=_predicted_value), key=_predicted_value):
        group = list(equals)
        disputed = sum(entry.disputed for entry in group)
        wins += disputed * (below + (len(group) - disputed) / 2)
        below += len(group) - disputed
    disputed = sum(entry.disputed for entry in entries)
    if not disputed or not below:
        raise ValueError("of one kind alone nothing can be told apart")
    return wins / (disputed * below)


def compute_discovery_points(entries: Sequence[EvaluatedEntry], shares: Iterable[float]) -> list[DiscoveryPoint]:
    """Return the disputes found within each share of the work.

    It goes from the most likely on; equals come in any order.
    """
    curve = [(0.0, 0.0)]
    for _, equals in groupby(sorted(entries, key=_predicted_value, reverse=True), key=_predicted_value):
        group = list(equals)
        curve.append((curve[-1][0] + len(group), curve[-1][1] + sum(entry.disputed for entry in group)))
    count, disputes = curve[-1]
    points = []
    for share in shares:
        found = _interpolate(curve, share * count)
        points.append(DiscoveryPoint(share, found / disputes, found / (share * count)))
    return points


def _interpolate(curve: Sequence[tuple[float, float]], position: float) -> float:
    """Return the height of a line through rising points at a position."""
    for (left, low), (right, high) in pairwise(curve):
        if position <= right:
            return low + (high - low) * (position - left) / (right - left)
    return curve[-1][1]


def _predicted_value(entry: EvaluatedEntry) -> float:
    return entry.predicted


def _count_outcomes(entries: Iterable[EvaluatedEntry]) -> OutcomeCounts:
    outcomes = [(entry.disputed, entry.off) for entry in entries]
    errors = [off for off in map(itemgetter(1), outcomes) if off is not None]
    return OutcomeCounts(
        len(outcomes), sum(disputed for disputed, _ in outcomes), math.fsum(errors) / len(errors) if errors else None
    )


def _count_missing(random_arm: Sequence[EvaluatedEntry]) -> int:
    disputed = sum(entry.disputed for entry in random_arm)
    missing = max(MIN_RANDOM - len(random_arm), MIN_EITHER - disputed, MIN_EITHER - (len(random_arm) - disputed))
    return max(0, missing)


def compute_auroc_interval(auroc: float, disputed: int, others: int) -> tuple[float, float]:
    """Return the 95 % interval of an AUROC, by Hanley's and McNeil's error."""
    q1, q2 = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    square = auroc**2
    variance = (auroc * (1 - auroc) + (disputed - 1) * (q1 - square) + (others - 1) * (q2 - square)) / (
        disputed * others
    )
    half = _Z * math.sqrt(max(0.0, variance))
    return max(0.0, auroc - half), min(1.0, auroc + half)
