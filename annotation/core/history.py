"""Writes history entries."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from annotation.models import HistoryEntry, Member, Sample, Study, User

from .sql import database_time, execute_write


def record_step(
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


def insert_history(
    entries: Sequence[tuple[int, str, dict[str, Any]]],
    *,
    study_id: int,
    member_id: int | None,
    user_id: int | None,
    at: datetime,
) -> None:
    """Store ``(sample, event, detail)`` entries, if there are any."""
    if not entries:
        return
    parameters: list[Any] = []
    for sample_id, event, detail in entries:
        parameters += [study_id, sample_id, member_id, user_id, event, json.dumps(detail), database_time(at)]
    values = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(entries))
    execute_write(
        f"""INSERT INTO annotation_historyentry (study_id, sample_id, member_id, user_id, event, detail, at)
            VALUES {values}""",  # noqa: S608
        parameters,
    )
