"""What came of the play, as numbers: read from what is stored, so that they can be told again."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Min, QuerySet

from annotation.core.score_rules import first_round_scores
from annotation.judges.prediction_pairs import compare_runs
from annotation.models import (
    Arm,
    Assignment,
    Discussion,
    FinalScore,
    Protocol,
    QueueEntry,
    Rating,
    Sample,
    Score,
    Stance,
    StudyFigures,
)
from annotation.review_queue.evaluation import EvaluatedEntry, compute_auroc, compute_auroc_interval
from annotation.suggestions.unseen_predictions import fair_predictions

from .context import SECOND, LoopContext

FIFTH = 0.2


@dataclass(frozen=True, slots=True)
class BatchScoring:
    """How one batch was scored."""

    samples: int
    arms: Mapping[str, int]
    """Scores by arm."""
    reviews: int
    disputed: int
    """Samples."""
    off: float
    """Root mean square of what single values are off what samples deserve."""


@dataclass(frozen=True, slots=True)
class DiscussionMeasure:
    """What discussing one batch came to."""

    cases: int
    stances: int
    moved: int
    agreed: int
    """Samples."""
    off: float
    """Root mean square of what agreed values are off what samples deserve."""


@dataclass(frozen=True, slots=True)
class JudgeAccuracy:
    """How near a judge comes to agreed scores on one dimension, beside what it has to beat and beside a person."""

    dimension: str
    samples: int
    rmse: float
    interval: tuple[float, float] | None
    baselines: Mapping[str, float]
    person: float | None


@dataclass(frozen=True, slots=True)
class JudgeComparison:
    """Two judges on the same samples of one dimension."""

    dimension: str
    samples: int
    first: float
    second: float
    difference: float
    """The first one's RMSE less the second one's: above zero the second is nearer to people."""
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class AnchoringMeasure:
    """What one arm did to people, over all dimensions."""

    arm: str
    values: int
    pull: float
    interval: tuple[float, float] | None
    alarm: bool
    acceptance: float
    """Share of values that are the judge's in the end."""
    coincidence: float
    """Share of blind values that are what the judge would have shown."""
    seconds: float
    """Median of a score, the answer to the judge included."""
    blind_seconds: float


@dataclass(frozen=True, slots=True)
class QueueMeasure:
    """What the queue of disputes was worth on the samples of the second batch that two people or more scored alone.

    Of the others nobody knows how far people would have been apart without the judge.
    """

    samples: int
    disputed: int
    """Those on which two annotators were two points or more apart, without having seen the judge."""
    first_fifth: float
    """Share of these among the fifth that was opened first."""
    auroc: float
    """How well the chance that was foreseen before the first score tells them from the others."""
    interval: tuple[float, float]
    in_order: float
    """Share disputed of those that stood in order,"""
    at_random: float
    """and of those drawn at random, who stand for all."""


def measure_scoring(play: LoopContext, batch: str) -> BatchScoring:
    """Return how one batch was scored."""
    there = play.batch(batch)
    given = Score.objects.filter(first_round_scores(), sample__in=there).order_by()
    arms = dict(given.values_list("arm").annotate(n=Count("pk")))
    k = Protocol.objects.values_list("annotators_per_sample", flat=True).get(study=play.study, current=True)
    ratings = Rating.objects.filter(score__in=given)
    return BatchScoring(
        samples=there.count(),
        arms={str(arm.label): arms.get(arm.value, 0) for arm in Arm},
        reviews=Assignment.objects.filter(sample__in=there, slot__gt=k, state=Assignment.State.SCORED).count(),
        disputed=Discussion.objects.filter(sample__in=there).count(),
        off=_off(play, ratings.values_list("score__sample__external_id", "dimension__key", "level__value")),
    )


def measure_discussions(play: LoopContext, batch: str) -> DiscussionMeasure:
    """Return what discussing one batch came to."""
    cases = Discussion.objects.filter(sample__in=play.batch(batch), state=Discussion.State.CLOSED)
    stances = Stance.objects.filter(participant__discussion__in=cases)
    return DiscussionMeasure(
        cases=cases.count(),
        stances=stances.count(),
        moved=stances.exclude(level=F("first")).count(),
        agreed=play.batch(batch).filter(state=Sample.State.AGREED).count(),
        off=_off(play, agreed_values(play, batch).values_list("sample__external_id", "dimension__key", "level__value")),
    )


