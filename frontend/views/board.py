"""A study's front page for those who read results, its rubric for everybody, its settings for those who lead it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from annotation import permissions, reports
from annotation.errors import WorkflowError
from annotation.models import Job, Member, Sample, Study
from annotation.rubrics import definition
from annotation.services import studies
from frontend import wording
from frontend.forms.studies import StudyForm

from .common import show, study_of, viewer

BAR_WIDTH = 1000
LEAST_WIDTH = 4
# From settled to untouched, as the bar is read from left to right.
ORDER = ("agreed", "in_review", "in_discussion", "blocked", "scoring", "waiting", "withdrawn")


@dataclass(frozen=True, slots=True)
class Segment:
    """One state's part of the bar."""

    state: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that somebody has to look at."""

    count: int
    label: str
    url: str
    detail: str


@login_required
@require_safe
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the board; annotators go on to what they come for."""
    found = study_of(request, slug)
    user = viewer(request)
    if not permissions.may_read_results(user, found):
        member = permissions.require_member(user, found)
        scores = member.role != Member.Role.RESEARCHER and member.state == Member.State.ACTIVE
        return redirect("score" if scores else "rubric", slug=found.slug)
    leads = permissions.may_lead(user, found)
    progress = reports.progress(found)
    rows = [
        {"name": wording.name_of(row.member, names=leads), "work": row, "member": row.member}
        for row in reports.members_work(found)
    ]
    context: dict[str, Any] = {
        "study": found,
        "progress": progress,
        "headline": wording.finding(progress),
        "pace": wording.pace(progress),
        "protocol": wording.protocol_in_words(found.protocols.get(current=True)),
        "segments": segments(progress.by_state),
        "expected": progress.samples * progress.k,
        "rows": rows if leads else sorted(rows, key=lambda row: (-row["work"].scored, str(row["name"]))),
        "leads": leads,
        "waits": _waits(found) if leads else [],
    }
    return show(request, "board.html", context)


@login_required
@require_safe
def rubric(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is scored: dimensions, levels, anchors, and what the study asks of its annotators."""
    found = study_of(request, slug)
    return show(request, "rubric.html", {"study": found, "rubric": definition(found.rubric_id)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change a study's title, instructions and state; its protocol in words."""
    found = study_of(request, slug)
    permissions.require_lead(viewer(request), found)
    initial = {"title": found.title, "instructions": found.instructions, "state": found.state}
    form = StudyForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                studies.change_study(by=viewer(request), study=found, **form.cleaned_data)
            except WorkflowError as error:
                form.refuse(error)
                status = error.status
            else:
                messages.success(request, _("Saved."))
                return redirect("settings", slug=found.slug)
    protocol = found.protocols.get(current=True)
    context = {
        "study": found,
        "form": form.prepare(),
        "protocol": protocol,
        "in_words": wording.protocol_in_words(protocol),
    }
    return show(request, "settings.html", context, status=status)


def segments(by_state: dict[str, int]) -> list[Segment]:
    """Lay the states out along the bar; one that is there at all can be seen."""
    total = sum(by_state.values())
    counts = [(state, by_state[state]) for state in ORDER if by_state.get(state)]
    widths = [max(LEAST_WIDTH, BAR_WIDTH * count / total) for _state, count in counts]
    scale = BAR_WIDTH / sum(widths) if widths else 1
    placed, x = [], 0.0
    for (state, count), width in zip(counts, widths, strict=True):
        placed.append(Segment(state, count, round(x, 1), round(max(1, width * scale - 1), 1)))
        x += width * scale
    return placed


def _waits(found: Study) -> list[Waiting]:
    waits = []
    if found.state != Study.State.RUNNING:
        detail = _("the study is %(state)s") % {"state": wording.word(found.state)}
        waits.append(Waiting(1, _("nobody can score"), reverse("settings", args=[found.slug]), detail))
    blocked = Sample.objects.filter(study=found, state=Sample.State.BLOCKED).count()
    if blocked:
        label = ngettext("blocked sample", "blocked samples", blocked)
        url = reverse("samples", args=[found.slug]) + "?state=blocked"
        waits.append(Waiting(blocked, label, url, _("skipped so often that nobody is left to score them")))
    failed = Job.objects.filter(study=found, state=Job.State.FAILED).count()
    if failed:
        label = ngettext("failed import", "failed imports", failed)
        waits.append(Waiting(failed, label, reverse("imports", args=[found.slug]), _("each says why")))
    annotators = Member.objects.filter(study=found, role=Member.Role.ANNOTATOR, state=Member.State.ACTIVE)
    if not annotators.filter(user__isnull=False).exists():
        url = reverse("people", args=[found.slug])
        waits.append(Waiting(0, _("annotators"), url, _("invite them by a link")))
    return waits
