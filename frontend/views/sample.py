"""One sample for those who read results, with the actions of its admins.

Whoever looks in here as a member never scores the sample as independent afterwards; the service remembers it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.sample_content import SampleSides, build_sample_views
from annotation.discussions.participant_list import owes_reason
from annotation.models import Discussion, FinalScore, Rating, Sample, Score, Study
from annotation.samples import assigning_by_hand, requesting_review
from annotation.samples import reopening as services
from annotation.samples.eligibility import eligible_annotators
from annotation.samples.timeline import read_timeline
from annotation.scoring.exposures import record_exposure
from annotation.suggestions.arms import SuggestionArm
from annotation.suggestions.shown_to_annotators import SuggestionRecord, suggestion_records
from frontend.forms.base import PageForm
from frontend.forms.samples import AssignForm, ReopenForm, ReviewForm, WithdrawForm
from frontend.presenters import timeline as timeline_words
from frontend.presenters import vocabulary

from . import sample_actions
from .common import render_page, run_form_action, viewer, visible_study


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One annotator's score of a sample."""

    annotator: str
    values: dict[str, float]
    notes: list[tuple[str, str]]
    origin: str
    seconds: float | None
    at: datetime | None
    arm: str
    suggestion: SuggestionRecord | None


@login_required
@require_safe
def sample(request: HttpRequest, slug: str, sample_id: str) -> HttpResponse:
    """Show one sample's content, scores and timeline.

    From those who owe a reason in its discussion, other people's values are withheld.
    """
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    return _render_sample(request, study, _find_sample(study, sample_id))


@login_required
@require_POST
def reopen_sample(request: HttpRequest, slug: str, sample_id: str) -> HttpResponse:
    """Reopen an agreed, blocked or withdrawn sample."""
    study, sample = _led_sample(request, slug, sample_id)
    form = ReopenForm(request.POST, dimensions=services.dimensions_to_discuss(sample), auto_id="reopen_%s")

    def act() -> str:
        return sample_actions.reopen_sample(viewer(request), sample, form)

    return _respond_to_form(request, study, sample, form, "reopen", act)


@login_required
@require_POST
def request_review(request: HttpRequest, slug: str, sample_id: str) -> HttpResponse:
    """Send an agreed sample to cross-review."""
    study, sample = _led_sample(request, slug, sample_id)
    form = ReviewForm(request.POST, auto_id="review_%s")

    def act() -> str:
        return sample_actions.send_to_review(viewer(request), sample, form)

    return _respond_to_form(request, study, sample, form, "review", act)


@login_required
@require_POST
def assign_sample(request: HttpRequest, slug: str, sample_id: str) -> HttpResponse:
    """Assign a sample to annotators for some days."""
    study, sample = _led_sample(request, slug, sample_id)
    form = AssignForm(request.POST, takers=eligible_annotators(study, [sample])[sample.pk], auto_id="assign_%s")

    def act() -> str:
        return sample_actions.assign_sample(viewer(request), sample, form)

    return _respond_to_form(request, study, sample, form, "assign", act)


@login_required
@require_POST
def withdraw_sample(request: HttpRequest, slug: str, sample_id: str) -> HttpResponse:
    """Take a sample out of the study."""
    study, sample = _led_sample(request, slug, sample_id)
    form = WithdrawForm(request.POST, auto_id="withdraw_%s")

    def act() -> str:
        services.withdraw_sample(by=viewer(request), sample_id=sample.public_id, reason=form.cleaned_data["reason"])
        return _("Withdrawn: nobody scores or discusses it any more.")

    return _respond_to_form(request, study, sample, form, "withdraw", act)


def _respond_to_form(
    request: HttpRequest, study: Study, sample: Sample, form: PageForm, name: str, act: Callable[[], str]
) -> HttpResponse:
    """Perform a form's action and redirect to the sample, or show the errors."""
    status = run_form_action(request, form, act)
    if status == 302:
        return redirect("sample", slug=study.slug, sample_id=sample.public_id)
    return _render_sample(request, study, _find_sample(study, sample.public_id), bound={name: form}, status=status)


