"""The timeline of a sample as sentences, grouped by day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from annotation.samples.timeline import TimelineEntry

from . import discussions, vocabulary

# What happened, read after the name of who did it.
EVENTS_WITH_ACTOR: dict[str, Promise] = {
    "score_imported": lazy("scored, by an imported file"),
    "leased": lazy("got it to score"),
    "assigned": lazy("assigned it"),
    "released": lazy("gave it back"),
    "lease_expired": lazy("held it until the lease ran out"),
    "scored": lazy("scored"),
    "undone": lazy("took the score back"),
    "revised": lazy("kept or changed it in view of the judge's"),
    "revision_undone": lazy("took back what was made of the judge's"),
    "revision_lapsed": lazy("let the time pass in which it could be changed in view of the judge's"),
    "skipped": lazy("skipped it"),
    "discussion_reason": lazy("gave a reason on"),
    "discussion_comment": lazy("commented on"),
    "stance_kept": lazy("kept"),
    "stance_moved": lazy("moved"),
    "topic_overridden": lazy("decided"),
    "participant_excused": lazy("excused"),
    "participant_replaced": lazy("replaced"),
    "deadline_set": lazy("changed the deadline"),
    "review_asked": lazy("sent it to cross-review"),
    "reopened": lazy("reopened it to be discussed again:"),
    "sent_back": lazy("sent it back to be scored"),
    "restored": lazy("brought it back, with the values that follow from a rule"),
    "withdrawn": lazy("withdrew it"),
    "protocol_changed": lazy("moved it to another version of the protocol"),
    "content_replaced": lazy("replaced its content by an import"),
    "queue_pinned": lazy("put it first in a review queue"),
    "queue_unpinned": lazy("put it back to its place in a review queue"),
    "queue_dismissed": lazy("took it out of a review queue:"),
    "queue_restored": lazy("put it back into a review queue"),
}
# What happened, told without a name; what follows from somebody's step is nobody's doing.
EVENTS_WITHOUT_ACTOR: dict[str, Promise] = {
    "imported": lazy("Imported"),
    "labels_imported": lazy("Agreed values came with the import"),
    "decided_by_rule": lazy("Decided by rule, as a side is missing"),
    "scores_completed": lazy("Its imported scores were said to be complete"),
    "skipped_by_all": lazy("Skipped by all who could score it"),
    "nobody_eligible": lazy("Nobody is left who may score it"),
    "one_more_asked": lazy("A tie: one more annotator was asked"),
    "agreed": lazy("The scores agree"),
    "review_asked": lazy("A cross-review was asked for"),
    "disputed": lazy("The scores differ on"),
    "topic_closed": lazy("All stand on one value:"),
    "discussed": lazy("The discussion ended in agreement"),
    "overridden": lazy("The discussion was ended by an admin"),
    "handed_over": lazy("The deadline passed; the admins decide"),
    "content_replaced": lazy("Its content was replaced by an import"),
    "assigned": lazy("Assigned"),
    "released": lazy("The lease ran out"),
    "withdrawn": lazy("Withdrawn"),
    "sent_back": lazy("Sent back to be scored"),
    "restored": lazy("Brought back, with the values that follow from a rule"),
    "reopened": lazy("Reopened to be discussed again:"),
    "protocol_changed": lazy("Moved to another version of the protocol"),
}
ALWAYS_WITHOUT_ACTOR = (
    "agreed",
    "disputed",
    "topic_closed",
    "discussed",
    "overridden",
    "skipped_by_all",
    "one_more_asked",
)
# Steps that may lead from one value to another.
VALUE_CHANGES = ("stance_moved", "discussion_reason")
# Steps that matter little to whoever reads the whole.
MINOR_EVENTS = ("leased", "released", "lease_expired", "queue_pinned", "queue_unpinned")


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One event of the timeline."""

    at: datetime | None
    event: str
    actor: str
    event_text: str
    dimensions: tuple[str, ...]
    before: float | None
    value: float | None
    has_value: bool
    """The step is about a value on one dimension."""
    values: Mapping[str, float | None]
    chosen_reason: str
    """A reason from the list."""
    text: str
    subject: str
    from_state: str
    to_state: str
    minor: bool
    discussion: str

    @property
    def changed_state(self) -> bool:
        """Tell whether the sample changed its state."""
        return self.from_state != self.to_state


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """The events of one day in the reader's time zone.

    ``day`` is None for events whose time is not known.
    """

    day: date | None
    steps: list[TimelineRow]


def group_by_day(entries: Iterable[TimelineEntry]) -> list[TimelineDay]:
    """Return the events grouped by day, in their order."""
    days: list[TimelineDay] = []
    for entry in entries:
        day = timezone.localtime(entry.at).date() if entry.at is not None else None
        if not days or days[-1].day != day:
            days.append(TimelineDay(day, []))
        days[-1].steps.append(_timeline_row(entry))
    return days


def _timeline_row(entry: TimelineEntry) -> TimelineRow:
    # A review is asked for by an admin, who says why, or follows from the last score.
    follows = entry.event in ALWAYS_WITHOUT_ACTOR or (entry.event == "review_asked" and not entry.text)
    impersonal = not entry.who or follows
    table, other = (
        (EVENTS_WITHOUT_ACTOR, EVENTS_WITH_ACTOR) if impersonal else (EVENTS_WITH_ACTOR, EVENTS_WITHOUT_ACTOR)
    )
    event_text = str(table.get(entry.event) or other.get(entry.event) or vocabulary.stored_word(entry.event))
    if entry.event == "deadline_set":
        event_text = f"{event_text}: {_format_deadline(entry.before)} → {_format_deadline(entry.value)}"
    if entry.event == "assigned":
        event_text = _("%(assigned)s until %(moment)s to") % {
            "assigned": event_text,
            "moment": _format_deadline(entry.value),
        }
    valued = bool(entry.dimension) and entry.event not in ("discussion_comment", "deadline_set")
    return TimelineRow(
        at=entry.at,
        event=entry.event,
        actor="" if impersonal else entry.who,
        event_text=event_text,
        dimensions=entry.dimensions or ((entry.dimension,) if entry.dimension else ()),
        before=_as_number(entry.before) if entry.event in VALUE_CHANGES and entry.before != entry.value else None,
        value=_as_number(entry.value),
        has_value=valued and _as_number(entry.value) is not None,
        values=entry.values,
        chosen_reason=str(discussions.REASONS.get(entry.reason) or vocabulary.stored_word(entry.reason))
        if entry.reason
        else "",
        text=entry.text,
        subject=entry.about,
        from_state=entry.from_state,
        to_state=entry.to_state,
        minor=entry.event in MINOR_EVENTS,
        discussion=entry.discussion,
    )


def _as_number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _format_deadline(value: Any) -> str:
    moment = parse_datetime(value) if isinstance(value, str) else None
    return discussions.format_moment(moment) if moment is not None else _("none")
