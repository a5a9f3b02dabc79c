"""The words and number formats that all pages share."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.models import Member, Protocol, Sample
from annotation.reports.summaries import StudyProgress

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
    "ordinal": lazy("ordinal"),
    "interval": lazy("interval"),
    "nominal": lazy("nominal"),
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
    "release": lazy("release"),
    "render_release": lazy("files of a release"),
    "statistics": lazy("calculation of agreement"),
    "refresh_queue": lazy("refreshing the review queue"),
    "move_samples": lazy("moving samples to the protocol"),
    "import_predictions": lazy("import of predictions"),
    "judge_train": lazy("training of a judge"),
    "judge_predict": lazy("predictions of a judge"),
    "judge_evaluate": lazy("scorecard of a judge"),
    "finished": lazy("finished"),
    "unfinished": lazy("not finished"),
    "trained": lazy("trained here"),
    "no_text": lazy("there is no text"),
    "no_image": lazy("there is no image"),
    "no_text_no_image": lazy("there is neither text nor image"),
}

# Counts at the start of a sentence.
COUNT_WORDS = {1: lazy("One"), 2: lazy("Two"), 3: lazy("Three"), 4: lazy("Four"), 5: lazy("Five"), 6: lazy("Six")}


def stored_word(stored: str) -> str:
    """Return a stored role, state or reason in words."""
    return str(WORDS.get(stored, stored.replace("_", " ")))


def member_name(member: Member | None, *, names: bool) -> str:
    """Return a member's name, or for those who do not lead the pseudonym."""
    if member is None:
        return _("somebody")
    return member.display_name(names=names)


def format_day(value: date) -> str:
    """Return a day in the reader's time zone, this year's without the year."""
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    this_year = local.year == timezone.localdate().year
    return date_format(local, "MONTH_DAY_FORMAT" if this_year else "SHORT_DATE_FORMAT")


def format_decimals(value: float, places: int) -> str:
    """Return a number rounded to decimals, in the viewer's language.

    Django's own formatting truncates.
    """
    return number_format(f"{value:.{places}f}", decimal_pos=places, force_grouping=True)


def format_number(value: float) -> str:
    """Return a whole number with its thousands apart."""
    return number_format(value, decimal_pos=0, force_grouping=True)


def progress_sentence(progress: StudyProgress) -> str:
    """Return the one sentence that a board opens with."""
    if not progress.samples:
        return _("Nothing to score yet")
    counts = {"samples": format_number(progress.samples), "agreed": format_number(progress.agreed)}
    if progress.by_state.get(Sample.State.WAITING) == progress.samples:
        return (
            ngettext(
                "%(samples)s sample, and nobody has scored yet",
                "%(samples)s samples, and nobody has scored yet",
                progress.samples,
            )
            % counts
        )
    if progress.agreed == progress.samples:
        return _("All %(samples)s samples are agreed") % counts
    if not progress.agreed:
        begun = {state: n for state, n in progress.by_state.items() if state != Sample.State.WAITING}
        most = max(begun, key=lambda state: begun[state])
        return _("None of %(samples)s samples agreed yet; %(n)s %(state)s") % {
            **counts,
            "n": format_number(begun[most]),
            "state": stored_word(most),
        }
    sentence = _("%(agreed)s of %(samples)s samples agreed") % counts
    if progress.done_on is None:
        return sentence
    this_year = progress.done_on.year == timezone.localdate().year
    return _("%(sentence)s; done about %(day)s") % {
        "sentence": sentence,
        "day": date_format(progress.done_on, "MONTH_DAY_FORMAT" if this_year else "DATE_FORMAT"),
    }


def pace_text(progress: StudyProgress) -> str:
    """Return the pace behind the expected finish; empty before it is calculated."""
    if not progress.on_the_way or progress.pace is None:
        return ""
    counts = {"rest": format_number(progress.on_the_way), "days": format_number(progress.days)}
    if not progress.pace:
        return (
            ngettext(
                "%(rest)s samples are still on their way; none was agreed in the last day.",
                "%(rest)s samples are still on their way; none was agreed in the last %(days)s days.",
                progress.days,
            )
            % counts
        )
    per_day = format_decimals(progress.pace, 0 if progress.pace >= 10 else 1)
    sentence = ngettext(
        "%(pace)s samples were agreed in the last day",
        "At the pace of the last %(days)s days, %(pace)s a day",
        progress.days,
    ) % {**counts, "pace": per_day}
    if progress.days_left is None:
        return sentence + "."
    ends = ngettext(
        "%(sentence)s, the %(rest)s on their way take %(left)s day.",
        "%(sentence)s, the %(rest)s on their way take %(left)s days.",
        progress.days_left,
    )
    return ends % {**counts, "sentence": sentence, "left": format_number(progress.days_left)}


def format_percent(share: float) -> str:
    """Return a share in per cent, as exactly as somebody gave it."""
    return _("%(n)s %%") % {"n": f"{100 * share:g}"}


def protocol_sentence(protocol: Protocol) -> str:
    """Return what the rules of a study mean, as one sentence."""
    k = protocol.annotators_per_sample
    annotators = ngettext(
        "%(k)s annotator scores each sample", "%(k)s annotators score each sample independently", k
    ) % {"k": COUNT_WORDS.get(k, str(k))}
    parts = [annotators]
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
            share = format_decimals(protocol.review_share * 100, 0)
            parts.append(_("somebody new reviews %(share)s %% of the agreed ones") % {"share": share})
        case Protocol.CrossReview.HIGH:
            least = f"{protocol.review_threshold or 0:g}"
            parts.append(_("somebody new reviews those rated %(least)s or higher throughout") % {"least": least})
    if protocol.suggestions != Protocol.Suggestions.NONE:
        mixed = format_percent(round(1 - protocol.blind_share, 6))
        parts.append(_("a judge’s values are shown on at most %(share)s of them") % {"share": mixed})
    return ", ".join(parts) + "."
