"""Bringing samples and scores in from a file: upload, dry run, the real run, and how far each is."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import permissions
from annotation.errors import WorkflowError
from annotation.models import Job, Study
from annotation.services import jobs
from annotation.services.job_inputs import store_input
from frontend.forms.studies import ImportForm

from .common import show, study_of, viewer

SHOWN_JOBS = 30
SHOWN_REFUSALS = 200
UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the imports so far; POST takes a file and queues its dry run."""
    study = _led(request, slug)
    if request.method != "POST":
        return _page(request, study, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, study, form, status=400)
    try:
        file = store_input(by=viewer(request), study=study, upload=form.cleaned_data["file"])
        job = jobs.enqueue(
            by=viewer(request),
            kind=form.cleaned_data["kind"],
            study=study,
            arguments={**form.arguments(), "dry_run": True},
            file=file,
        )
    except WorkflowError as error:
        form.refuse(error)
        return _page(request, study, form, status=error.status)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_safe
def job(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Show one import; while it runs the page asks again by itself, for its middle part alone."""
    study = _led(request, slug)
    found = _job(study, job_id)
    result: dict[str, Any] = found.result or {}
    errors = result.get("errors", [])
    context: dict[str, Any] = {
        "study": study,
        "job": found,
        "running": found.state in UNFINISHED,
        "dry_run": bool(found.arguments.get("dry_run")),
        "pace": jobs.pace(found),
        "figures": [
            (label, result[name])
            for name, label in (
                ("created", _("new")),
                ("updated", _("replaced")),
                ("unchanged", _("there already")),
                ("refused", _("refused")),
            )
            if name in result
        ],
        "takes": result.get("created", 0) + result.get("updated", 0),
        "errors": errors[:SHOWN_REFUSALS],
        "more_errors": max(0, result.get("refused", 0) - SHOWN_REFUSALS),
        "log": list(found.log_lines.order_by("-id").values_list("line", flat=True)[:20]),
        "in_part": bool(getattr(request, "htmx", False)),
    }
    template = "parts/job.html" if context["in_part"] else "job.html"
    response = show(request, template, context)
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


@login_required
@require_POST
def run(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Queue the real run of a file whose dry run is done."""
    study = _led(request, slug)
    rehearsal = _job(study, job_id)
    if not rehearsal.arguments.get("dry_run") or rehearsal.state != Job.State.DONE:
        raise Http404(_("There is no finished dry run to go on from."))
    arguments = {name: value for name, value in rehearsal.arguments.items() if name != "dry_run"}
    queued = jobs.enqueue(
        by=viewer(request), kind=rehearsal.kind, study=study, arguments=arguments, file=rehearsal.file
    )
    return redirect("job", slug=study.slug, job_id=queued.public_id)


@login_required
@require_POST
def cancel(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Stop an import; lines already taken stay."""
    study = _led(request, slug)
    jobs.cancel(by=viewer(request), job=_job(study, job_id))
    return redirect("job", slug=study.slug, job_id=job_id)


@login_required
@require_POST
def retry(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Try a failed or cancelled import again."""
    study = _led(request, slug)
    jobs.retry(by=viewer(request), job=_job(study, job_id))
    return redirect("job", slug=study.slug, job_id=job_id)


def _led(request: HttpRequest, slug: str) -> Study:
    study = study_of(request, slug)
    permissions.require_lead(viewer(request), study)
    return study


def _job(study: Study, job_id: str) -> Job:
    found = Job.objects.filter(study=study, public_id=job_id).select_related("created_by").first()
    if found is None:
        raise Http404(_("There is no such import."))
    return found


def _page(request: HttpRequest, study: Study, form: ImportForm, *, status: int = 200) -> HttpResponse:
    found = Job.objects.filter(study=study, kind__startswith="import_")
    rows = found.select_related("created_by").order_by("-created_at")[:SHOWN_JOBS]
    context = {"study": study, "form": form.prepare(), "jobs": rows}
    return show(request, "imports.html", context, status=status)
