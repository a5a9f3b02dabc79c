"""Pins, dismisses and restores entries of the review queue."""

from typing import Any

from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound, WrongState
from annotation.core.history import record_step
from annotation.core.transactions import write_transaction
from annotation.core.visibility import queue_entries_visible_to
from annotation.models import QueueEntry, ReviewQueue, User

from .storage import recount_entries

PINNED, UNPINNED = "queue_pinned", "queue_unpinned"
DISMISSED, RESTORED = "queue_dismissed", "queue_restored"


def pin_sample(*, by: User, entry_id: str, pinned: bool = True) -> QueueEntry:
    """Put an entry before all that are not pinned, or back to its place.

    Doing it twice changes nothing.

    Raises:
        NotFound, NotAllowed: the entry is not the user's to see, or they do not lead its study.
        WrongState: the entry has left the queue (`entry_left`) or is dismissed (`entry_dismissed`).
    """
    with write_transaction():
        entry = _lock_entry(by, entry_id)
        if (entry.pinned_at is not None) == pinned:
            return entry
        if pinned:
            _require_in_queue(entry)
            if entry.dismissed_at is not None:
                raise WrongState("It was dismissed. Restore it first.", code="entry_dismissed")
        entry.pinned_at, entry.pinned_by = (timezone.now(), by) if pinned else (None, None)
        entry.save(update_fields=["pinned_at", "pinned_by"])
        _record_entry_step(PINNED if pinned else UNPINNED, entry, by)
    return entry


def dismiss_sample(*, by: User, entry_id: str, reason: str) -> QueueEntry:
    """Dismiss an entry from its queue until it is restored.

    The same reason again changes nothing.

    In an audit it says that the agreed value was looked at and is right.

    Raises:
        NotFound, NotAllowed: the entry is not the user's to see, or they do not lead its study.
        BadInput: there is no reason, or it is too long.
        WrongState: the entry has left the queue (`entry_left`) or was dismissed otherwise (`entry_dismissed`).
    """
    text = reason.strip()
    max_length = QueueEntry._meta.get_field("dismissed_because").max_length or 0
    if not text or len(text) > max_length:
        raise BadInput("Say why, in a sentence.", fields={"reason": f"From 1 to {max_length} characters."})
    with write_transaction():
        entry = _lock_entry(by, entry_id)
        if entry.dismissed_at is not None:
            if entry.dismissed_because == text:
                return entry
            raise WrongState("It was dismissed already. Restore it first.", code="entry_dismissed")
        _require_in_queue(entry)
        now = timezone.now()
        entry.dismissed_at, entry.dismissed_by, entry.dismissed_because = now, by, text
        entry.pinned_at = entry.pinned_by = None
        if entry.kind == QueueEntry.Kind.AUDIT and entry.decided_at is None:
            entry.decided_at, entry.disputed = now, False
        entry.save()
        recount_entries(entry.study)
        _record_entry_step(DISMISSED, entry, by, reason=text)
    return entry


def restore_sample(*, by: User, entry_id: str) -> QueueEntry:
    """Put a dismissed entry back to its place.

    One that is not dismissed stays as it is.

    Raises:
        NotFound, NotAllowed: the entry is not the user's to see, or they do not lead its study.
    """
    with write_transaction():
        entry = _lock_entry(by, entry_id)
        if entry.dismissed_at is None:
            return entry
        if entry.kind == QueueEntry.Kind.AUDIT and entry.decided_at == entry.dismissed_at:
            entry.decided_at = entry.disputed = None
        entry.dismissed_at = entry.dismissed_by = None
        entry.dismissed_because = ""
        entry.save()
        recount_entries(entry.study)
        _record_entry_step(RESTORED, entry, by)
    return entry


def _lock_entry(by: User, entry_id: str) -> QueueEntry:
    rows = queue_entries_visible_to(by).filter(public_id=entry_id)
    unlocked = rows.select_related("study").first()
    if unlocked is None:
        raise _no_such_entry()
    permissions.require_lead(by, unlocked.study)
    # The queues before their entries, as rebuilds and updates do.
    ReviewQueue.objects.select_for_update().filter(study=unlocked.study).first()
    locked = QueueEntry.objects.select_for_update(of=("self",)).select_related("study", "sample").filter(pk=unlocked.pk)
    entry = locked.first()
    if entry is None:
        # A refresh has taken it out while this waited.
        raise _no_such_entry()
    return entry


def _no_such_entry() -> NotFound:
    return NotFound("There is no such entry, or it is not yours to see.")


def _require_in_queue(entry: QueueEntry) -> None:
    if entry.left_at is not None:
        raise WrongState("Its sample has left this queue meanwhile.", code="entry_left")


def _record_entry_step(event: str, entry: QueueEntry, by: User, **detail: Any) -> None:
    record_step(event, study=entry.study, sample=entry.sample, by=by, queue=entry.kind, entry=entry.public_id, **detail)
