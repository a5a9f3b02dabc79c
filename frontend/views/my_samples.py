"""An annotator's own past work. Nothing here tells whether others have scored the same samples."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.errors import NotAllowed
from annotation.core.rubric_cache import load_rubric
from annotation.core.visibility import assignments_of
from annotation.models import Assignment, Member, Study
from annotation.reports import summaries
from annotation.scoring import leasing, submitting

from .common import parse_public_id, render_page, viewer, visible_study

PAGE = 25


@login_required
@require_safe
def my_samples(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the viewer has scored, the newest first, a page at a time."""
    study, member = _study_and_scoring_member(request, slug)
    rows = assignments_of(viewer(request)).filter(member=member, state=Assignment.State.SCORED)
    before = parse_public_id(request.GET.get("before", ""))
    if before:
        last = rows.filter(public_id=before).first()
        if last is not None:
            rows = rows.filter(finished_at__lt=last.finished_at)
    page = list(rows.order_by("-finished_at")[: PAGE + 1])
    more = len(page) > PAGE
    page = page[:PAGE]
    context: dict[str, Any] = {
        "study": study,
        "rows": [
            {
                "work": work,
                "question": next((t.question for t in reversed(work.sample.turns) if t.question), ""),
                "changed": _count_changed_values(work),
            }
            for work in leasing.read_work(page, study)
        ],
        "own": summaries.work_of_members([member])[member.pk],
        "rubric": load_rubric(study.rubric_id),
        "next": f"?before={page[-1].public_id}" if more else "",
        "first": bool(before),
    }
    return render_page(request, "my_samples.html", context)


@login_required
@require_safe
def my_score(request: HttpRequest, slug: str, assignment_id: str) -> HttpResponse:
    """Show one of the viewer's own scores, with undo while it is possible."""
    study, member = _study_and_scoring_member(request, slug)
    assignments = assignments_of(viewer(request)).filter(
        member=member, public_id=assignment_id, state=Assignment.State.SCORED
    )
    work = next(iter(leasing.read_work(list(assignments), study)), None)
    if work is None:
        raise Http404(_("You have no such score."))
    until = work.score.undo_until if work.score else None
    context: dict[str, Any] = {
        "study": study,
        "work": work,
        "view": work.sample,
        "rubric": load_rubric(study.rubric_id),
        # Values that were locked before the judge's were shown are never undone, only the answer to those.
        "answered": until is not None,
        "may_undo": until is not None and until > timezone.now(),
    }
    return render_page(request, "my_score.html", context)


@login_required
@require_POST
def undo_my_score(request: HttpRequest, slug: str, assignment_id: str) -> HttpResponse:
    """Take back one's own score and go on with the sample in the scoring page."""
    study, _member = _study_and_scoring_member(request, slug)
    submitting.undo_score(by=viewer(request), assignment_id=assignment_id)
    return redirect("score", slug=study.slug)


def _count_changed_values(work: leasing.LeasedWork) -> int:
    """Return how many locked values were changed once the suggestion was shown."""
    locked_values = (work.score.own if work.score else None) or {}
    return sum(work.score.ratings[key] != value for key, value in locked_values.items()) if work.score else 0


def _study_and_scoring_member(request: HttpRequest, slug: str) -> tuple[Study, Member]:
    study = visible_study(request, slug)
    member = permissions.find_member(viewer(request), study)
    if member is None or member.role == Member.Role.RESEARCHER:
        raise NotAllowed(_("You do not score in this study."))
    return study, member
