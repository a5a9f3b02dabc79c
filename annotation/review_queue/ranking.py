"""The rules of ranking samples in a queue, with reasons. PURE.

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

from annotation.core import stable_hash

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
    """The kinds of queues."""

    DISPUTED = "disputed"
    LABEL_NEXT = "label_next"
    AUDIT = "audit"


class OrderPurpose(StrEnum):
    """The purposes of an order."""

    SHOW = "show"
    """Somebody looks at the samples: those that are in dispute come first."""
    ASK = "ask"
    """Somebody scores the samples: one whose dispute is known already needs no further score to show it."""


class ReasonKind(StrEnum):
    """The kinds of reasons for an entry's place."""

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
    """The evidence about one dimension of one sample.

    The judge's fields are None where it has no prediction.
    """

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
    disputes_per_score: float | None = None
    """How many disputes each further score of the sample is predicted to show; what is asked for goes by it."""


@dataclass(frozen=True, slots=True)
class SampleEvidence:
    """The evidence about one sample, without the dimensions that a rule decides."""

    sample: int
    name: str
    """Opaque and lasting: the random number is drawn from it."""
    cluster: int | None
    """Of its content."""
    dimensions: tuple[DimensionEvidence, ...]


@dataclass(frozen=True, slots=True)
class RankingReason:
    """The reason for an entry's place, with the numbers of its dimension."""

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
    samples: Iterable[SampleEvidence],
    queue: QueueKind,
    *,
    seed: int,
    share: float = LEAST_SHARE,
    purpose: OrderPurpose = OrderPurpose.SHOW,
) -> list[RankedEntry]:
    """Return the entries of samples in the order of their places.

    Whoever draws less than ``share`` is random, whatever the queue holds; where these are too few, the next lowest
    draws join them. Which samples belong in the queue is the caller's to say.

    Raises:
        ValueError: the share is below `LEAST_SHARE` or above 1, or a sample comes twice.
    """
    if not LEAST_SHARE <= share <= 1:
        raise ValueError(f"a share of {share} drawn at random is not between {LEAST_SHARE} and 1")
    drawn = sorted(
        ((draw_number(sample.name, queue, seed=seed), sample.name, sample) for sample in samples), key=itemgetter(0, 1)
    )
    if len({sample.sample for _, _, sample in drawn}) < len(drawn):
        raise ValueError("a sample comes twice")
    least = math.ceil(round(share * len(drawn), _DIGITS))
    weights = [weigh_sample(sample, queue, purpose) for _, _, sample in drawn]
    random = [number < least or draw < share for number, (draw, _, _) in enumerate(drawn)]
    if queue is QueueKind.LABEL_NEXT:
        _spread_over_clusters(weights, [sample.cluster for _, _, sample in drawn], random)
    entries = [
        RankedEntry(
            sample=sample.sample,
            queue=queue,
            random=is_random,
            draw=draw,
            rank=weight.rank,
            dimension=weight.dimension,
            reason=replace(weight.reason, kind=ReasonKind.RANDOM) if is_random else weight.reason,
        )
        for (draw, _, sample), weight, is_random in zip(drawn, weights, random, strict=True)
    ]
    # Sorting keeps the order of equals: that of the draws.
    in_order = sorted((entry for entry in entries if not entry.random), key=attrgetter("rank"), reverse=True)
    every = math.floor(round(1 / share, _DIGITS))
    return interleave_random(in_order, [entry for entry in entries if entry.random], every=every)


def interleave_random(ordered: Sequence[T], random: Sequence[T], *, every: int = 5) -> list[T]:
    """Return both lists merged, every fifth place being random.

    What is left of either follows. ``every`` may be another number than five.
    """
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
    """Return the random number of a sample in a queue, always the same.

    It is from 0 to below 1.
    """
    return int.from_bytes(stable_hash.stable_digest("queue", seed, queue.value, name)[:8]) / 2**64


def weigh_sample(sample: SampleEvidence, queue: QueueKind, purpose: OrderPurpose = OrderPurpose.SHOW) -> SampleWeight:
    """Return a sample's rank by itself, the dimension that it rests on, and why.

    In the queue for labels the first figure of the rank depends on the other samples; here it is that of the first of
    a content cluster.
    """
    rank_of = _RANK_FUNCTIONS[queue]
    highest: tuple[Rank, DimensionEvidence] | None = None
    for dimension in sample.dimensions:
        rank = rank_of(dimension, purpose)
        if rank is not None and (highest is None or rank > highest[0]):
            highest = rank, dimension
    if highest is None:
        return SampleWeight((0.0, 0.0, 0.0), None, RankingReason(ReasonKind.NOTHING))
    return SampleWeight(highest[0], highest[1].key, _REASON_FUNCTIONS[queue](highest[1]))


