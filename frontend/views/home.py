"""The home page: the viewer's studies and what waits there."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from annotation.core import permissions
from annotation.reports.inbox import StudyInbox, read_inbox
from annotation.reports.summaries import MyStudy, my_studies
from frontend.presenters.vocabulary import format_number

from .common import render_page, viewer


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the viewer's studies; a site administrator sees the others too."""
    rows = my_studies(viewer(request))
    waiting = read_inbox(
        [row.member for row in rows if row.member is not None], [row.study.pk for row in rows if row.leads]
    )
    context = {
        "mine": [row for row in rows if row.member is not None],
        "waiting": waiting,
        "others": [row for row in rows if row.member is None],
        "headline": _home_headline(rows, waiting),
        "may_create": permissions.may_create_studies(viewer(request)),
    }
    return render_page(request, "home.html", context)


def _home_headline(rows: list[MyStudy], waiting: dict[int, StudyInbox]) -> str:
    decide = sum(inbox.handed_over for inbox in waiting.values())
    if decide:
        return ngettext("%(n)s discussion is yours to decide", "%(n)s discussions are yours to decide", decide) % {
            "n": format_number(decide)
        }
    cases = sum(inbox.waiting for inbox in waiting.values())
    if cases:
        return ngettext("%(n)s discussion waits for you", "%(n)s discussions wait for you", cases) % {
            "n": format_number(cases)
        }
    reserved = sum(row.own.held for row in rows)
    if reserved:
        return ngettext("%(held)d sample is reserved for you", "%(held)d samples are reserved for you", reserved) % {
            "held": reserved
        }
    if any(row.member is not None for row in rows):
        return _("My studies")
    return _("No study yet") if not rows else _("Studies")
