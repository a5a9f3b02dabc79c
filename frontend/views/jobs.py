"""The jobs of a study: list, job, log, cancelling and retrying."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.jobs import list as job_list
from annotation.jobs import queueing as services
from annotation.jobs.rejected_lines import rejected_lines_as_csv, rejected_lines_as_json
from annotation.models import Job, Study
from annotation.models.jobs import UNFINISHED
from frontend.forms.jobs import JobFilterForm
from frontend.presenters import jobs as job_words
from frontend.presenters.job_page import job_page

from .common import render_page, viewer, visible_study

PAGE = 30
LOG_PAGE = 200
DOWNLOADS = {
    "csv": (rejected_lines_as_csv, "text/csv; charset=utf-8"),
    "jsonl": (rejected_lines_as_json, "application/x-ndjson"),
}


@login_required
@require_safe
def jobs(request: HttpRequest, slug: str) -> HttpResponse:
    """List jobs, running ones first; while one runs the page polls."""
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    visible_jobs = job_list.visible_jobs(viewer(request), study)
    form = JobFilterForm(request.GET, kinds=job_list.kinds_of(visible_jobs))
    form.is_valid()
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    start = _parse_offset(request.GET.get("from", ""))
    page = job_list.read_job_page(visible_jobs, **chosen, start=start, limit=PAGE)
    leads = permissions.may_lead(viewer(request), study)
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "lines": [job_words.JobLine.from_job(row, viewer(request), leads=leads) for row in page.rows],
        "live": any(row.state in UNFINISHED for row in page.rows),
        "narrowed": bool(chosen),
        "leads": leads,
        "next": "?" + urlencode({**chosen, "from": page.next}) if page.next else "",
        "first": "?" + urlencode(chosen) if start else "",
    }
    return render_page(request, "jobs.html", context)


@login_required
@require_safe
def job(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Show one job; while it runs the page polls for its middle part."""
    study, job = _visible_job(request, slug, job_id)
    in_part = bool(getattr(request, "htmx", False))
    context = job_page(job, study, user=viewer(request))
    context |= {"in_part": in_part, "heard": request.GET.get("heard", "")}
    response = render_page(request, "parts/job_status.html" if in_part else "job.html", context)
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


@login_required
@require_safe
def job_log(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Show the whole log, oldest line first, a page at a time; traces are folded."""
    study, job = _visible_job(request, slug, job_id)
    start = _parse_offset(request.GET.get("from", ""))
    rows = list(job.log_lines.order_by("id")[start : start + LOG_PAGE + 1])
    context: dict[str, Any] = {
        "study": study,
        "job": job,
        "title": job_words.job_title(job),
        "lines": [job_words.JobLogEntry.from_log_line(row) for row in rows[:LOG_PAGE]],
        "next": f"?from={start + LOG_PAGE}" if len(rows) > LOG_PAGE else "",
        "first": start > 0,
    }
    return render_page(request, "job_log.html", context)


@login_required
@require_safe
def job_log_text(request: HttpRequest, slug: str, job_id: str) -> HttpResponseBase:
    """Send the whole log as a text, times in UTC."""
    study, job = _visible_job(request, slug, job_id)
    lines = job.log_lines.order_by("id").values_list("at", "line")
    pieces = (f"{at:%Y-%m-%d %H:%M:%S}  {line}\n" for at, line in lines.iterator(chunk_size=500))
    return _stream_download(pieces, "text/plain; charset=utf-8", f"{study.slug}-job-{job.public_id}.txt")


@login_required
@require_safe
def rejected_lines(request: HttpRequest, slug: str, job_id: str, form: str) -> HttpResponseBase:
    """Send the rejected lines of an import, as CSV or JSON Lines."""
    study, job = _visible_job(request, slug, job_id)
    if form not in DOWNLOADS:
        raise Http404
    pieces, content_type = DOWNLOADS[form]
    return _stream_download(pieces(job), content_type, f"{study.slug}-refused-{job.public_id}.{form}")


@login_required
@require_POST
def cancel_job(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Cancel a job; what it has done stays."""
    study, job = _visible_job(request, slug, job_id)
    services.cancel(by=viewer(request), job=job)
    return redirect("job", slug=study.slug, job_id=job_id)


@login_required
@require_POST
def retry_job(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Retry a failed or cancelled job."""
    study, job = _visible_job(request, slug, job_id)
    services.retry(by=viewer(request), job=job)
    return redirect("job", slug=study.slug, job_id=job_id)


def _visible_job(request: HttpRequest, slug: str, job_id: str) -> tuple[Study, Job]:
    study = visible_study(request, slug)
    job = job_list.visible_jobs(viewer(request), study).filter(public_id=job_id).first()
    if job is None:
        raise Http404(_("There is no such job, or it is not yours to see."))
    return study, job


def _parse_offset(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _stream_download(pieces: Any, content_type: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store, private"
    return response