def observed_range(values: Sequence[float]) -> float:
    """Return the highest less the lowest value; 0 without values."""
    return round(max(values) - min(values), _DIGITS) if values else 0.0


def _rank_disputed(dimension: DimensionEvidence, purpose: OrderPurpose) -> Rank:
    """Rank by observed range, probability of a dispute, then gap to the judge.

    Scoring looks for disputes that are not known yet: there the disputes expected of a further score come first, which
    take account of the range, and samples in dispute come last.
    """
    spread = observed_range(dimension.values)
    chance, gap = dimension.chance or 0.0, _gap_to_people(dimension) or 0.0
    if purpose is OrderPurpose.SHOW:
        return spread, chance, gap
    expected = chance if dimension.disputes_per_score is None else dimension.disputes_per_score
    return (-1.0, 0.0, 0.0) if spread >= DISPUTE else (expected, chance, gap)


def _explain_disputed(dimension: DimensionEvidence) -> RankingReason:
    if not dimension.values:
        kind = ReasonKind.NOTHING if dimension.chance is None else ReasonKind.FORESEEN
    elif observed_range(dimension.values):
        kind = ReasonKind.SPREAD
    else:
        kind = ReasonKind.ONE_SCORE if len(dimension.values) == 1 else ReasonKind.AGREEING
    return _make_reason(kind, dimension, _gap_to_people(dimension))


def _rank_label_next(dimension: DimensionEvidence, _: OrderPurpose) -> Rank:
    """Rank by how much the judge's models differ, then by the probability of a dispute."""
    return 0.0, dimension.ensemble_sd or 0.0, dimension.chance or 0.0


def _explain_label(dimension: DimensionEvidence) -> RankingReason:
    kind = ReasonKind.NOTHING if dimension.chance is None else ReasonKind.FORESEEN
    return _make_reason(kind if dimension.ensemble_sd is None else ReasonKind.ENSEMBLE, dimension, None)


def _rank_audit(dimension: DimensionEvidence, _: OrderPurpose) -> Rank | None:
    """Rank by the gap from agreed value to judge, in its own uncertainty."""
    if dimension.final is None or dimension.expected is None:
        return None
    gap = abs(dimension.final - dimension.expected)
    unit = (dimension.interval[1] - dimension.interval[0]) / 2 if dimension.interval is not None else dimension.sd
    return (gap if unit is None else gap / max(unit, _NARROWEST)), gap, 0.0


def _explain_audit(dimension: DimensionEvidence) -> RankingReason:
    rank = _rank_audit(dimension, OrderPurpose.SHOW)
    assert rank is not None
    assert dimension.final is not None
    half_widths, gap, _ = rank
    outside = (
        half_widths > 1
        if dimension.interval is None
        else not dimension.interval[0] <= dimension.final <= dimension.interval[1]
    )
    return _make_reason(ReasonKind.AUDIT_OUTSIDE if outside else ReasonKind.AUDIT_WITHIN, dimension, gap, half_widths)


def _gap_to_people(dimension: DimensionEvidence) -> float | None:
    if not dimension.values or dimension.expected is None:
        return None
    return abs(dimension.expected - sum(dimension.values) / len(dimension.values))


def _spread_over_clusters(weights: list[SampleWeight], clusters: Sequence[int | None], random: Sequence[bool]) -> None:
    """Put into each rank how many of its cluster precede it.

    So the first of every cluster comes before any second.

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


_RANK_FUNCTIONS = {
    QueueKind.DISPUTED: _rank_disputed,
    QueueKind.LABEL_NEXT: _rank_label_next,
    QueueKind.AUDIT: _rank_audit,
}
_REASON_FUNCTIONS = {
    QueueKind.DISPUTED: _explain_disputed,
    QueueKind.LABEL_NEXT: _explain_label,
    QueueKind.AUDIT: _explain_audit,
}


def _make_reason(
    kind: ReasonKind, dimension: DimensionEvidence, gap: float | None, half_widths: float | None = None
) -> RankingReason:
    return RankingReason(
        kind=kind,
        values=dimension.values,
        range=observed_range(dimension.values) if dimension.values else None,
        chance=dimension.chance,
        expected=dimension.expected,
        gap=gap,
        ensemble_sd=dimension.ensemble_sd,
        final=dimension.final,
        half_widths=half_widths,
    )
