"""PURE. The order of a queue, with reasons: which sample to look at next, and why it stands where it stands.

One function makes every order, for pages, for who scores next and for the replay of a finished study. At least a fifth
of each queue is drawn at random and marked, so that what the order claims can be measured against chance.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import TypeVar

from annotation.core import stable_hash as chance

LEAST_SHARE = 0.2
"""Of a queue, what is drawn at random: with less nothing could be said about the order."""
DISPUTE = 2.0
"""From this range on two annotators differ by enough to be a dispute."""

# Levels may be tenths, whose differences are no round numbers.
_DIGITS = 9
# In levels: no judge knows better than this, and nothing is divided by nothing.
_NARROWEST = 0.05

T = TypeVar("T")
Rank = tuple[float, float, float]


class QueueKind(StrEnum):
    """What a queue is for."""

    DISPUTED = "disputed"
    LABEL_NEXT = "label_next"
    AUDIT = "audit"


class OrderPurpose(StrEnum):
    """What is done with the order."""

    SHOW = "show"
    """Somebody looks at the samples: those that are in dispute come first."""
    ASK = "ask"
    """Somebody scores the samples: one whose dispute is known already needs no further score to show it."""


class ReasonKind(StrEnum):
    """Why an entry stands where it stands."""

    SPREAD = "spread"
    """Annotators differ."""
    AGREEING = "agreeing"
    """Several annotators gave the same."""
    ONE_SCORE = "one_score"
    FORESEEN = "foreseen"
    """No scores yet, but a chance that they will differ."""
    ENSEMBLE = "ensemble"
    """The judge's models differ about it."""
    AUDIT_OUTSIDE = "audit_outside"
    """The agreed value lies outside of what the judge holds possible."""
    AUDIT_WITHIN = "audit_within"
    NOTHING = "nothing"
    """Nothing is known that would move it up."""
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class DimensionEvidence:
    """What is known of one dimension of one sample; what the judge says is None where it says nothing."""

    key: str
    values: tuple[float, ...] = ()
    """Independent ones revealed so far."""
    expected: float | None = None
    sd: float | None = None
    interval: tuple[float, float] | None = None
    p: tuple[float, ...] | None = None
    ensemble_sd: float | None = None
    chance: float | None = None
    """That two annotators of the sample differ by `DISPUTE` or more, given the values and the judge."""
    final: float | None = None
    """The agreed value."""
    promise: float | None = None
    """How many disputes each further score of the sample would show, by foresight: what is asked for goes by it."""


@dataclass(frozen=True, slots=True)
class SampleEvidence:
    """What is known of one sample; without the dimensions that a rule decides."""

    sample: int
    name: str
    """Opaque and lasting: chance is drawn from it."""
    cluster: int | None
    """Of its content."""
    dimensions: tuple[DimensionEvidence, ...]


@dataclass(frozen=True, slots=True)
class RankingReason:
    """Why an entry stands there: in one word, and the figures of the dimension that it is about."""

    kind: ReasonKind
    values: tuple[float, ...] = ()
    range: float | None = None
    """Highest less lowest value; None without values."""
    chance: float | None = None
    expected: float | None = None
    gap: float | None = None
    """How far the judge is from the people: from the mean of the values; in an audit from the agreed value."""
    ensemble_sd: float | None = None
    final: float | None = None
    half_widths: float | None = None
    """The gap in half widths of the judge's interval, or in its standard deviations where it has none."""
    place: int | None = None
    """In the queue for labels: how many of its content cluster come before it."""


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """One sample's place in a queue."""

    sample: int
    queue: QueueKind
    random: bool
    draw: float
    """From 0 to below 1, the same for ever; random entries stand in its order, and ties are broken by it."""
    rank: Rank
    """Highest first. Random entries have one too: the place that they would have had."""
    dimension: str | None
    """The one that the rank is about."""
    reason: RankingReason


@dataclass(frozen=True, slots=True)
class SampleWeight:
    """A sample's rank by itself, whatever else is in the queue."""

    rank: Rank
    dimension: str | None
    reason: RankingReason


