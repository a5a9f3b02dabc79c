"""Reads the scores that a forecast of rules rests on.

The forecast itself is `annotation.studies.forecast`.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Max, Q

from annotation.core import permissions
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.score_rules import complete_scores, independent_scores
from annotation.models import Discussion, Post, Protocol, Rating, Sample, Score, Study, User
from judge.missing_sides import locked_dimensions

from .forecast import (
    SECONDS_A_SCORE,
    SECONDS_A_TOPIC,
    ObservedSample,
    RuleForecast,
    WorkTime,
    candidate_tolerances,
    forecast_rows,
    mean_time,
)
from .protocol_rules import DEFAULTS, complete_rules

MOST_SAMPLES = 2000
MOST_CASES = 500
SampleRow = tuple[int, str, bool, bool]

# Complete ones, as only those decide a sample.
_OBSERVED = independent_scores() & complete_scores()


def forecast_rules(*, by: User, study: Study, wanted: Mapping[str, Any] | None = None) -> RuleForecast:
    """Return the forecast of disputes and hours per tolerance.

    It is for the current rules, or for ``wanted``.

    It rests on at most `MOST_SAMPLES` samples with all scores, drawn at random once and for all; of more scores than
    the rules ask for, the first count.
    """
    permissions.require_lead(by, study)
    if wanted is None:
        current = Protocol.objects.get(study=study, current=True)
        wanted = complete_rules({name: getattr(current, name) for name in DEFAULTS})
    k = wanted["annotators_per_sample"]
    rubric = load_rubric(study.rubric_id)
    judged = Sample.objects.filter(study=study).exclude(state=Sample.State.WITHDRAWN)
    sample_count = judged.filter(Q(has_text=True) | Q(has_image=True)).count()
    drawn = _find_scored_samples(study, k) if k > 1 else []
    observed, seconds = _observe_samples(drawn, rubric, k) if drawn else ([], [])
    scoring = mean_time(seconds, assumed=SECONDS_A_SCORE)
    discussing = _measure_topic_time(study)
    levels: dict[Hashable, Sequence[float]] = {d.id: tuple(d.level_of) for d in rubric.dimensions}
    rows = forecast_rows(
        observed,
        levels=levels,
        rules=wanted,
        tolerances=candidate_tolerances(list(levels.values()), also=wanted["tolerance"]),
        sample_count=sample_count,
        scoring=scoring,
        discussing=discussing,
    )
    needed = "" if rows else _missing_scores_text(study, k)
    return RuleForecast(rows, len(observed), sample_count, k, scoring, discussing, needed)


def _find_scored_samples(study: Study, k: int) -> list[SampleRow]:
    """Return samples that have ``k`` independent scores.

    Only where none has so many complete ones, others count, too.
    """
    samples = Sample.objects.filter(study=study).exclude(state=Sample.State.WITHDRAWN)
    drawn = samples.filter(scores_in__gte=k)
    if not drawn.exists():
        scores = Score.objects.filter(_OBSERVED, sample__in=samples).values("sample").annotate(n=Count("pk"))
        drawn = samples.filter(pk__in=scores.filter(n__gte=k).values("sample"))
    return list(drawn.order_by("shuffle", "pk").values_list("pk", "public_id", "has_text", "has_image")[:MOST_SAMPLES])


def _observe_samples(
    drawn: Sequence[SampleRow], rubric: RubricDefinition, k: int
) -> tuple[list[ObservedSample], list[float]]:
    """Return the values of samples, and the known durations of their scores."""
    scores: dict[int, list[int]] = defaultdict(list)
    seconds: list[float] = []
    rows_of_scores = Score.objects.filter(_OBSERVED, sample__in=[row[0] for row in drawn]).order_by("pk")
    for pk, sample_id, duration in rows_of_scores.values_list("pk", "sample_id", "seconds"):
        if len(scores[sample_id]) < k:
            scores[sample_id].append(pk)
            seconds += [] if duration is None else [duration]
    value_of = {level.id: level.value for dimension in rubric.dimensions for level in dimension.levels}
    values: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    score_ids = [score for of_sample in scores.values() for score in of_sample]
    for sample_id, dimension, level in Rating.objects.filter(score__in=score_ids).values_list(
        "score__sample_id", "dimension_id", "level_id"
    ):
        values[sample_id][dimension].append(value_of[level])
    observed = []
    for pk, public_id, has_text, has_image in drawn:
        locked = locked_dimensions(rubric.dimensions, has_text=has_text, has_image=has_image)
        scored: dict[Hashable, Sequence[float]] = {
            dimension.id: values[pk][dimension.id]
            for dimension in rubric.dimensions
            if dimension.key not in locked and len(values[pk][dimension.id]) == k
        }
        if scored:
            by_rule = [lock.value for lock in locked.values() if lock.value is not None]
            observed.append(ObservedSample(public_id, scored, by_rule))
    return observed, seconds


def _measure_topic_time(study: Study) -> WorkTime:
    """Return the time of one person's part in one disputed dimension.

    It is measured on the discussions closed last.
    """
    closed = Discussion.objects.filter(study=study, state=Discussion.State.CLOSED).order_by("-closed_at")
    cases = list(closed.values_list("pk", flat=True)[:MOST_CASES])
    posts = Post.objects.filter(discussion__in=cases)
    # What is sent at once is timed once, and stands at each of its posts.
    sent = posts.values("participant", "client_key").annotate(took=Max("seconds"), parts=Count("pk"))
    took: dict[int, float] = defaultdict(float)
    for row in sent:
        if row["took"] is not None:
            took[row["participant"]] += row["took"]
    topics = posts.filter(participant__in=took).values("participant").annotate(n=Count("dimension", distinct=True))
    return mean_time([took[row["participant"]] / row["n"] for row in topics], assumed=SECONDS_A_TOPIC)


def _missing_scores_text(study: Study, k: int) -> str:
    if k == 1:
        return "One annotator a sample: there is nothing that could differ, and nothing to discuss."
    counts = Score.objects.filter(_OBSERVED, sample__study=study).values("sample").annotate(n=Count("pk"))
    most = counts.order_by("-n").values_list("n", flat=True).first() or 0
    if not most:
        return f"Nobody has scored yet. The forecast begins with the first sample that has {k} scores."
    return (
        f"No sample has {k} scores yet; the most that one has is {most}. "
        f"The forecast begins with the first sample that has {k}."
    )
