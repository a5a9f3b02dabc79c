"""Samples for those who read results: a list to filter and search, and one sample's whole life.

Whoever looks in here as a member never scores these samples as independent afterwards; the service remembers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotation import permissions
from annotation.content import SampleSides, views
from annotation.models import HistoryEntry, Rating, Sample, SampleContent, Score, Skip, Study
from annotation.rubrics import RubricDefinition, definition
from annotation.services.exposures import record_exposure
from frontend import wording
from frontend.forms.studies import SampleFilterForm

from .common import name_in, show, study_of, viewer

PAGE = 50
# Keys of rows in the details of history entries, of no use to a reader.
INTERNAL = ("score", "invitation")


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """What one person has said about a sample."""

    who: str
    values: dict[str, float]
    notes: list[tuple[str, str]]
    origin: str
    round: int
    seconds: float | None
    at: datetime | None


@login_required
@require_safe
def samples(request: HttpRequest, slug: str) -> HttpResponse:
    """List samples in the order in which they were imported, a page at a time."""
    study = _read(request, slug)
    form = SampleFilterForm(request.GET)
    form.is_valid()
    wanted = {name: value for name, value in form.cleaned_data.items() if value}
    rows = _narrowed(study, wanted)
    after = name_in(request.GET.get("after", ""))
    if after:
        last = Sample.objects.filter(study=study, public_id=after).values_list("pk", flat=True).first()
        rows = rows.filter(pk__gt=last or 0)
    page = list(rows.order_by("pk")[: PAGE + 1])
    more = len(page) > PAGE
    page = page[:PAGE]
    _remember(request, study, page)
    questions = _questions(page)
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "rows": [{"sample": sample, "question": questions.get(sample.pk, "")} for sample in page],
        "k": study.protocols.filter(current=True).values_list("annotators_per_sample", flat=True).first(),
        "narrowed": bool(wanted),
        "next": "?" + urlencode({**wanted, "after": page[-1].public_id}) if more else "",
        "first": "?" + urlencode(wanted) if after else "",
        "scores_too": _scores_too(request, study),
    }
    return show(request, "samples.html", context)


@login_required
@require_safe
def sample(request: HttpRequest, slug: str, sample_id: str) -> HttpResponse:
    """Show one sample: what is judged, what was said, what happened."""
    study = _read(request, slug)
    found = Sample.objects.select_related("question", "content").filter(study=study, public_id=sample_id).first()
    if found is None:
        raise Http404(_("There is no such sample."))
    _remember(request, study, [found])
    rubric = definition(study.rubric_id)
    leads = permissions.may_lead(viewer(request), study)
    view = views([SampleSides(found.pk, found.public_id, found.has_text, found.has_image)], rubric)[found.pk]
    context: dict[str, Any] = {
        "study": study,
        "sample": found,
        "view": view,
        "rubric": rubric,
        "scores": _scores(found, rubric, names=leads),
        "skips": _skips(found, names=leads),
        "history": _history(found) if leads else [],
        "leads": leads,
        "scores_too": _scores_too(request, study),
    }
    return show(request, "sample.html", context)


def _read(request: HttpRequest, slug: str) -> Study:
    study = study_of(request, slug)
    permissions.require_results(viewer(request), study)
    return study


def _remember(request: HttpRequest, study: Study, seen: Sequence[Sample]) -> None:
    member = permissions.membership(viewer(request), study)
    if member is not None and request.method == "GET":
        record_exposure(member=member, samples=seen)


def _scores_too(request: HttpRequest, study: Study) -> bool:
    member = permissions.membership(viewer(request), study)
    return member is not None and permissions.may_score(member)


def _narrowed(study: Study, wanted: dict[str, str]) -> Any:
    rows = Sample.objects.filter(study=study)
    if "state" in wanted:
        rows = rows.filter(state=wanted["state"])
    if "generator" in wanted:
        rows = rows.filter(generator=wanted["generator"])
    if "q" in wanted:
        rows = rows.filter(external_id__startswith=wanted["q"])
    return rows


def _questions(page: Sequence[Sample]) -> dict[int, str]:
    contents = SampleContent.objects.filter(sample__in=page).values_list("sample_id", "turns")
    return {pk: next((t["question"] for t in reversed(turns) if t.get("question")), "") for pk, turns in contents}


def _scores(found: Sample, rubric: RubricDefinition, *, names: bool) -> list[ScoreRow]:
    scores = list(Score.objects.filter(sample=found, voided_at=None).select_related("member").order_by("round", "pk"))
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    values: dict[int, dict[str, float]] = {score.pk: {} for score in scores}
    notes: dict[int, list[tuple[str, str]]] = {score.pk: [] for score in scores}
    for rating in Rating.objects.filter(score__in=scores).select_related("level"):
        key = keys[rating.dimension_id]
        values[rating.score_id][key] = rating.level.value
        if rating.note:
            notes[rating.score_id].append((key, rating.note))
    return [
        ScoreRow(
            who=wording.name_of(score.member, names=names),
            values=values[score.pk],
            notes=notes[score.pk],
            origin=score.origin,
            round=score.round,
            seconds=score.seconds,
            at=score.at,
        )
        for score in scores
    ]


def _skips(found: Sample, *, names: bool) -> list[dict[str, Any]]:
    rows = Skip.objects.filter(assignment__sample=found).select_related("assignment__member").order_by("at")
    return [
        {"who": wording.name_of(row.assignment.member, names=names), "why": wording.word(row.reason), "skip": row}
        for row in rows
    ]


def _history(found: Sample) -> list[dict[str, Any]]:
    rows = HistoryEntry.objects.filter(sample=found).select_related("user", "member").order_by("-pk")[:200]
    return [
        {
            "at": row.at,
            "what": wording.word(row.event),
            "who": row.member.name if row.member else str(row.user or ""),
            "detail": ", ".join(f"{key}: {value}" for key, value in row.detail.items() if key not in INTERNAL),
        }
        for row in rows
    ]
