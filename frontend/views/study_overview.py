"""A study's front page for those who read results, and its rubric for everybody."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.models import Member
from annotation.reports import summaries
from frontend.charts.svg import draw_columns
from frontend.presenters import vocabulary
from frontend.presenters.agreement import (
    agreement_table,
    evaluation_counts,
    overall_kappa_heat_map,
    stance_change_rows,
    stance_change_sentence,
)
from frontend.presenters.annotators import annotator_board
from frontend.presenters.influence_text import summary_sentence as influence_finding
from frontend.presenters.progress import generator_progress_rows, state_segments
from frontend.presenters.stored_reports import load_people, load_study_reports
from frontend.presenters.todo import todo_items

from .common import render_page, viewer, visible_study

LEVEL = "ordinal"


@login_required
@require_safe
def study_overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the board; annotators are redirected to their own page."""
    study = visible_study(request, slug)
    user = viewer(request)
    if not permissions.may_read_results(user, study):
        member = permissions.require_member(user, study)
        scores = member.role != Member.Role.RESEARCHER and member.state == Member.State.ACTIVE
        return redirect("score" if scores else "rubric", slug=study.slug)
    leads = permissions.may_lead(user, study)
    reports = load_study_reports(study)
    people = load_people(study, names=leads)
    rubric = load_rubric(study.rubric_id)
    protocol = study.protocols.get(current=True)
    progress = summaries.study_progress(study, reports.progress)
    lines = annotator_board(reports, people, summaries.count_held_samples(study))
    agreement = agreement_table(reports.agreement, rubric, level=LEVEL)
    by_day = reports.progress["pace"]["by_day"] if reports.progress else []
    rows = generator_progress_rows(reports.progress, rubric)
    changes = stance_change_rows(reports.agreement, rubric)
    context: dict[str, Any] = {
        "study": study,
        "rubric": rubric,
        "progress": progress,
        "headline": vocabulary.progress_sentence(progress),
        "pace": vocabulary.pace_text(progress),
        "by_day": draw_columns(by_day, label=", ".join(map(str, by_day))) if len(by_day) > 1 and any(by_day) else "",
        "protocol": vocabulary.protocol_sentence(protocol),
        "segments": state_segments(progress.by_state),
        "reports": reports,
        "agreement": agreement,
        "basis": evaluation_counts([row.metrics for row in agreement.rows]),
        "heat_map": overall_kappa_heat_map((row.metrics for row in agreement.rows), people),
        "moved": changes,
        "moved_sentence": stance_change_sentence(changes),
        "influence": influence_finding(reports.influence, rubric) if reports.influence else "",
        "annotators": lines,
        "generators": rows,
        "has_finals": any(cell for row in rows for cell in row.finals),
        "leads": leads,
        "waits": todo_items(study, protocol, lines.rows, reports, people) if leads else [],
    }
    return render_page(request, "board.html", context)


@login_required
@require_safe
def rubric(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is scored: dimensions, levels, anchors, and what the study asks of its annotators."""
    study = visible_study(request, slug)
    return render_page(request, "rubric.html", {"study": study, "rubric": load_rubric(study.rubric_id)})
