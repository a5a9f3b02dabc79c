"""The rules of forecasting a protocol's disputes and hours per tolerance. PURE.

A forecast rests on the scores so far.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.scoring.consistency import (
    AgreedValue,
    ConsistencyRules,
    DisputedValues,
    OneMoreNeeded,
    check_dimensions_agree,
    needs_review,
)

SECONDS_A_SCORE = 60.0
"""Assumed for scoring a sample where nobody's time is known."""
SECONDS_A_TOPIC = 45.0
"""Assumed for one person's part in discussing one dimension where nobody's time is known."""
LEAST_TIMES = 10
"""From so many measured times on they speak for the others."""
MOST_TOLERANCES = 4
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class ObservedSample:
    """The independent values of one sample, by dimension.

    Each dimension has as many as the protocol asks for.
    """

    sample: str
    values: Mapping[Hashable, Sequence[float]]
    by_rule: Sequence[float] = ()
    """What the dimensions with a missing side are set to."""


@dataclass(frozen=True, slots=True)
class WorkTime:
    """The seconds for one piece of work.

    ``measured`` is the number of times that they rest on; 0 means that they are assumed.
    """

    seconds: float
    measured: int = 0


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """The forecast for one tolerance.

    The shares are of all samples, the hours for all of them together.
    """

    tolerance: float
    disputed: int
    disputed_share: float
    interval: tuple[float, float]
    """95 % interval of the share."""
    topics: float
    """Disputed dimensions a sample, on average over all samples."""
    one_more_share: float
    """Needs one more score to break a tie."""
    review_share: float
    """Would be agreed at once and go to somebody new."""
    hours_scoring: float
    hours_discussing: float


@dataclass(frozen=True, slots=True)
class RuleForecast:
    """Forecasts by rising tolerance, and what they rest on.

    Without rows, ``needed`` says what is missing.
    """

    rows: Sequence[ForecastRow]
    samples: int
    """On how many scored samples it rests."""
    sample_count: int
    """How many samples the hours are for."""
    k: int
    scoring: WorkTime
    discussing: WorkTime
    needed: str = ""

    @property
    def basis(self) -> dict[str, Any]:
        """Where the hours come from, as plain values."""
        return {
            "samples": self.samples,
            "of": self.sample_count,
            "annotators_per_sample": self.k,
            "seconds_a_score": self.scoring.seconds,
            "scores_timed": self.scoring.measured,
            "seconds_a_topic": self.discussing.seconds,
            "topics_timed": self.discussing.measured,
        }


def mean_time(seconds: Sequence[float], *, assumed: float) -> WorkTime:
    """Return the mean of measured times, or what is assumed where there are too few."""
    if len(seconds) < LEAST_TIMES:
        return WorkTime(assumed)
    return WorkTime(sum(seconds) / len(seconds), len(seconds))


def candidate_tolerances(
    levels: Sequence[Sequence[float]], *, also: float = 0, most: int = MOST_TOLERANCES
) -> list[float]:
    """Return about ``most`` tolerances to forecast.

    They are 0, distances between levels, and ``also``.

    The smallest come first; where there is room for more but not for all, the rest are spread over the scale.
    """
    unique_distances = {round(high - low, 9) for values in levels for low in values for high in values if high > low}
    distances = sorted(unique_distances)
    small, wide = distances[: MOST_TOLERANCES - 1], distances[MOST_TOLERANCES - 1 :]
    room = max(0, most - MOST_TOLERANCES)
    step = math.ceil(len(wide) / room) if room else 0
    return sorted({0.0, float(also), *small, *(wide[step - 1 :: step] if step else ())})


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson.

    It stays within 0 and 1, and is not empty even for shares of 0 and 1.
    """
    if not total:
        return 0.0, 1.0
    share, spread = count / total, _Z * _Z / total
    middle = (share + spread / 2) / (1 + spread)
    reach = _Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    # At the ends the formula says exactly 0 or 1; the arithmetic does not.
    return (max(0.0, middle - reach) if count else 0.0), (min(1.0, middle + reach) if count < total else 1.0)


def forecast_rows(
    observed: Sequence[ObservedSample],
    *,
    levels: Mapping[Hashable, Sequence[float]],
    rules: Mapping[str, Any],
    tolerances: Sequence[float],
    sample_count: int,
    scoring: WorkTime,
    discussing: WorkTime,
) -> list[ForecastRow]:
    """Return the forecast of ``rules`` for each tolerance.

    The observed samples are judged, and their shares taken for all ``sample_count`` samples.

    A discussion that only a review would open is not counted: nobody has reviewed yet.
    """
    return [
        _forecast_row(
            observed,
            levels=levels,
            rules=rules,
            tolerance=tolerance,
            sample_count=sample_count,
            scoring=scoring,
            discussing=discussing,
        )
        for tolerance in tolerances
        if observed
    ]


def _forecast_row(
    observed: Sequence[ObservedSample],
    *,
    levels: Mapping[Hashable, Sequence[float]],
    rules: Mapping[str, Any],
    tolerance: float,
    sample_count: int,
    scoring: WorkTime,
    discussing: WorkTime,
) -> ForecastRow:
    judge = ConsistencyRules(
        tolerance=tolerance, tie_rule=rules["tie_rule"], decide=rules["decide"], may_ask_one_more=True
    )
    disputed = topics = one_more = reviews = 0
    for sample in observed:
        judged = check_dimensions_agree(sample.values, levels, judge).values()
        differing = sum(isinstance(agreement, DisputedValues) for agreement in judged)
        if differing:
            disputed += 1
            topics += differing
        elif any(isinstance(agreement, OneMoreNeeded) for agreement in judged):
            one_more += 1
        else:
            finals = [*(agreement.value for agreement in judged if isinstance(agreement, AgreedValue)), *sample.by_rule]
            reviews += needs_review(
                cross_review=rules["cross_review"],
                share=rules["review_share"],
                threshold=rules["review_threshold"],
                finals=finals,
                sample=sample.sample,
            )
    n = len(observed)
    k = rules["annotators_per_sample"]
    return ForecastRow(
        tolerance=tolerance,
        disputed=disputed,
        disputed_share=disputed / n,
        interval=share_interval(disputed, n),
        topics=topics / n,
        one_more_share=one_more / n,
        review_share=reviews / n,
        hours_scoring=sample_count * (k + (one_more + reviews) / n) * scoring.seconds / 3600,
        hours_discussing=sample_count * topics / n * k * discussing.seconds / 3600,
    )
