"""A study's figures and rules in words."""

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.models import Member, Protocol
from annotation.reports import Progress

# Roles, states and reasons as they are stored, in words.
WORDS = {
    "annotator": lazy("annotator"),
    "admin": lazy("admin"),
    "researcher": lazy("researcher"),
    "active": lazy("active"),
    "paused": lazy("paused"),
    "left": lazy("left"),
    "draft": lazy("draft"),
    "running": lazy("running"),
    "closed": lazy("closed"),
    "waiting": lazy("waiting"),
    "scoring": lazy("scoring"),
    "in_review": lazy("in review"),
    "in_discussion": lazy("in discussion"),
    "agreed": lazy("agreed"),
    "blocked": lazy("blocked"),
    "withdrawn": lazy("withdrawn"),
    "queued": lazy("queued"),
    "done": lazy("done"),
    "failed": lazy("failed"),
    "cancelled": lazy("cancelled"),
    "picture_broken": lazy("a picture does not load or is cut off"),
    "text_broken": lazy("the text is garbled or cut off"),
    "language": lazy("not in a language they read"),
    "expertise": lazy("needs knowledge that they do not have"),
    "harmful": lazy("harmful or distressing"),
    "known": lazy("they know where it comes from"),
    "other": lazy("something else"),
    "import_samples": lazy("import of samples"),
    "import_scores": lazy("import of scores"),
    "no_text": lazy("there is no text"),
    "no_image": lazy("there is no image"),
    "no_text_no_image": lazy("there is neither text nor image"),
}

# Counts at the start of a sentence.
COUNTS = {1: lazy("One"), 2: lazy("Two"), 3: lazy("Three"), 4: lazy("Four"), 5: lazy("Five"), 6: lazy("Six")}


def word(stored: str) -> str:
    """Return a stored role, state or reason in words."""
    return str(WORDS.get(stored, stored.replace("_", " ")))


def name_of(member: Member | None, *, names: bool) -> str:
    """Return how a member is called: by name to those who lead, by pseudonym to everybody else."""
    if member is None:
        return _("somebody")
    return member.name if names else f"R-{member.public_id}"


def number(value: float) -> str:
    """Return a whole number with its thousands apart."""
    return number_format(value, decimal_pos=0, force_grouping=True)


def finding(progress: Progress) -> str:
    """Return the one sentence that a board opens with."""
    if not progress.samples:
        return _("Nothing to score yet")
    if not progress.scores and not progress.complete:
        return ngettext(
            "%(samples)s sample, and nobody has scored yet",
            "%(samples)s samples, and nobody has scored yet",
            progress.samples,
        ) % {"samples": number(progress.samples)}
    if not progress.missing:
        return _("All %(samples)s samples have the scores they need") % {"samples": number(progress.samples)}
    sentence = _("%(complete)s of %(samples)s samples have the scores they need") % {
        "complete": number(progress.complete),
        "samples": number(progress.samples),
    }
    if progress.done_on is None:
        return sentence
    return _("%(sentence)s; done about %(day)s") % {
        "sentence": sentence,
        "day": date_format(progress.done_on, "MONTH_DAY_FORMAT"),
    }


def pace(progress: Progress) -> str:
    """Return what the expected finish rests on."""
    if not progress.missing:
        return ""
    if not progress.pace:
        return _("%(missing)s scores are still to come; none came in the last 14 days.") % {
            "missing": number(progress.missing)
        }
    per_day = number_format(progress.pace, decimal_pos=0 if progress.pace >= 10 else 1)
    return _("%(missing)s scores are still to come; the pace of the last 14 days is %(pace)s a day.") % {
        "missing": number(progress.missing),
        "pace": per_day,
    }


def protocol_in_words(protocol: Protocol) -> str:
    """Return what the rules of a study mean, as one sentence."""
    k = protocol.annotators_per_sample
    who = ngettext("%(k)s annotator scores each sample", "%(k)s annotators score each sample independently", k) % {
        "k": COUNTS.get(k, str(k))
    }
    parts = [who]
    if protocol.annotators_per_sample > 1:
        if protocol.decide == Protocol.Decide.AGGREGATE:
            parts.append(_("the lower median decides"))
        elif protocol.tolerance:
            parts.append(_("differences above %(tolerance)g are discussed") % {"tolerance": protocol.tolerance})
        else:
            parts.append(_("any difference is discussed"))
    match protocol.cross_review:
        case Protocol.CrossReview.ALL:
            parts.append(_("somebody new reviews every agreed one"))
        case Protocol.CrossReview.SHARE:
            share = number_format(protocol.review_share * 100, decimal_pos=0)
            parts.append(_("somebody new reviews %(share)s %% of the agreed ones") % {"share": share})
        case Protocol.CrossReview.HIGH:
            least = f"{protocol.review_threshold or 0:g}"
            parts.append(_("somebody new reviews those rated %(least)s or higher throughout") % {"least": least})
    return ", ".join(parts) + "."
