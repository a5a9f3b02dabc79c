"""Daily email digest of discussions that wait for their recipients.

It names studies and counts: no content, no values, and nobody else.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.visibility import studies_led_by
from annotation.models import Discussion, Study, User

from .participant_list import waiting_by_study

logger = logging.getLogger(__name__)

# Less than a day, as the task does not run to the minute and would drift.
BETWEEN = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """The answers and decisions of one study that wait for a user."""

    title: str
    answers: int
    """Discussions that wait for an answer of theirs."""
    decisions: int
    """Discussions handed over to the admins, for those who lead the study."""


def send_digests() -> int:
    """Send every due digest that is not empty; return how many were sent.

    Where the mail server does not answer, the rest waits for the next time.
    """
    if not settings.SENDS_MAIL:
        return 0
    due = Q(digested_at=None) | Q(digested_at__lte=timezone.now() - BETWEEN)
    people = User.objects.filter(due, digest="daily", is_active=True).exclude(email="").order_by("pk")
    sent = 0
    connection: BaseEmailBackend = get_connection()
    try:
        for user in people:
            waiting = waiting_for(user)
            if waiting:
                sent += _send_digest(user, waiting, connection)
    except OSError:  # smtplib's errors are among these
        logger.exception("The mail server does not take digests; the rest is tried again later.")
    finally:
        connection.close()
    return sent


def waiting_for(user: User) -> list[DigestEntry]:
    """Return the digest entries of a user, by study title."""
    answers = waiting_by_study(user)
    handed = Discussion.objects.filter(
        study__in=studies_led_by(user).filter(state=Study.State.RUNNING), state=Discussion.State.HANDED_OVER
    )
    decisions = dict(handed.order_by().values_list("study_id").annotate(n=Count("pk")))
    studies = Study.objects.filter(pk__in=answers.keys() | decisions.keys())
    return sorted(
        (DigestEntry(study.title, answers.get(study.pk, 0), decisions.get(study.pk, 0)) for study in studies),
        key=lambda one: one.title.casefold(),
    )


def _send_digest(user: User, waiting: list[DigestEntry], connection: BaseEmailBackend) -> bool:
    """Send one digest, unless another process has just done so."""
    now = timezone.now()
    before = user.digested_at
    if not User.objects.filter(pk=user.pk, digested_at=before).update(digested_at=now):
        return False
    message = EmailMessage(
        _digest_subject(waiting), _digest_body(user, waiting), to=[user.email], connection=connection
    )
    try:
        message.send()
    except SMTPRecipientsRefused:
        logger.warning("The mail server refuses the address of user %s.", user.pk)
        return False
    except OSError:
        _unmark_sent(user, now, before)
        raise
    return True


def _unmark_sent(user: User, now: datetime, before: datetime | None) -> None:
    User.objects.filter(pk=user.pk, digested_at=now).update(digested_at=before)


def _digest_subject(waiting: list[DigestEntry]) -> str:
    count = sum(one.answers + one.decisions for one in waiting)
    return ngettext("%(count)d discussion waits for you", "%(count)d discussions wait for you", count) % {
        "count": count
    }


def _digest_body(user: User, waiting: list[DigestEntry]) -> str:
    lines = [_("Hello %(name)s,") % {"name": str(user)}, ""]
    for one in waiting:
        lines.append(one.title)
        if one.answers:
            words = ngettext("%(count)d waits for your answer", "%(count)d wait for your answer", one.answers)
            lines.append("  " + words % {"count": one.answers})
        if one.decisions:
            words = ngettext(
                "%(count)d is past its deadline and waits for an admin to decide",
                "%(count)d are past their deadline and wait for an admin to decide",
                one.decisions,
            )
            lines.append("  " + words % {"count": one.decisions})
    if settings.SITE_URL:
        lines += ["", settings.SITE_URL]
    lines += ["", _("You asked for this mail once a day; your account page turns it off.")]
    return "\n".join(lines)
