"""The one place that writes history entries outside of the hot path."""

from typing import Any

from django.utils import timezone

from annotation.models import HistoryEntry, Member, Sample, Study, User


def record(
    event: str,
    *,
    study: Study,
    by: User | None,
    sample: Sample | None = None,
    member: Member | None = None,
    **detail: Any,
) -> None:
    """Write one step into the history of a study; call it in the transaction that makes the step."""
    HistoryEntry.objects.create(
        study=study, sample=sample, member=member, user=by, event=event, detail=detail, at=timezone.now()
    )
