"""The words of discussions for those who do not take part: headlines, reasons, messages."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.discussions.admin_list import CLOSED, OPEN, TO_DECIDE
from annotation.discussions.view_types import CaseView
from annotation.models import Discussion, Participant
from annotation.models.people import pseudonym_of

from . import vocabulary

OUTCOMES: dict[str, Promise] = {
    "unanimous": lazy("unanimous"),
    "within_tolerance": lazy("within tolerance"),
    "reviewed": lazy("reviewed"),
    "discussed": lazy("discussed"),
    "overridden": lazy("overridden by an admin"),
    "single": lazy("one annotator"),
    "by_rule": lazy("by rule"),
    "aggregated": lazy("lower median"),
    "imported": lazy("imported"),
}
OPENING_REASONS: dict[str, Promise] = {
    "scores": lazy("the scores differ"),
    "review": lazy("the cross-review differs"),
    "reopened": lazy("an admin reopened it"),
}
# What people choose in place of words of their own, as others tell it.
REASONS: dict[str, Promise] = {
    "convinced": lazy("convinced by the others’ reasons"),
    "overlooked": lazy("had overlooked something"),
    "misread": lazy("had misread the question"),
    "rubric": lazy("the rubric’s wording fits this level better"),
    "picture": lazy("seen in what the picture shows"),
    "text": lazy("seen in what the text says"),
    "slip": lazy("a slip of the finger"),
}
ABSENCE_REASONS: dict[str, Promise] = {
    "paused": lazy("paused"),
    "left": lazy("has left"),
    "no_login": lazy("has no login"),
    "researcher": lazy("is a researcher now"),
}


def outcome_text(stored: str) -> str:
    """Return how a final value came about, in words."""
    return str(OUTCOMES.get(stored, stored.replace("_", " ")))


def reason_text(code: str) -> str:
    """Return a chosen reason in words."""
    return str(REASONS.get(code, code))


def list_part_name(name: str, *, leads: bool) -> str:
    """Return the name of a part of the list."""
    if name == TO_DECIDE:
        return _("Yours to decide") if leads else _("With the admins")
    return {OPEN: _("Open"), CLOSED: _("Closed")}[name]


def list_headline(counts: Mapping[str, int], *, leads: bool) -> str:
    """Return the one sentence that the list opens with."""
    if counts[TO_DECIDE] and leads:
        return ngettext(
            "%(n)s discussion is yours to decide", "%(n)s discussions are yours to decide", counts[TO_DECIDE]
        ) % {"n": vocabulary.format_number(counts[TO_DECIDE])}
    if counts[OPEN]:
        return ngettext("%(n)s discussion is open", "%(n)s discussions are open", counts[OPEN]) % {
            "n": vocabulary.format_number(counts[OPEN])
        }
    if counts[CLOSED]:
        return _("Every discussion is closed")
    return _("Nothing to discuss yet")


def participant_names(case: CaseView) -> dict[str, str]:
    """Return the name of each alias of a case, as its reader may know it.

    Admins read names, researchers pseudonyms.
    """
    called = {
        participant.alias: participant.name or (pseudonym_of(participant.member_id) if participant.member_id else "")
        for participant in case.participants
    }
    return {alias: name for alias, name in called.items() if name}


def case_headline(case: CaseView, *, leads: bool) -> str:
    """Return the headline of a case."""
    open_keys = [topic.key for topic in case.topics if topic.state == "open"]
    if case.state == Discussion.State.CLOSED:
        return _("This discussion is closed")
    if case.state == Discussion.State.HANDED_OVER:
        keys = enumerate_words(open_keys)
        return (
            _("%(keys)s: yours to decide") % {"keys": keys}
            if leads
            else _("%(keys)s: with the admins") % {"keys": keys}
        )
    return ngettext("One dimension still open", "%(n)s dimensions still open", len(open_keys)) % {
        "n": vocabulary.COUNT_WORDS.get(len(open_keys), len(open_keys))
    }


def case_summary(case: CaseView) -> str:
    """Return why a case was opened, when, and its deadline."""
    active = sum(participant.state == Participant.State.ACTIVE for participant in case.participants)
    sentences = [
        ngettext(
            "Opened %(day)s because %(why)s; %(n)d takes part.",
            "Opened %(day)s because %(why)s; %(n)d take part.",
            active,
        )
        % {
            "day": vocabulary.format_day(case.opened_at),
            "why": OPENING_REASONS.get(case.because, case.because),
            "n": active,
        }
    ]
    if case.closed_at is not None:
        sentences.append(_("Closed %(day)s.") % {"day": format_moment(case.closed_at)})
    elif case.due_at is None:
        sentences.append(_("It has no deadline."))
    elif case.state == Discussion.State.HANDED_OVER:
        sentences.append(_("Its deadline was %(day)s.") % {"day": format_moment(case.due_at)})
    else:
        sentences.append(_("Due %(day)s; then it comes to the admins.") % {"day": format_moment(case.due_at)})
    return " ".join(sentences)


def decision_message(values: Mapping[str, float]) -> str:
    """Return the message after a decision."""
    values_text = ", ".join(f"{key} {value:g}" for key, value in values.items())
    return _("Decided: %(values)s.") % {"values": values_text}


def deadline_message(due_at: datetime | None) -> str:
    """Return the message after a change of the deadline."""
    if due_at is None:
        return _("There is no deadline any more: it stays with the participants until they agree.")
    return _("The participants have until %(day)s.") % {"day": vocabulary.format_day(due_at)}


def format_duration(length: timedelta) -> str:
    """Return a duration, rounded to its largest unit."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)d h") % {"n": round(minutes / 60)}
    days = round(minutes / 1440)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": vocabulary.format_number(days)}


def format_due(at: datetime) -> str:
    """Return how long there is until a deadline, or how long ago it was."""
    left = at - timezone.now()
    if left < timedelta():
        return _("%(span)s over") % {"span": format_duration(-left)}
    return _("in %(span)s") % {"span": format_duration(left)}


def format_moment(at: datetime) -> str:
    """Return a day with its time, in the reader's zone."""
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def enumerate_words(keys: list[str]) -> str:
    """Return words as one enumeration."""
    if len(keys) < 2:
        return "".join(keys)
    return _("%(first)s and %(last)s") % {"first": ", ".join(keys[:-1]), "last": keys[-1]}
