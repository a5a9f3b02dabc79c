"""The template tag for the open discussions of a member."""

from typing import Any

from django import template
from django.db.models import Count, Q

from annotation.core.visibility import open_participations
from annotation.models import Member

register = template.Library()


@register.inclusion_tag("frontend/parts/open_discussions.html")
def open_cases(member: Member) -> dict[str, Any]:
    """Show in how many open discussions a member takes part.

    And what becomes of them without the member.
    """
    counts = open_participations(member.study).filter(member=member)
    totals = counts.aggregate(open=Count("pk"), waits=Count("pk", filter=Q(waits=True)))
    away = member.state != Member.State.ACTIVE or member.user_id is None
    return {"member": member, "study": member.study, "cases": totals["open"], "waits": totals["waits"], "away": away}
