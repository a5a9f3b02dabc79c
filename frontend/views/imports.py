"""The import of samples and scores: a dry run first, then the real run."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotation.core import permissions
from annotation.core.errors import WorkflowError
from annotation.imports.uploads import store_upload
from annotation.jobs import list as job_list
from annotation.jobs import queueing
from annotation.models import Job, Study
from frontend.forms.imports import ImportForm
from frontend.presenters import jobs as job_words

from .common import render_page, viewer, visible_study

SHOWN_JOBS = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, slug: str) -> HttpResponse:
    """List the imports; POST queues the dry run of a file or a path."""
    study = _led_study(request, slug)
    if request.method != "POST":
        return _render_imports(request, study, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _render_imports(request, study, form, status=400)
    user = viewer(request)
    try:
        file = store_upload(by=user, study=study, upload=form.upload) if form.upload else ""
        job = queueing.enqueue(
            by=user,
            kind=form.cleaned_data["kind"],
            study=study,
            arguments={**form.arguments(), "dry_run": True},
            file=file,
        )
    except WorkflowError as error:
        form.refuse(error)
        return _render_imports(request, study, form, status=error.status)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def run_import(request: HttpRequest, slug: str, job_id: str) -> HttpResponse:
    """Queue the real run of a file whose dry run is done."""
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    rehearsal = job_list.visible_jobs(viewer(request), study).filter(public_id=job_id).first()
    if rehearsal is None or not rehearsal.arguments.get("dry_run") or rehearsal.state != Job.State.DONE:
        raise Http404(_("There is no finished dry run to go on from."))
    arguments = {name: value for name, value in rehearsal.arguments.items() if name != "dry_run"}
    queued = queueing.enqueue(
        by=viewer(request), kind=rehearsal.kind, study=study, arguments=arguments, file=rehearsal.file
    )
    return redirect("job", slug=study.slug, job_id=queued.public_id)


def _led_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_lead(viewer(request), study)
    return study


def _render_imports(request: HttpRequest, study: Study, form: ImportForm, *, status: int = 200) -> HttpResponse:
    job_page = job_list.read_job_page(
        job_list.visible_jobs(viewer(request), study).filter(kind__in=job_words.IMPORTS), limit=SHOWN_JOBS
    )
    context = {
        "study": study,
        "form": form.prepare(),
        "lines": [job_words.JobLine.from_job(row, viewer(request), leads=True) for row in job_page.rows],
        "more": job_page.next is not None,
    }
    return render_page(request, "imports.html", context, status=status)
