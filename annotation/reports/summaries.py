"""Read-only summaries that cross tables. Nothing here may be shown to annotators except what is their own."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from annotation.core.permissions import leads_as, reads_results_as
from annotation.core.visibility import studies_visible_to
from annotation.models import Assignment, Member, Sample, Score, Study, User

LONGEST_FORECAST_DAYS = 3650
# Samples in these states wait for no more scores of the first round.
SETTLED = (Sample.State.AGREED, Sample.State.BLOCKED, Sample.State.WITHDRAWN)
ON_THE_WAY = tuple(state for state in Sample.State.values if state not in SETTLED)


@dataclass(frozen=True, slots=True)
class OwnWork:
    """What one annotator has done and holds; says nothing of anybody else."""

    scored: int = 0
    scored_today: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class MyStudy:
    """A study on somebody's front page."""

    study: Study
    member: Member | None
    leads: bool
    own: OwnWork
    samples: int | None
    """How many there are; only for those who read results."""
    agreed: int | None


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """Where a study stands."""

    by_state: dict[str, int]
    samples: int
    agreed: int
    on_the_way: int
    """Samples that people can still bring to agreement: neither agreed, blocked nor withdrawn."""
    pace: float | None
    """Samples agreed a day, over the last ``days``; None before that has been calculated."""
    days: int
    days_left: int | None
    done_on: date | None


@dataclass(frozen=True, slots=True)
class MemberWork:
    """What a member has done, as the list of people shows it."""

    member: Member
    scored: int
    last_at: datetime | None


def work_of_members(members: Iterable[Member]) -> dict[int, OwnWork]:
    """Return what each of the given members has done, by their primary key."""
    ids = [member.pk for member in members]
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    scored = Assignment.objects.filter(member__in=ids, state=Assignment.State.SCORED)
    held = Assignment.objects.filter(member__in=ids, state=Assignment.State.LEASED, expires_at__gt=now)
    totals = dict(scored.values_list("member_id").annotate(n=Count("pk")))
    today = dict(scored.filter(finished_at__gte=midnight).values_list("member_id").annotate(n=Count("pk")))
    holding = dict(held.values_list("member_id").annotate(n=Count("pk")))
    return {pk: OwnWork(totals.get(pk, 0), today.get(pk, 0), holding.get(pk, 0)) for pk in ids}


def my_studies(user: User) -> list[MyStudy]:
    """Return the studies that a person may know of: those that they are in first, by title."""
    places = {m.study_id: m for m in Member.objects.filter(user=user).exclude(state=Member.State.LEFT)}
    studies = list(studies_visible_to(user).select_related("rubric"))
    own = work_of_members(places.values())
    sizes = _sizes([study for study in studies if reads_results_as(user, places.get(study.pk))])
    rows = []
    for study in studies:
        member = places.get(study.pk)
        samples, agreed = sizes.get(study.pk, (None, None))
        own_part = own[member.pk] if member else OwnWork()
        rows.append(MyStudy(study, member, leads_as(user, member), own_part, samples, agreed))
    return sorted(rows, key=lambda row: (row.member is None, row.study.title.casefold()))


def _sizes(studies: list[Study]) -> dict[int, tuple[int, int]]:
    """Return how many samples each study has, and how many of them are agreed."""
    rows = Sample.objects.filter(study__in=studies).values_list("study")
    agreed = Count("pk", filter=Q(state=Sample.State.AGREED))
    return {study.pk: (0, 0) for study in studies} | {
        study: (samples, found) for study, samples, found in rows.annotate(n=Count("pk"), agreed=agreed)
    }


def study_progress(study: Study, figures: Mapping[str, Any] | None) -> StudyProgress:
    """Return where a study stands now and, from the pace in its stored figures, when the rest will be agreed."""
    counted = dict(Sample.objects.filter(study=study).values_list("state").annotate(n=Count("pk")))
    on_the_way = sum(n for state, n in counted.items() if state in ON_THE_WAY)
    pace, days, days_left = None, 0, None
    if figures is not None:
        days = figures["pace"]["days"]
        pace = figures["pace"]["agreed"] / days
        if pace and on_the_way and on_the_way / pace < LONGEST_FORECAST_DAYS:
            days_left = math.ceil(on_the_way / pace)
    return StudyProgress(
        by_state={state: counted[state] for state in Sample.State.values if counted.get(state)},
        samples=sum(counted.values()),
        agreed=counted.get(Sample.State.AGREED, 0),
        on_the_way=on_the_way,
        pace=pace,
        days=days,
        days_left=days_left,
        done_on=None if days_left is None else timezone.localdate() + timedelta(days=days_left),
    )


def scores_since(study: Study, since: datetime) -> int:
    """Return how many scores were given after a moment."""
    members = list(Member.objects.filter(study=study).values_list("pk", flat=True))
    return Score.objects.filter(member__in=members, at__gt=since, voided_at=None).count()


def count_held_samples(study: Study) -> dict[str, int]:
    """Return how many samples each member holds, by the member's public name."""
    rows = Assignment.objects.filter(
        member__study=study, state=Assignment.State.LEASED, expires_at__gt=timezone.now()
    ).values_list("member__public_id")
    return dict(rows.annotate(n=Count("pk")))


def last_score(member: Member) -> datetime | None:
    """Return when a member last scored, where that is known."""
    last: datetime | None = Score.objects.filter(member=member, voided_at=None).aggregate(last=Max("at"))["last"]
    return last


def members_work(study: Study) -> list[MemberWork]:
    """Return what everybody has done who has scored anything."""
    totals = (
        Score.objects.filter(member__study=study, voided_at=None)
        .values_list("member")
        .annotate(n=Count("pk"), last=Max("at"))
    )
    members = Member.objects.in_bulk([member for member, _n, _last in totals])
    return [MemberWork(members[member], n, last) for member, n, last in totals]
