"""The reports as CSV tables, unrounded, one table per address."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.spreadsheet_cells import format_csv
from annotation.models import Sample, Study
from annotation.reports import summaries
from frontend.presenters import influence_tables
from frontend.presenters.agreement import GROUPS, LEVELS, stored_rows
from frontend.presenters.stored_reports import People, StudyReports, load_people, load_study_reports

from .common import viewer, visible_study


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The reports and options that a table is made from."""

    study: Study
    reports: StudyReports
    people: People
    rubric: RubricDefinition
    level: str
    by: str


Rows = Iterable[Sequence[Any]]


@login_required
@require_safe
def report_csv(request: HttpRequest, slug: str, table: str) -> HttpResponse:
    """Send one table; before the first report only its header."""
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    if table not in TABLES:
        raise Http404
    level, by = request.GET.get("level", ""), request.GET.get("by", "")
    report_request = ReportRequest(
        study=study,
        reports=load_study_reports(study),
        people=load_people(study, names=permissions.may_lead(viewer(request), study)),
        rubric=load_rubric(study.rubric_id),
        level=level if level in LEVELS else LEVELS[0],
        by=by if by in GROUPS else GROUPS[0],
    )
    response = HttpResponse(format_csv(TABLES[table](report_request)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{study.slug}-{table}.csv"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _interval_ends(row: Mapping[str, Any]) -> Sequence[Any]:
    return row.get("interval") or (None, None)


def _sample_state_rows(request: ReportRequest) -> Rows:
    counts = summaries.study_progress(request.study, None).by_state
    yield "state", "samples"
    for state in Sample.State.values:
        yield state, counts.get(state, 0)


def _generator_rows(request: ReportRequest) -> Rows:
    keys = [dimension.key for dimension in request.rubric.dimensions]
    measures = ("n", "mean", "variance")
    yield ["generator", "samples", "scores", *Sample.State.values, *(f"{key}_{m}" for key in keys for m in measures)]
    stored = request.reports.progress or {}
    finals = {row["generator"]: row["dimensions"] for row in stored.get("finals", [])}
    for row in stored.get("generators", []):
        final_metrics = finals.get(row["generator"], {})
        yield [
            row["generator"],
            row["samples"],
            row["scores"],
            *(row["states"].get(state, 0) for state in Sample.State.values),
            *(final_metrics.get(key, {}).get(measure) for key in keys for measure in measures),
        ]


def _work_rows(request: ReportRequest) -> Rows:
    yield "annotator", "scored", "last_week", "median_seconds", "last_at"
    for row in (request.reports.progress or {}).get("members", []):
        name = request.people.name_of(row["member"])
        yield name, row["scored"], row["last_week"], row["seconds"], row["last_at"]


def _work_by_week_rows(request: ReportRequest) -> Rows:
    yield "annotator", "week", "scored", "median_seconds"
    for row in (request.reports.progress or {}).get("members", []):
        for week in row["weeks"]:
            yield request.people.name_of(row["member"]), week["week"], week["n"], week["seconds"]


def _agreement_rows(request: ReportRequest) -> Rows:
    names = ("samples", "ratings", "annotators", "exact", "within_one", "mad", "range_two")
    yield (
        *("level", "group", "dimension", "alpha", "interval_low", "interval_high", "undefined"),
        *names,
        *("icc", "icc_form", "icc_undefined"),
    )
    for row in stored_rows(request.reports.agreement, request.level, request.by):
        icc = row.get("icc") or {}
        group = row.get("group", {}).get(request.by, "")
        yield (
            *(request.level, group, row["dimension"], row.get("alpha"), *_interval_ends(row), row.get("undefined")),
            *(row.get(name) for name in names),
            *(icc.get("value"), icc.get("form"), icc.get("undefined")),
        )


def _kappa_rows(request: ReportRequest) -> Rows:
    yield "dimension", "annotator", "other", "kappa", "samples", "undefined"
    for row in stored_rows(request.reports.agreement, request.level, "all"):
        for pair in row.get("kappa") or []:
            annotator, other = (request.people.name_of(member) for member in pair["pair"])
            yield row["dimension"], annotator, other, pair.get("kappa"), pair.get("samples"), pair.get("undefined")


def _stance_change_rows(request: ReportRequest) -> Rows:
    towards = ("majority", "highest", "lowest", "other")
    names = ("cases", "stances", "moved", "up", "down", "mean_change")
    yield ("dimension", *names, *(f"towards_{name}" for name in towards))
    for row in (request.reports.agreement or {}).get("moved") or []:
        where = row.get("towards") or {}
        yield (row["dimension"], *(row.get(name) for name in names), *(where.get(name) for name in towards))


def _stance_adoption_rows(request: ReportRequest) -> Rows:
    yield "dimension", "from", "to", "moves"
    for row in (request.reports.agreement or {}).get("moved") or []:
        for pair in row.get("whom") or []:
            yield row["dimension"], request.people.name_of(pair["from"]), request.people.name_of(pair["to"]), pair["n"]


def _annotator_rows(request: ReportRequest) -> Rows:
    names = ("spread", "exact", "within_one", "alpha_others", "seconds", "noteworthy")
    yield ("annotator", "dimension", "n", "bias", "interval_low", "interval_high", *names)
    for row in (request.reports.annotators or {}).get("rows", []):
        annotator, dimension = request.people.name_of(row["member"]), row.get("dimension") or ""
        yield (
            annotator,
            dimension,
            row.get("n"),
            row.get("bias"),
            *_interval_ends(row),
            *(row.get(name) for name in names),
        )


def _annotator_by_week_rows(request: ReportRequest) -> Rows:
    yield "annotator", "dimension", "week", "n", "bias", "spread"
    for row in (request.reports.annotators or {}).get("rows", []):
        annotator, dimension = request.people.name_of(row["member"]), row.get("dimension") or ""
        for week in row.get("weeks") or []:
            yield annotator, dimension, week["week"], week.get("n"), week.get("bias"), week.get("spread")


TABLES: dict[str, Callable[[ReportRequest], Rows]] = {
    "states": _sample_state_rows,
    "generators": _generator_rows,
    "work": _work_rows,
    "work-by-week": _work_by_week_rows,
    "agreement": _agreement_rows,
    "kappa": _kappa_rows,
    "moved": _stance_change_rows,
    "moved-to-whom": _stance_adoption_rows,
    "annotators": _annotator_rows,
    "annotators-by-week": _annotator_by_week_rows,
    "influence": lambda asked: influence_tables.anchoring_rows(asked.reports.influence),
    "influence-arms": lambda asked: influence_tables.arm_rows(asked.reports.influence),
    "influence-annotators": lambda asked: influence_tables.annotator_csv_rows(asked.reports.influence, asked.people),
}
