"""The page where annotators discuss: a shell and the data its script starts with.

Cases come through the API.
"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from annotation.core import permissions
from annotation.core.errors import NotAllowed
from annotation.core.rubric_cache import load_rubric
from annotation.core.visibility import participations_of
from annotation.discussions import views
from annotation.models import Member, Study, User
from frontend.client_text.discussion_page import discussion_page_text, discussion_reasons
from frontend.client_text.page_data import OPAQUE, dimensions_of

from .common import render_page, viewer, visible_study

# The case on the table and three behind it: more than a person answers while the server does.
AHEAD = 4


@login_required
@require_safe
@ensure_csrf_cookie
@gzip_page  # Echoes nothing of the request, and the token in it is masked anew each time: safe to compress.
def discussion_page(request: HttpRequest, slug: str, case: str = "") -> HttpResponse:
    """Show the page to participants, at one case or at the first waiting one."""
    user, study = viewer(request), visible_study(request, slug)
    member = permissions.find_member(user, study)
    if member is None or member.role == Member.Role.RESEARCHER:
        raise NotAllowed("You do not discuss in this study.")
    if case and not participations_of(user).filter(discussion__public_id=case, discussion__study=study).exists():
        raise Http404(_("There is no such discussion, or you do not take part in it."))
    return render_page(request, "discuss.html", {"study": study, "boot": _page_data(user, study, member, case)})


def _page_data(user: User, study: Study, member: Member, case: str) -> dict[str, Any]:
    page = reverse("discuss", args=[study.slug])
    return {
        "study": {"slug": study.slug},
        "person": {"id": str(user.pk), "name": user.name or user.username},
        "dimensions": dimensions_of(load_rubric(study.rubric_id)),
        "reasons": discussion_reasons(),
        "ahead": AHEAD,
        "case": case,
        "paused": _pause_reason(study, member),
        "waiting": views.waiting_count(user, study),
        "urls": {
            "discussions": reverse("api:discussions", args=[study.slug]),
            "discussion": reverse("api:discussion", args=[OPAQUE]).replace(OPAQUE, "ID"),
            "progress": reverse("api:progress", args=[study.slug]),
            "session": reverse("api:session"),
            "me": reverse("api:me"),
            "page": page,
            "case": f"{page}ID/",
            "score": reverse("score", args=[study.slug]),
        },
        "text": discussion_page_text(),
    }


def _pause_reason(study: Study, member: Member) -> str:
    """Return the API's code for why nobody can write now, or an empty text."""
    if study.state == Study.State.CLOSED:
        return "study_closed"
    if study.state != Study.State.RUNNING:
        return "study_paused"
    return "" if member.state == Member.State.ACTIVE else "member_paused"
