"""What became of what the review queue foresaw, with the random arm to hold it against. Read-only.

In the random arm is who drew less than `priority.LEAST_SHARE`, whatever else was in the queue then or is now: of all
samples that came in it is an even sample, whoever worked on what first. The rest is in order.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

from annotation.models import QueueEntry, Study

from . import ranking

LAST = 100
"""So many of the latest are told of by themselves."""
MOST = 5_000
"""No more of the latest are looked at."""
LEAST_RANDOM, LEAST_EITHER = 20, 5
"""With fewer at random, or fewer that were and were not disputed, nothing is claimed."""
SHARES_OF_WORK = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
PLACES = (10, 50)
"""From the top of those decided at random; told where these are twice as many at least."""
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many of some entries turned out as the queue expects."""

    decided: int = 0
    disputed: int = 0
    off: float | None = None
    """How far the judge was from the people, on average over those of which it said something."""

    @property
    def share(self) -> float | None:
        """How many of those decided were disputed."""
        return self.disputed / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class DiscoveryPoint:
    """What is found in the first part of the work where it goes from the most to the least likely."""

    work: float
    """Share of the samples."""
    found: float
    """Share of the disputes."""
    precision: float
    """Share of disputes among those samples."""

    @property
    def gain(self) -> float:
        """How many times as much as by chance."""
        return self.found / self.work


@dataclass(frozen=True, slots=True)
class QueuePrecision:
    """How many of the first places are disputes."""

    k: int
    precision: float


@dataclass(frozen=True, slots=True)
class QueueEvaluation:
    """What the queue is worth, as far as is known yet."""

    in_order: OutcomeCounts
    at_random: OutcomeCounts
    last_in_order: OutcomeCounts
    """Of the last `LAST` that were decided, in either arm."""
    last_at_random: OutcomeCounts
    lacking: int
    """How many more must be decided in the random arm before the figures below are given; 0: they are there."""
    base_rate: float | None = None
    """Share of disputes in the random arm."""
    auroc: float | None = None
    """The chance that of a sample that was disputed and one that was not the former was held more likely."""
    interval: tuple[float, float] | None = None
    """Of ``auroc``, at 95 %."""
    points: tuple[DiscoveryPoint, ...] = ()
    """At `SHARES_OF_WORK`, estimated from the random arm."""
    precision: tuple[QueuePrecision, ...] = ()
    """At `PLACES` of the random arm, put in order by what was foreseen."""

    def at(self, work: float) -> DiscoveryPoint | None:
        """Return the point at one of `SHARES_OF_WORK`, if there is enough to tell."""
        return next((point for point in self.points if math.isclose(point.work, work)), None)


@dataclass(frozen=True, slots=True)
class EvaluatedEntry:
    """What was foreseen of one sample and what became of it."""

    foreseen: float
    disputed: bool
    off: float | None
    draw: float

    @property
    def random(self) -> bool:
        """Is it in the random arm?"""
        return self.draw < ranking.LEAST_SHARE


def evaluate_queue(study: Study, kind: str) -> QueueEvaluation:
    """Return what a study's queue is worth: of entries of which something was left to foresee when they came in."""
    rows = QueueEntry.objects.filter(study=study, kind=kind, decided_at__isnull=False, foreseen__isnull=False)
    values = rows.order_by("-decided_at", "-pk").values_list("foreseen", "disputed", "off", "draw")[:MOST]
    return evaluate_entries(
        [EvaluatedEntry(foreseen or 0.0, bool(disputed), off, draw) for foreseen, disputed, off, draw in values]
    )


def evaluate_entries(became: Sequence[EvaluatedEntry]) -> QueueEvaluation:
    """Return the figures of these samples, the latest first."""
    latest = became[:LAST]
    random = [one for one in became if one.random]
    arms = QueueEvaluation(
        in_order=_tally(one for one in became if not one.random),
        at_random=_tally(random),
        last_in_order=_tally(one for one in latest if not one.random),
        last_at_random=_tally(one for one in latest if one.random),
        lacking=_lacking(random),
    )
    if arms.lacking:
        return arms
    auroc = auroc_of(random)
    return QueueEvaluation(
        arms.in_order,
        arms.at_random,
        arms.last_in_order,
        arms.last_at_random,
        lacking=0,
        base_rate=arms.at_random.share,
        auroc=auroc,
        interval=interval_of(auroc, arms.at_random.disputed, arms.at_random.decided - arms.at_random.disputed),
        points=tuple(found_by_share(random, SHARES_OF_WORK)),
        precision=tuple(
            QueuePrecision(k, found_by_share(random, [k / len(random)])[0].precision)
            for k in PLACES
            if 2 * k <= len(random)
        ),
    )


def auroc_of(became: Sequence[EvaluatedEntry]) -> float:
    """Return the chance that one that was disputed was held more likely than one that was not; ties count half.

    Raises:
        ValueError: all or none were disputed.
    """
    wins = below = 0.0
    for _, same in groupby(sorted(became, key=_likely), key=_likely):
        group = list(same)
        hits = sum(one.disputed for one in group)
        wins += hits * (below + (len(group) - hits) / 2)
        below += len(group) - hits
    hits = sum(one.disputed for one in became)
    if not hits or not below:
        raise ValueError("of one kind alone nothing can be told apart")
    return wins / (hits * below)


def found_by_share(became: Sequence[EvaluatedEntry], shares: Iterable[float]) -> list[DiscoveryPoint]:
    """Return what is found within each share of the work, from the most likely on; equals come in any order."""
    curve = [(0.0, 0.0)]
    for _, same in groupby(sorted(became, key=_likely, reverse=True), key=_likely):
        group = list(same)
        curve.append((curve[-1][0] + len(group), curve[-1][1] + sum(one.disputed for one in group)))
    count, hits = curve[-1]
    points = []
    for share in shares:
        found = _on(curve, share * count)
        points.append(DiscoveryPoint(share, found / hits, found / (share * count)))
    return points


def _on(curve: Sequence[tuple[float, float]], place: float) -> float:
    """Return the height of a line through rising points at a place."""
    for (left, low), (right, high) in pairwise(curve):
        if place <= right:
            return low + (high - low) * (place - left) / (right - left)
    return curve[-1][1]


def _likely(one: EvaluatedEntry) -> float:
    return one.foreseen


def _tally(became: Iterable[EvaluatedEntry]) -> OutcomeCounts:
    rows = [(one.disputed, one.off) for one in became]
    known = [off for off in map(itemgetter(1), rows) if off is not None]
    return OutcomeCounts(
        len(rows), sum(disputed for disputed, _ in rows), math.fsum(known) / len(known) if known else None
    )


def _lacking(random: Sequence[EvaluatedEntry]) -> int:
    hits = sum(one.disputed for one in random)
    least = max(LEAST_RANDOM - len(random), LEAST_EITHER - hits, LEAST_EITHER - (len(random) - hits))
    return max(0, least)


def interval_of(auroc: float, hits: int, others: int) -> tuple[float, float]:
    """Return where the value lies at 95 %, by Hanley's and McNeil's standard error."""
    one, two = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    square = auroc**2
    variance = (auroc * (1 - auroc) + (hits - 1) * (one - square) + (others - 1) * (two - square)) / (hits * others)
    half = _Z * math.sqrt(max(0.0, variance))
    return max(0.0, auroc - half), min(1.0, auroc + half)
