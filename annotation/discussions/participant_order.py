"""The order of a user's discussions, which reveals nothing hidden from them. Read-only."""

from datetime import datetime

from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from annotation.models import Discussion, Participant, Stance, Study, Topic, User

from .deadlines import handed_over_condition

# For those who read results: the widest difference first, then the oldest.
BY_RANGE = ("-told_spread", "id")
# For those who take part, who are told a range only after their own reasons: the oldest first.
BY_AGE = ("id",)
# Narrower than any range, so that what has none to be told comes last.
NOT_TOLD = -1.0


def with_visible_spread(rows: QuerySet[Discussion], *, by: User, study: Study, leads: bool) -> QuerySet[Discussion]:
    """Annotate discussions with ``told_spread``: their range, `NOT_TOLD` where ``by`` owes a reason.

    For those who read the study's results; ``leads`` says whether they lead it.
    """
    owed = _covered_discussions(by, study, leads=leads, at=timezone.now())
    if not owed.exists():
        # The stored column alone is what the index of the queue holds in order.
        return rows.annotate(told_spread=F("spread"))
    told = Case(When(pk__in=owed.values("pk"), then=Value(NOT_TOLD)), default=F("spread"), output_field=FloatField())
    return rows.annotate(told_spread=told)


def _covered_discussions(by: User, study: Study, *, leads: bool, at: datetime) -> QuerySet[Discussion]:
    """Return the discussions that `is_covered` finds covered for somebody who reads the study's results."""
    protocol = "participant__discussion__sample__protocol"
    still_open = Topic.objects.filter(
        discussion=OuterRef("participant__discussion"), dimension=OuterRef("dimension"), closed_at=None
    )
    lacking = Stance.objects.filter(
        Q(**{protocol: None}) | Q(**{f"{protocol}__reason_first": True}),
        Exists(still_open),
        participant__member__user=by,
        participant__member__study=study,
        participant__state=Participant.State.ACTIVE,
        reasoned_at=None,
    )
    not_closed = Discussion.objects.exclude(state=Discussion.State.CLOSED).filter(study=study)
    owed = not_closed.filter(pk__in=lacking.values("participant__discussion"))
    return owed.exclude(handed_over_condition(at)) if leads else owed
