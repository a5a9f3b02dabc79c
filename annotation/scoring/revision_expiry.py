"""Ends unanswered revisions, so that the annotator's own values decide.

It comes by itself, with the annotator's leaving, or with the sample's. Until it has come a sample is not decided.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from annotation.core.history import insert_history
from annotation.core.sample_states import Event, next_state
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Member, Sample, Study
from annotation.suggestions import suggestions_sql as sql

from .deciding import decide_samples


def expire_revisions(*, limit: int = 500) -> int:
    """End overdue revisions and decide samples that waited for them; return how many."""
    now = timezone.now()
    overdue = Assignment.objects.filter(revise_until__lte=now).order_by("revise_until")
    return end_revisions(list(overdue.values_list("pk", flat=True)[:limit]), overdue_at=now)


def end_member_revisions(*, member: Member, samples: Sequence[Sample] | None = None) -> int:
    """End a member's revisions, of all samples or some; return how many."""
    pending = Assignment.objects.filter(member=member, revise_until__isnull=False)
    if samples is not None:
        pending = pending.filter(sample__in=samples)
    return end_revisions(list(pending.values_list("pk", flat=True)))


def end_revisions(assignments: Sequence[int], *, overdue_at: datetime | None = None, deciding: bool = True) -> int:
    """End revisions, decide waiting samples if ``deciding``, and return how many ended.

    With ``overdue_at`` only those whose time has passed.
    """
    if not assignments:
        return 0
    now = timezone.now()
    waited: dict[int, list[int]] = defaultdict(list)
    with write_transaction():
        rows = list(Assignment.objects.select_related("member__study").filter(pk__in=assignments).order_by("sample_id"))
        # Samples are locked before assignments, and in the order of their ids, everywhere.
        locked = Sample.objects.select_for_update().filter(pk__in=[row.sample_id for row in rows]).order_by("pk")
        states = dict(locked.values_list("pk", "state"))
        ended = []
        for row in rows:
            pending = Assignment.objects.filter(pk=row.pk, revise_until__isnull=False)
            if overdue_at is not None:
                pending = pending.filter(revise_until__lte=overdue_at)
            if not pending.update(revise_until=None):
                continue
            next_state(states[row.sample_id], Event.REVISION_LAPSED)
            ended.append(row)
            insert_history(
                [(row.sample_id, Event.REVISION_LAPSED, {})],
                study_id=row.member.study_id,
                member_id=row.member_id,
                user_id=row.member.user_id,
                at=now,
            )
            if deciding and row.member.study.state != Study.State.CLOSED:
                waited[row.member.study_id].append(row.sample_id)
        if ended:
            sql.keep_own([row.pk for row in ended])
        for study_id, samples in waited.items():
            decide_samples(sorted(set(samples)), study_id=study_id, by_member=None, by_user=None, at=now)
    return len(ended)