def rank_entries(
    known: Iterable[SampleEvidence],
    queue: QueueKind,
    *,
    seed: int,
    share: float = LEAST_SHARE,
    purpose: OrderPurpose = OrderPurpose.SHOW,
) -> list[RankedEntry]:
    """Return the order of these samples, each once: the first place is the first to be opened.

    Whoever draws less than ``share`` is random, whatever the queue holds; where these are too few, the next lowest
    draws join them. Which samples belong in the queue is the caller's to say.

    Raises:
        ValueError: the share is below `LEAST_SHARE` or above 1, or a sample comes twice.
    """
    if not LEAST_SHARE <= share <= 1:
        raise ValueError(f"a share of {share} drawn at random is not between {LEAST_SHARE} and 1")
    drawn = sorted(((draw_number(one.name, queue, seed=seed), one.name, one) for one in known), key=itemgetter(0, 1))
    if len({one.sample for _, _, one in drawn}) < len(drawn):
        raise ValueError("a sample comes twice")
    least = math.ceil(round(share * len(drawn), _DIGITS))
    weights = [weigh_sample(one, queue, purpose) for _, _, one in drawn]
    random = [number < least or at < share for number, (at, _, _) in enumerate(drawn)]
    if queue is QueueKind.LABEL_NEXT:
        _spread_over_clusters(weights, [one.cluster for _, _, one in drawn], random)
    found = [
        RankedEntry(
            sample=one.sample,
            queue=queue,
            random=by_chance,
            draw=at,
            rank=weight.rank,
            dimension=weight.dimension,
            reason=replace(weight.reason, kind=ReasonKind.RANDOM) if by_chance else weight.reason,
        )
        for (at, _, one), weight, by_chance in zip(drawn, weights, random, strict=True)
    ]
    # Sorting keeps the order of equals: that of the draws.
    in_order = sorted((entry for entry in found if not entry.random), key=attrgetter("rank"), reverse=True)
    every = math.floor(round(1 / share, _DIGITS))
    return interleave_random(in_order, [entry for entry in found if entry.random], every=every)


def interleave_random(ordered: Sequence[T], random: Sequence[T], *, every: int = 5) -> list[T]:
    """Return both as one list: places 5, 10, 15, … are random while there are any; what is left of either follows."""
    merged: list[T] = []
    first = second = 0
    while first < len(ordered) or second < len(random):
        turn = (len(merged) + 1) % every == 0
        if second < len(random) and (turn or first == len(ordered)):
            merged.append(random[second])
            second += 1
        else:
            merged.append(ordered[first])
            first += 1
    return merged


def draw_number(name: str, queue: QueueKind, *, seed: int) -> float:
    """Return the number from 0 to below 1 by which chance places this sample in this queue, the same for ever."""
    return int.from_bytes(chance.stable_digest("queue", seed, queue.value, name)[:8]) / 2**64


def weigh_sample(sample: SampleEvidence, queue: QueueKind, purpose: OrderPurpose = OrderPurpose.SHOW) -> SampleWeight:
    """Return a sample's rank by itself, the dimension that it rests on, and why.

    In the queue for labels the first figure of the rank depends on the other samples; here it is that of the first of
    a content cluster.
    """
    rank_of = _RANKS[queue]
    best: tuple[Rank, DimensionEvidence] | None = None
    for seen in sample.dimensions:
        rank = rank_of(seen, purpose)
        if rank is not None and (best is None or rank > best[0]):
            best = rank, seen
    if best is None:
        return SampleWeight((0.0, 0.0, 0.0), None, RankingReason(ReasonKind.NOTHING))
    return SampleWeight(best[0], best[1].key, _REASONS[queue](best[1]))


def observed_range(values: Sequence[float]) -> float:
    """Return the highest less the lowest value; 0 without values."""
    return round(max(values) - min(values), _DIGITS) if values else 0.0


