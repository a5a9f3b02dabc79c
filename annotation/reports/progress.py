"""How far a study is, summed over all its scores and final scores: made by a job, stored, and shown with its age."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
from django.db.models import Avg, Count, F, Max, Min, Q, Sum
from django.utils import timezone

from annotation.core.score_rules import first_round_scores
from annotation.models import FinalScore, Sample, Score, Study

PACE_DAYS = 14
WEEKS = 10
LOOKED_AT_ONCE = 10_000
# What a file or the rule has settled says nothing of how fast people are.
BY_PEOPLE = ~Q(outcome__in=(FinalScore.Outcome.IMPORTED, FinalScore.Outcome.BY_RULE)) & (
    Q(sample__counts_imported=False)
    | Q(outcome__in=(FinalScore.Outcome.DISCUSSED, FinalScore.Outcome.OVERRIDDEN, FinalScore.Outcome.REVIEWED))
)


def progress_report(study: Study, *, now: datetime | None = None) -> dict[str, Any]:
    """Return the progress of a study as JSON.

    ``pace``: samples that people brought to agreement in the last ``days`` days, at most 14, fewer in a younger study;
    ``by_day`` has them per day, oldest first. ``generators``: samples, scores and states of each. ``finals``: per
    generator and dimension the mean and the population variance of the final scores of agreed samples, values by rule
    included. ``members``: valid scores of the first round of each, their median of active seconds, and the last ten
    weeks.
    """
    now = now or timezone.now()
    members, first_given = _members(study, now)
    return {
        "pace": _pace(study, first_given, now),
        "generators": _generators(study),
        "finals": _finals(study),
        "members": members,
    }


def week_name(day: date) -> str:
    """Return the ISO week of a day: 2026-W07."""
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def week_names(now: datetime, *, weeks: int = WEEKS) -> list[str]:
    """Return the names of the last weeks, this one last."""
    today = now.astimezone(UTC).date()
    return [week_name(today - timedelta(weeks=back)) for back in range(weeks - 1, -1, -1)]


def _pace(study: Study, first_given: datetime | None, now: datetime) -> dict[str, Any]:
    since = now - timedelta(days=PACE_DAYS)
    of_study = FinalScore.objects.filter(
        BY_PEOPLE, sample__study=study, sample__state=Sample.State.AGREED, current=True
    )
    recent = (
        of_study.filter(at__gte=since).values_list("sample").annotate(last=Max("at")).values_list("last", flat=True)
    )
    by_age = [0] * PACE_DAYS
    agreed = 0
    for at in recent.iterator(chunk_size=LOOKED_AT_ONCE):
        agreed += 1
        by_age[min(PACE_DAYS - 1, max(0, int((now - at) / timedelta(days=1))))] += 1
    started = min(filter(None, (first_given, of_study.aggregate(first=Min("at"))["first"])), default=now)
    days = min(PACE_DAYS, max(1, math.ceil((now - started) / timedelta(days=1))))
    return {"agreed": agreed, "days": days, "by_day": by_age[:days][::-1]}


def _generators(study: Study) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    rows = (
        Sample.objects.filter(study=study)
        .values_list("generator", "state")
        .annotate(n=Count("pk"), given=Sum("scores_in"))
        .order_by("generator")
    )
    for generator, state, n, given in rows:
        row = found.setdefault(generator, {"generator": generator, "samples": 0, "scores": 0, "states": {}})
        row["samples"] += n
        row["scores"] += given or 0
        row["states"][state] = n
    return list(found.values())


def _finals(study: Study) -> list[dict[str, Any]]:
    value = F("level__value")
    rows = (
        FinalScore.objects.filter(
            sample__study=study, sample__state=Sample.State.AGREED, current=True, level__isnull=False
        )
        .values_list("sample__generator", "dimension__key")
        .annotate(n=Count("pk"), mean=Avg(value), square=Avg(value * value))
        .order_by("sample__generator", "dimension__position")
    )
    found: dict[str, dict[str, Any]] = {}
    for generator, dimension, n, mean, square in rows:
        row = found.setdefault(generator, {"generator": generator, "dimensions": {}})
        variance = max(0.0, square - mean * mean)
        row["dimensions"][dimension] = {"n": n, "mean": round(mean, 6), "variance": round(variance, 6)}
    return list(found.values())


def _members(study: Study, now: datetime) -> tuple[list[dict[str, Any]], datetime | None]:
    """Return the work of each member, the busiest first, and when the first score was given here."""
    scores = _read_scores(study)
    given = scores.loc[scores["origin"] == Score.Origin.GIVEN, "at"].min()
    scores["recent"] = scores["at"] >= now - timedelta(days=7)
    by_member = scores.groupby("member")
    totals = by_member.agg(
        scored=("at", "size"), last_week=("recent", "sum"), seconds=("seconds", "median"), last_at=("at", "max")
    )
    weeks = week_names(now)
    by_week = scores[scores["week"].isin(weeks)].groupby(["member", "week"])["seconds"]
    counts, medians = by_week.size().to_dict(), by_week.median().to_dict()
    members = [
        {
            "member": row.Index,
            "scored": row.scored,
            "last_week": row.last_week,
            "seconds": _round_known(row.seconds),
            "last_at": None if pd.isna(row.last_at) else row.last_at.isoformat(),
            "weeks": [
                {
                    "week": week,
                    "n": counts.get((row.Index, week), 0),
                    "seconds": _round_known(medians.get((row.Index, week))),
                }
                for week in weeks
            ],
        }
        for row in totals.itertuples()
    ]
    first_given = None if pd.isna(given) else given.to_pydatetime()
    return sorted(members, key=lambda row: (-row["scored"], row["member"])), first_given


def _read_scores(study: Study) -> pd.DataFrame:
    """Return the valid first-round scores with ``member``, ``at``, ``seconds``, ``origin`` and the ISO ``week``."""
    columns = ["member", "at", "seconds", "origin"]
    rows = Score.objects.filter(first_round_scores(), member__study=study).values_list(
        "member__public_id", *columns[1:]
    )
    scores = pd.DataFrame.from_records(rows.iterator(chunk_size=LOOKED_AT_ONCE), columns=columns)
    scores["at"] = pd.to_datetime(scores["at"], utc=True)
    scores["seconds"] = scores["seconds"].astype(float)
    calendar = scores["at"].dt.isocalendar()
    scores["week"] = calendar["year"].astype(str) + "-W" + calendar["week"].astype(str).str.zfill(2)
    return scores


def _round_known(seconds: float | None) -> float | None:
    return None if seconds is None or math.isnan(seconds) else round(seconds, 1)
