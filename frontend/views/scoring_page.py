"""The scoring page: a shell and the data its script starts with.

Samples come through the API.
"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from annotation.core import permissions
from annotation.core.errors import NotAllowed
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.models import Member, Study, User
from frontend.client_text.page_data import OPAQUE, dimensions_of
from frontend.client_text.scoring_page import scoring_page_text, skip_reasons

from .common import render_page, viewer, visible_study

# The sample on the desk and three behind it: more than a person scores while the server answers.
HELD = 4


@login_required
@require_safe
@ensure_csrf_cookie
@gzip_page  # Echoes nothing of the request, and the token in it is masked anew each time: safe to compress.
def scoring_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page to those who score.

    That a study or a member is paused is shown by the script.
    """
    user, study = viewer(request), visible_study(request, slug)
    member = permissions.find_member(user, study)
    if member is None or member.role == Member.Role.RESEARCHER:
        raise NotAllowed("You do not score in this study.")
    rubric = load_rubric(study.rubric_id)
    context = {
        "study": study,
        "boot": _page_data(user, study, rubric),
        "digits": _first_and_last_key(rubric),
        "reasons": skip_reasons().items(),
    }
    return render_page(request, "score.html", context)


def _page_data(user: User, study: Study, rubric: RubricDefinition) -> dict[str, Any]:
    return {
        "study": {"slug": study.slug},
        "person": {"id": str(user.pk), "name": user.name or user.username},
        "dimensions": dimensions_of(rubric),
        "ahead": HELD,
        "urls": {
            "assignments": reverse("api:assignments", args=[study.slug]),
            "assignment": reverse("api:assignment", args=[OPAQUE]).replace(OPAQUE, "ID"),
            "progress": reverse("api:progress", args=[study.slug]),
            "session": reverse("api:session"),
            "me": reverse("api:me"),
        },
        "text": scoring_page_text(),
    }


def _first_and_last_key(rubric: RubricDefinition) -> tuple[int, int]:
    """Return the first and the last key of the first dimension.

    Its values where they are digits, else 1 to n.
    """
    values = [level.value for level in rubric.dimensions[0].levels]
    if all(value.is_integer() and 0 <= value <= 9 for value in values):
        return int(min(values)), int(max(values))
    return 1, len(values)