def _disputed(seen: DimensionEvidence, purpose: OrderPurpose) -> Rank:
    """Observed range first, then the chance of a dispute, then the gap between judge and people.

    Who is asked to score looks for disputes that are not known yet: what a further score promises speaks first, which
    knows of the range, and what is disputed already comes last.
    """
    spread = observed_range(seen.values)
    likely, gap = seen.chance or 0.0, _gap_to_people(seen) or 0.0
    if purpose is OrderPurpose.SHOW:
        return spread, likely, gap
    promise = likely if seen.promise is None else seen.promise
    return (-1.0, 0.0, 0.0) if spread >= DISPUTE else (promise, likely, gap)


def _why_disputed(seen: DimensionEvidence) -> RankingReason:
    if not seen.values:
        kind = ReasonKind.NOTHING if seen.chance is None else ReasonKind.FORESEEN
    elif observed_range(seen.values):
        kind = ReasonKind.SPREAD
    else:
        kind = ReasonKind.ONE_SCORE if len(seen.values) == 1 else ReasonKind.AGREEING
    return _reason(kind, seen, _gap_to_people(seen))


def _label_next(seen: DimensionEvidence, _: OrderPurpose) -> Rank:
    """How much the judge's models differ, then the chance of a dispute."""
    return 0.0, seen.ensemble_sd or 0.0, seen.chance or 0.0


def _why_label(seen: DimensionEvidence) -> RankingReason:
    kind = ReasonKind.NOTHING if seen.chance is None else ReasonKind.FORESEEN
    return _reason(kind if seen.ensemble_sd is None else ReasonKind.ENSEMBLE, seen, None)


def _audit(seen: DimensionEvidence, _: OrderPurpose) -> Rank | None:
    """How far the agreed value is from the judge, in what the judge itself takes for its uncertainty."""
    if seen.final is None or seen.expected is None:
        return None
    gap = abs(seen.final - seen.expected)
    unit = (seen.interval[1] - seen.interval[0]) / 2 if seen.interval is not None else seen.sd
    return (gap if unit is None else gap / max(unit, _NARROWEST)), gap, 0.0


def _why_audited(seen: DimensionEvidence) -> RankingReason:
    rank = _audit(seen, OrderPurpose.SHOW)
    assert rank is not None
    assert seen.final is not None
    half_widths, gap, _ = rank
    outside = half_widths > 1 if seen.interval is None else not seen.interval[0] <= seen.final <= seen.interval[1]
    return _reason(ReasonKind.AUDIT_OUTSIDE if outside else ReasonKind.AUDIT_WITHIN, seen, gap, half_widths)


def _gap_to_people(seen: DimensionEvidence) -> float | None:
    if not seen.values or seen.expected is None:
        return None
    return abs(seen.expected - sum(seen.values) / len(seen.values))


def _spread_over_clusters(weights: list[SampleWeight], clusters: Sequence[int | None], random: Sequence[bool]) -> None:
    """Put into each rank how many of the cluster come before: the first of every cluster before any second.

    Only those in order are counted, so that none of these waits for one that chance has taken elsewhere. What has no
    cluster counts as one cluster: nothing says that it is diverse.
    """
    before: dict[int | None, int] = defaultdict(int)
    for number in sorted(range(len(weights)), key=lambda number: weights[number].rank, reverse=True):
        weight, cluster = weights[number], clusters[number]
        place = before[cluster]
        before[cluster] += not random[number]
        weights[number] = SampleWeight(
            (float(-place), *weight.rank[1:]), weight.dimension, replace(weight.reason, place=place)
        )


_RANKS = {QueueKind.DISPUTED: _disputed, QueueKind.LABEL_NEXT: _label_next, QueueKind.AUDIT: _audit}
_REASONS = {QueueKind.DISPUTED: _why_disputed, QueueKind.LABEL_NEXT: _why_label, QueueKind.AUDIT: _why_audited}


def _reason(
    kind: ReasonKind, seen: DimensionEvidence, gap: float | None, half_widths: float | None = None
) -> RankingReason:
    return RankingReason(
        kind=kind,
        values=seen.values,
        range=observed_range(seen.values) if seen.values else None,
        chance=seen.chance,
        expected=seen.expected,
        gap=gap,
        ensemble_sd=seen.ensemble_sd,
        final=seen.final,
        half_widths=half_widths,
    )