def _render_sample(
    request: HttpRequest,
    study: Study,
    sample: Sample,
    *,
    bound: dict[str, PageForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    member = permissions.find_member(viewer(request), study)
    if member is not None and request.method != "HEAD":
        record_exposure(member=member, samples=[sample])
    rubric = load_rubric(study.rubric_id)
    leads = permissions.may_lead(viewer(request), study)
    view = build_sample_views([SampleSides(sample.pk, sample.public_id, sample.has_text, sample.has_image)], rubric)[
        sample.pk
    ]
    scored = len(view.locked) < len(rubric.dimensions)
    cases = list(Discussion.objects.filter(sample=sample).prefetch_related("topics__dimension").order_by("number"))
    owed = next((case for case in cases if case.state != Discussion.State.CLOSED), None)
    withheld = owed is not None and owes_reason(viewer(request), sample)
    context: dict[str, Any] = {
        "study": study,
        "sample": sample,
        "view": view,
        "rubric": rubric,
        "leads": leads,
        "scored": scored,
        "scores_too": member is not None and permissions.may_score(member),
        "cases": cases,
        "owed": owed if withheld else None,
        "forms": _sample_forms(request, sample, study, bound or {}, scored=scored) if leads and not withheld else {},
    }
    if not withheld:
        context |= {
            "rounds": _scores_by_round(sample, rubric, cases, names=leads),
            "finals": _final_scores(sample, rubric),
            "days": timeline_words.group_by_day(read_timeline(sample, names=leads)),
        }
    return render_page(request, "sample.html", context, status=status)


def _sample_forms(
    request: HttpRequest, sample: Sample, study: Study, bound: dict[str, PageForm], *, scored: bool
) -> dict[str, PageForm]:
    forms: dict[str, PageForm] = {}
    decided = sample.state in (Sample.State.AGREED, Sample.State.BLOCKED)
    if sample.state == Sample.State.AGREED and requesting_review.why_not_reviewable(sample, by=viewer(request)) is None:
        forms["review"] = ReviewForm(auto_id="review_%s")
    if study.state == Study.State.RUNNING and assigning_by_hand.count_assignable_slots(sample):
        forms["assign"] = AssignForm(takers=eligible_annotators(study, [sample])[sample.pk], auto_id="assign_%s")
    if (scored and decided) or sample.state == Sample.State.WITHDRAWN:
        forms["reopen"] = ReopenForm(dimensions=services.dimensions_to_discuss(sample), auto_id="reopen_%s")
    if sample.state != Sample.State.WITHDRAWN:
        forms["withdraw"] = WithdrawForm(auto_id="withdraw_%s")
    return {name: form.prepare() for name, form in (forms | bound).items()}


def _find_sample(study: Study, sample_id: str) -> Sample:
    rows = Sample.objects.select_related("study", "question", "content", "protocol")
    sample = rows.filter(study=study, public_id=sample_id).first()
    if sample is None:
        raise Http404(_("There is no such sample."))
    return sample


def _led_sample(request: HttpRequest, slug: str, sample_id: str) -> tuple[Study, Sample]:
    study = visible_study(request, slug)
    permissions.require_lead(viewer(request), study)
    return study, _find_sample(study, sample_id)


def _final_scores(sample: Sample, rubric: RubricDefinition) -> dict[str, FinalScore]:
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    rows = FinalScore.objects.filter(sample=sample, current=True).select_related("level")
    return {keys[final.dimension_id]: final for final in rows}


def _scores_by_round(
    sample: Sample, rubric: RubricDefinition, cases: list[Discussion], *, names: bool
) -> list[tuple[int, Discussion | None, list[ScoreRow]]]:
    """Return the scores by round: number, discussion and rows.

    The discussion is the one in which they were signed, None for independent scores.
    """
    rows_of = Score.objects.filter(sample=sample, voided_at=None).select_related("member")
    scores = list(rows_of.order_by("discussion", "member__name", "round"))
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    values: dict[int, dict[str, float]] = {score.pk: {} for score in scores}
    notes: dict[int, list[tuple[str, str]]] = {score.pk: [] for score in scores}
    for rating in Rating.objects.filter(score__in=scores).select_related("level"):
        key = keys[rating.dimension_id]
        values[rating.score_id][key] = rating.level.value
        if rating.note:
            notes[rating.score_id].append((key, rating.note))
    case_of = {case.pk: case for case in cases}
    suggestion_by_score = suggestion_records(scores)
    rounds: dict[tuple[int, int | None], list[ScoreRow]] = {}
    for score in scores:
        row = ScoreRow(
            annotator=vocabulary.member_name(score.member, names=names),
            values=values[score.pk],
            notes=notes[score.pk],
            origin=score.origin,
            seconds=score.seconds,
            at=score.at,
            arm=SuggestionArm(score.arm).name.lower(),
            suggestion=suggestion_by_score.get(score.pk),
        )
        rounds.setdefault((score.discussion_id or 0, score.discussion_id), []).append(row)
    return [
        (number, case_of.get(case) if case else None, rows)
        for number, ((_order, case), rows) in enumerate(sorted(rounds.items()), 1)
    ]
