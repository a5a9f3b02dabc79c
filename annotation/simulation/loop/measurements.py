"""Measures the results of the loop from stored data.

Repeated runs print the same.
"""

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
    """The scoring of one batch."""

    samples: int
    arms: Mapping[str, int]
    """Scores by arm."""
    reviews: int
    disputed: int
    """Samples."""
    rmse: float
    """Root mean square error of single values against the true values."""


@dataclass(frozen=True, slots=True)
class DiscussionMeasure:
    """The discussions of one batch."""

    cases: int
    stances: int
    moved: int
    agreed: int
    """Samples."""
    rmse: float
    """Root mean square error of agreed values against the true values."""


@dataclass(frozen=True, slots=True)
class JudgeAccuracy:
    """The error of a judge on one dimension, beside its baselines and one annotator."""

    dimension: str
    samples: int
    rmse: float
    interval: tuple[float, float] | None
    baselines: Mapping[str, float]
    annotator: float | None


@dataclass(frozen=True, slots=True)
class JudgeComparison:
    """Two judges on the same samples of one dimension."""

    dimension: str
    samples: int
    first: float
    second: float
    difference: float
    """The first judge's RMSE minus the second one's: above zero the second is nearer to annotators."""
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class AnchoringMeasure:
    """The influence of one arm on annotators, over all dimensions."""

    arm: str
    values: int
    anchoring: float
    interval: tuple[float, float] | None
    alert: bool
    acceptance: float
    """Share of values that are the judge's in the end."""
    coincidence: float
    """Share of blind values that equal what the judge would have shown."""
    seconds: float
    """Median time of a score, the revision included."""
    blind_seconds: float


@dataclass(frozen=True, slots=True)
class QueueMeasure:
    """The evaluation of the queue of disputes on the second batch.

    It takes samples that two annotators or more scored independently. For the others it is unknown how far annotators
    would have been apart without the judge.
    """

    samples: int
    disputed: int
    """Samples on which two annotators differ by two points or more without having seen the judge."""
    first_fifth: float
    """Share of the disputed samples among the fifth that was opened first."""
    auroc: float
    """Of the probability that was predicted before the first score."""
    interval: tuple[float, float]
    in_order: float
    """Share disputed of the samples that were in order."""
    at_random: float
    """Share disputed of the samples drawn at random, which represent all."""


def measure_scoring(context: LoopContext, batch: str) -> BatchScoring:
    """Return the results of the scoring of one batch."""
    samples = context.batch_samples(batch)
    scores = Score.objects.filter(first_round_scores(), sample__in=samples).order_by()
    arms = dict(scores.values_list("arm").annotate(n=Count("pk")))
    k = Protocol.objects.values_list("annotators_per_sample", flat=True).get(study=context.study, current=True)
    ratings = Rating.objects.filter(score__in=scores)
    return BatchScoring(
        samples=samples.count(),
        arms={str(arm.label): arms.get(arm.value, 0) for arm in Arm},
        reviews=Assignment.objects.filter(sample__in=samples, slot__gt=k, state=Assignment.State.SCORED).count(),
        disputed=Discussion.objects.filter(sample__in=samples).count(),
        rmse=_rmse(context, ratings.values_list("score__sample__external_id", "dimension__key", "level__value")),
    )


def measure_discussions(context: LoopContext, batch: str) -> DiscussionMeasure:
    """Return the results of the discussions of one batch."""
    cases = Discussion.objects.filter(sample__in=context.batch_samples(batch), state=Discussion.State.CLOSED)
    stances = Stance.objects.filter(participant__discussion__in=cases)
    return DiscussionMeasure(
        cases=cases.count(),
        stances=stances.count(),
        moved=stances.exclude(level=F("first")).count(),
        agreed=context.batch_samples(batch).filter(state=Sample.State.AGREED).count(),
        rmse=_rmse(
            context, agreed_values(context, batch).values_list("sample__external_id", "dimension__key", "level__value")
        ),
    )


def agreed_values(context: LoopContext, batch: str) -> QuerySet[FinalScore]:
    """Return the agreed values of one batch, without those set by a rule."""
    samples = FinalScore.objects.filter(sample__in=context.batch_samples(batch), current=True, level__isnull=False)
    return samples.exclude(outcome=FinalScore.Outcome.BY_RULE)


