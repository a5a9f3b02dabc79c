"""Read-only summaries that cross tables. Nothing here may be shown to annotators except what is their own."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Avg, Case, Count, F, Max, Q, Sum, When
from django.db.models.functions import Greatest
from django.utils import timezone

from .models import Assignment, Member, Sample, Score, Study, User
from .querysets import studies_visible_to

PACE_DAYS = 14
# Samples in these states wait for no more scores of the first round.
SETTLED = (Sample.State.AGREED, Sample.State.BLOCKED, Sample.State.WITHDRAWN)


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
    complete: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a study stands."""

    k: int
    by_state: dict[str, int]
    samples: int
    complete: int
    """Samples with all k scores of the first round, or settled without them."""
    scores: int
    missing: int
    """Scores of the first round that are still to come."""
    pace: float
    """Scores a day over the last fortnight."""
    done_on: date | None


@dataclass(frozen=True, slots=True)
class MemberWork:
    """A member's line on the board."""

    member: Member
    scored: int
    last_week: int
    held: int
    mean_seconds: float | None
    last_at: datetime | None


def own_work(members: Iterable[Member]) -> dict[int, OwnWork]:
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
    own = own_work(places.values())
    sizes = _sizes([study for study in studies if _reads_results(user, places.get(study.pk))])
    rows = []
    for study in studies:
        member = places.get(study.pk)
        samples, complete = sizes.get(study.pk, (None, None))
        leads = user.is_site_admin or (_reads_results(user, member) and member is not None and member.role == "admin")
        rows.append(MyStudy(study, member, leads, own[member.pk] if member else OwnWork(), samples, complete))
    return sorted(rows, key=lambda row: (row.member is None, row.study.title.casefold()))


def _reads_results(user: User, member: Member | None) -> bool:
    if user.is_site_admin:
        return True
    return (
        member is not None
        and member.state == Member.State.ACTIVE
        and member.role in (Member.Role.ADMIN, Member.Role.RESEARCHER)
    )


def _sizes(studies: list[Study]) -> dict[int, tuple[int, int]]:
    return {study.pk: (figures["samples"], figures["complete"]) for study in studies for figures in [_figures(study)]}


def _figures(study: Study) -> dict[str, int]:
    """Return the sums over a study's samples, in one pass: a board of a large study is opened often."""
    k = study.protocols.filter(current=True).values_list("annotators_per_sample", flat=True).first() or 1
    settled = Q(state__in=SETTLED)
    still = Case(When(settled, then=0), default=Greatest(k - F("scores_in"), 0))
    sums = Sample.objects.filter(study=study).aggregate(
        samples=Count("pk"),
        complete=Count("pk", filter=settled | Q(scores_in__gte=k)),
        scores=Sum("scores_in"),
        missing=Sum(still),
    )
    return {"k": k, **{name: value or 0 for name, value in sums.items()}}


def progress(study: Study) -> Progress:
    """Return where a study stands and, from the pace of the last fortnight, when its first round will be done."""
    counted = dict(Sample.objects.filter(study=study).values_list("state").annotate(n=Count("pk")))
    figures = _figures(study)
    missing = figures["missing"]
    members = list(Member.objects.filter(study=study).values_list("pk", flat=True))
    since = timezone.now() - timedelta(days=PACE_DAYS)
    recent = Score.objects.filter(member__in=members, at__gte=since, round=1, voided_at=None)
    pace = recent.filter(origin=Score.Origin.GIVEN).count() / PACE_DAYS
    done_on = None
    if missing and pace and missing / pace < 3650:
        done_on = timezone.localdate() + timedelta(days=math.ceil(missing / pace))
    return Progress(
        k=figures["k"],
        by_state={state: counted[state] for state in Sample.State.values if counted.get(state)},
        samples=figures["samples"],
        complete=figures["complete"],
        scores=figures["scores"],
        missing=missing,
        pace=pace,
        done_on=done_on,
    )


def members_work(study: Study) -> list[MemberWork]:
    """Return every member who has scored or may score, the busiest first."""
    now = timezone.now()
    scores = Score.objects.filter(member__study=study, voided_at=None)
    totals = {
        row["member"]: row
        for row in scores.values("member").annotate(n=Count("pk"), last=Max("at"), seconds=Avg("seconds"))
    }
    week = dict(scores.filter(at__gte=now - timedelta(days=7)).values_list("member").annotate(n=Count("pk")))
    held = dict(
        Assignment.objects.filter(member__study=study, state=Assignment.State.LEASED, expires_at__gt=now)
        .values_list("member")
        .annotate(n=Count("pk"))
    )
    rows = []
    for member in Member.objects.filter(study=study).select_related("user"):
        found = totals.get(member.pk)
        if found is None and (member.role != Member.Role.ANNOTATOR or member.state == Member.State.LEFT):
            continue
        rows.append(
            MemberWork(
                member=member,
                scored=found["n"] if found else 0,
                last_week=week.get(member.pk, 0),
                held=held.get(member.pk, 0),
                mean_seconds=found["seconds"] if found else None,
                last_at=found["last"] if found else None,
            )
        )
    return sorted(rows, key=lambda row: (-row.scored, row.member.name))
