"""Read-only summaries that cross tables."""

from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.utils import timezone

from .models import Assignment, Member, Sample, Study


class MyProgress(TypedDict):
    """How far one annotator is."""

    scored: int
    scored_today: int
    held: int


def my_progress(member: Member) -> MyProgress:
    """Count what a member has scored, today (in their own time zone) and in all, and what they hold."""
    now = timezone.now()
    own = Assignment.objects.filter(member=member)
    scored = own.filter(state=Assignment.State.SCORED)
    return {
        "scored": scored.count(),
        "scored_today": scored.filter(finished_at__gte=start_of_today(member, now)).count(),
        "held": own.filter(state=Assignment.State.LEASED, expires_at__gt=now).count(),
    }


def start_of_today(member: Member, now: datetime) -> datetime:
    """Return when the present day began where the member lives."""
    zone = member.user.time_zone if member.user is not None else ""
    local = now.astimezone(ZoneInfo(zone) if zone else timezone.get_current_timezone())
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def samples_by_state(study: Study) -> dict[str, int]:
    """Count a study's samples in every state, zeros included."""
    counted = Sample.objects.filter(study=study).order_by().values_list("state").annotate(Count("pk"))
    return {state: 0 for state in Sample.State.values} | dict(counted)