def count_origins(context: LoopContext, batch: str) -> Counter[str]:
    """Return the number of agreed values of one batch by label origin."""
    rows = agreed_values(context, batch).order_by().values_list("label_origin").annotate(n=Count("pk"))
    return Counter({str(origin): count for origin, count in rows})


def count_predictions(context: LoopContext) -> dict[str, int]:
    """Return the numbers of the first judge's predictions: all, fair, and out of fold."""
    judge = context.find_judge(1)
    assert judge is not None
    return {
        "all": judge.predictions.count(),
        "fair": fair_predictions(judge).count(),
        "out_of_fold": judge.predictions.filter(out_of_fold=True).count(),
    }


def measure_judge(context: LoopContext, number: int) -> list[JudgeAccuracy]:
    """Return the error of a judge on the test part of its own release."""
    judge = context.find_judge(number)
    assert judge is not None
    card = judge.scorecards.get(release=judge.release).cards["final"]
    return [
        JudgeAccuracy(
            dimension=row["key"],
            samples=row["asked"]["samples"],
            rmse=row["asked"]["rmse"],
            interval=_pair(row["asked"]["rmse_interval"]),
            baselines={base["baseline"]: base["rmse"] for base in row["baselines"]},
            annotator=row["ceiling"]["rmse"] if row["ceiling"] else None,
        )
        for row in card["dimensions"]
    ]


def compare_judges(context: LoopContext) -> list[JudgeComparison]:
    """Return the comparison of both judges on the test part of the second release."""
    release = context.find_release(2)
    cards = []
    for number in (1, 2):
        judge = context.find_judge(number)
        assert judge is not None
        cards.append(judge.scorecards.select_related("release").get(release=release))
    return [
        JudgeComparison(
            dimension=row["key"],
            samples=row["samples"],
            first=row["first"]["rmse"],
            second=row["second"]["rmse"],
            difference=row["rmse_difference"],
            interval=_pair(row["rmse_interval"]),
        )
        for row in compare_runs(*cards)["dimensions"]
    ]


def measure_anchoring(context: LoopContext) -> list[AnchoringMeasure]:
    """Return the measured anchoring of each arm."""
    data = StudyFigures.objects.get(study=context.study, kind=StudyFigures.Kind.INFLUENCE).data
    seconds = {row["arm"]: row["seconds"] for row in data["arms"]}
    return [
        AnchoringMeasure(
            arm=row["arm"],
            values=row["values"],
            anchoring=row["pull"],
            interval=_pair(row["interval"]),
            alert=row["alarm"],
            acceptance=row["acceptance"],
            coincidence=row["coincidence"],
            seconds=seconds[row["arm"]],
            blind_seconds=seconds["blind"],
        )
        for row in data["rows"]
        if row["dimension"] is None
    ]


def measure_queue(context: LoopContext) -> QueueMeasure | None:
    """Return the evaluation of the queue; None where all or no samples were disputed."""
    entries = QueueEntry.objects.filter(sample__in=context.batch_samples(SECOND), kind=QueueEntry.Kind.DISPUTED)
    decided = entries.filter(decided_at__isnull=False, foreseen__isnull=False)
    evaluated = [
        EvaluatedEntry(predicted, bool(disputed), None, draw)
        for predicted, disputed, draw in decided.values_list("foreseen", "disputed", "draw")
        if predicted is not None
    ]
    disputed_count = sum(entry.disputed for entry in evaluated)
    if disputed_count in (0, len(evaluated)):
        return None
    opened = decided.annotate(opened=Min("sample__assignments__leased_at")).order_by("opened")
    first = list(opened.values_list("disputed", flat=True))[: round(FIFTH * len(evaluated))]
    auroc = compute_auroc(evaluated)
    arms = [[entry.disputed for entry in evaluated if entry.random == random] for random in (False, True)]
    return QueueMeasure(
        samples=len(evaluated),
        disputed=disputed_count,
        first_fifth=sum(map(bool, first)) / disputed_count,
        auroc=auroc,
        interval=compute_auroc_interval(auroc, disputed_count, len(evaluated) - disputed_count),
        in_order=sum(arms[0]) / len(arms[0]),
        at_random=sum(arms[1]) / len(arms[1]),
    )


def _rmse(context: LoopContext, values: Iterable[tuple[str, str, float]]) -> float:
    squares = [(value - context.true_values[name][key]) ** 2 for name, key, value in values]
    return math.sqrt(sum(squares) / len(squares)) if squares else math.nan


def _pair(ends: Any) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