def agreed_values(play: LoopContext, batch: str) -> QuerySet[FinalScore]:
    """Return the agreed values of one batch that no rule has set."""
    there = FinalScore.objects.filter(sample__in=play.batch(batch), current=True, level__isnull=False)
    return there.exclude(outcome=FinalScore.Outcome.BY_RULE)


def count_origins(play: LoopContext, batch: str) -> Counter[str]:
    """Return how many agreed values of one batch come from where."""
    rows = agreed_values(play, batch).order_by().values_list("label_origin").annotate(n=Count("pk"))
    return Counter({str(origin): count for origin, count in rows})


def count_predictions(play: LoopContext) -> dict[str, int]:
    """Return of how many samples the first judge has said something: in all, fairly, and out of fold."""
    judge = play.judge(1)
    assert judge is not None
    return {
        "all": judge.predictions.count(),
        "fair": fair_predictions(judge).count(),
        "out_of_fold": judge.predictions.filter(out_of_fold=True).count(),
    }


def measure_judge(play: LoopContext, number: int) -> list[JudgeAccuracy]:
    """Return how a judge did on the test part of the release that it learned from."""
    judge = play.judge(number)
    assert judge is not None
    card = judge.scorecards.get(release=judge.release).cards["final"]
    return [
        JudgeAccuracy(
            dimension=one["key"],
            samples=one["asked"]["samples"],
            rmse=one["asked"]["rmse"],
            interval=_pair(one["asked"]["rmse_interval"]),
            baselines={base["baseline"]: base["rmse"] for base in one["baselines"]},
            person=one["ceiling"]["rmse"] if one["ceiling"] else None,
        )
        for one in card["dimensions"]
    ]


def compared_judges(play: LoopContext) -> list[JudgeComparison]:
    """Return how the first judge compares with the second on the test part of the second release."""
    release = play.release(2)
    cards = []
    for number in (1, 2):
        judge = play.judge(number)
        assert judge is not None
        cards.append(judge.scorecards.select_related("release").get(release=release))
    return [
        JudgeComparison(
            dimension=one["key"],
            samples=one["samples"],
            first=one["first"]["rmse"],
            second=one["second"]["rmse"],
            difference=one["rmse_difference"],
            interval=_pair(one["rmse_interval"]),
        )
        for one in compare_runs(*cards)["dimensions"]
    ]


def measure_anchoring(play: LoopContext) -> list[AnchoringMeasure]:
    """Return what each arm did to people."""
    data = StudyFigures.objects.get(study=play.study, kind=StudyFigures.Kind.INFLUENCE).data
    seconds = {row["arm"]: row["seconds"] for row in data["arms"]}
    return [
        AnchoringMeasure(
            arm=row["arm"],
            values=row["values"],
            pull=row["pull"],
            interval=_pair(row["interval"]),
            alarm=row["alarm"],
            acceptance=row["acceptance"],
            coincidence=row["coincidence"],
            seconds=seconds[row["arm"]],
            blind_seconds=seconds["blind"],
        )
        for row in data["rows"]
        if row["dimension"] is None
    ]


def measure_queue(play: LoopContext) -> QueueMeasure | None:
    """Return what the queue of disputes was worth; None where all or no samples were disputed."""
    entries = QueueEntry.objects.filter(sample__in=play.batch(SECOND), kind=QueueEntry.Kind.DISPUTED)
    known = entries.filter(decided_at__isnull=False, foreseen__isnull=False)
    became = [
        EvaluatedEntry(foreseen, bool(disputed), None, draw)
        for foreseen, disputed, draw in known.values_list("foreseen", "disputed", "draw")
        if foreseen is not None
    ]
    hits = sum(one.disputed for one in became)
    if hits in (0, len(became)):
        return None
    opened = known.annotate(opened=Min("sample__assignments__leased_at")).order_by("opened")
    first = list(opened.values_list("disputed", flat=True))[: round(FIFTH * len(became))]
    auroc = compute_auroc(became)
    arms = [[one.disputed for one in became if one.random == random] for random in (False, True)]
    return QueueMeasure(
        samples=len(became),
        disputed=hits,
        first_fifth=sum(map(bool, first)) / hits,
        auroc=auroc,
        interval=compute_auroc_interval(auroc, hits, len(became) - hits),
        in_order=sum(arms[0]) / len(arms[0]),
        at_random=sum(arms[1]) / len(arms[1]),
    )


def _off(play: LoopContext, values: Iterable[tuple[str, str, float]]) -> float:
    squares = [(value - play.truths[name][key]) ** 2 for name, key, value in values]
    return math.sqrt(sum(squares) / len(squares)) if squares else math.nan


def _pair(ends: Any) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
