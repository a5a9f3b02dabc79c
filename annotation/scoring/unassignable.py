"""Blocks samples that wait for an annotator while nobody left can take them.

That a sample is in review is told to nobody: its further slot is in the same queue as all others, see `deciding`.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from annotation.core.history import insert_history
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import TRANSITIONS, Event, SampleState, next_state
from annotation.core.transactions import write_transaction
from annotation.models import HistoryEntry, Sample, Skip
from annotation.suggestions import showing

from . import unassignable_sql as sql

NOBODY_ELIGIBLE = "nobody_eligible"
# Whatever was skipped before people were asked anew does not count against the new ones.
ASKED_ANEW = (Event.REVIEW_ASKED, Event.SENT_BACK)


def skips_of(sample: Sample) -> int:
    """Return how many members skipped a sample since it was last opened for scores."""
    asked = HistoryEntry.objects.filter(sample=sample, event__in=ASKED_ANEW).order_by("-pk")
    skips = Skip.objects.filter(assignment__sample=sample)
    since: datetime | None = asked.values_list("at", flat=True).first()
    return (skips if since is None else skips.filter(at__gte=since)).count()


def can_be_blocked(state: str, event: Event) -> bool:
    """Whether an event blocks a sample in this state."""
    return TRANSITIONS.get((SampleState(state), event)) is SampleState.BLOCKED and state != SampleState.BLOCKED


def block_unassignable(*, limit: int = 1000) -> int:
    """Block begun samples that no active member can take; return how many.

    Everybody has scored or skipped them, has seen their scores, or has been shown a judge's values where only blind
    slots are left. A study with fewer active people than a sample needs is left alone: it waits for people, and its
    settings say so.
    """
    found = sql.unassignable(limit=limit)
    if not found:
        return 0
    now = timezone.now()
    with write_transaction():
        list(Sample.objects.select_for_update().filter(pk__in=found).order_by("pk").values_list("pk"))
        blocked = 0
        by_study: dict[int, list[tuple[int, str]]] = {}
        kept = _still_for_those_who_met_a_judge(found)
        for sample_id, study_id, state in sql.still_unassignable(found):
            if sample_id in kept:
                continue
            by_study.setdefault(study_id, []).append((sample_id, state))
        for study_id, rows in by_study.items():
            keys = [sample_id for sample_id, _ in rows]
            for state in {state for _, state in rows}:
                Sample.objects.filter(pk__in=keys, state=state).update(
                    state=next_state(state, Event.NOBODY_ELIGIBLE),
                    state_reason=NOBODY_ELIGIBLE,
                    stage=Sample.Stage.CLOSED,
                    free_slots=0,
                )
            detail = {"to": SampleState.BLOCKED}
            insert_history(
                [(key, Event.NOBODY_ELIGIBLE, detail) for key in keys],
                study_id=study_id,
                member_id=None,
                user_id=None,
                at=now,
            )
            blocked += len(keys)
    return blocked


def _still_for_those_who_met_a_judge(samples: Sequence[int]) -> set[int]:
    """Return samples with a slot for a member who lost them after seeing a judge's values."""
    found: set[int] = set()
    for sample_id, free, rubric_id, member_id in sql.annotators_shown_a_judge(samples):
        if sample_id not in found:
            # The samples are begun, so each follows its own protocol.
            met = showing.suggestion_rules(
                [sample_id], member_id=member_id, protocol_id=0, rubric=load_rubric(rubric_id)
            )
            if met[sample_id].choose_slot(free) is not None:
                found.add(sample_id)
    return found
