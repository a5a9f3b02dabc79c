"""The releases of a study: creation, files, downloads and the test pool."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core import permissions
from annotation.core.errors import WorkflowError
from annotation.core.visibility import releases_visible_to
from annotation.jobs import queueing
from annotation.models import Job, Release, Sample, Study
from annotation.releases.changes import find_changes
from annotation.releases.downloads import download_archive, download_file
from annotation.releases.test_pool import read_pool_state, reserve_pool
from frontend.forms.base import PageForm
from frontend.forms.releases import FilesForm, PoolForm, ReleaseForm
from frontend.presenters import releases as release_rows

from .common import render_page, run_form_action, send_file, viewer, visible_study

KINDS = ("release", "render_release")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the releases of a study; POST asks for a new one."""
    study = _readable_study(request, slug)
    if request.method != "POST":
        return _render_list(request, study, ReleaseForm(), PoolForm())
    permissions.require_lead(viewer(request), study)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return _render_list(request, study, form, PoolForm(), status=400)
    try:
        job = queueing.enqueue(by=viewer(request), kind="release", study=study, arguments=form.arguments())
    except WorkflowError as error:
        form.refuse(error)
        return _render_list(request, study, form, PoolForm(), status=error.status)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def reserve_test_pool(request: HttpRequest, slug: str) -> HttpResponse:
    """Reserve the questions that test parts may come from."""
    study = _readable_study(request, slug)
    permissions.require_lead(viewer(request), study)
    form = PoolForm(request.POST)

    def reserve() -> str:
        reserve_pool(by=viewer(request), study=study, **form.cleaned_data)
        return _("The test pool is reserved.")

    status = run_form_action(request, form, reserve)
    if status == 302:
        return redirect("releases", slug=study.slug)
    return _render_list(request, study, ReleaseForm(), form, status=status)


@login_required
@require_safe
def release(request: HttpRequest, slug: str, release_id: str) -> HttpResponse:
    """Show one release."""
    study = _readable_study(request, slug)
    return _render_release(request, study, _visible_release(request, study, release_id), FilesForm())


@login_required
@require_POST
def render_files(request: HttpRequest, slug: str, release_id: str) -> HttpResponse:
    """Ask for files of a release."""
    study = _readable_study(request, slug)
    permissions.require_lead(viewer(request), study)
    row = _visible_release(request, study, release_id)
    form = FilesForm(request.POST)
    if not form.is_valid():
        return _render_release(request, study, row, form, status=400)
    arguments = {"release": row.public_id, **form.arguments()}
    job = queueing.enqueue(by=viewer(request), kind="render_release", study=study, arguments=arguments)
    messages.success(request, _("The files are being made."))
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def download_files(request: HttpRequest, slug: str, release_id: str, rendition_id: str) -> HttpResponseBase:
    """Send all files of a rendition, or the named one.

    By POST, as downloads are recorded.
    """
    study = _readable_study(request, slug)
    row = _visible_release(request, study, release_id)
    rendition = row.renditions.filter(public_id=rendition_id).select_related("release__study").first()
    if rendition is None:
        raise Http404(_("There are no such files."))
    path = request.POST.get("file", "")
    if path:
        return send_file(download_file(by=viewer(request), release=row, path=path))
    return send_file(download_archive(by=viewer(request), rendition=rendition))


def _readable_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    return study


def _visible_release(request: HttpRequest, study: Study, release_id: str) -> Release:
    rows = releases_visible_to(viewer(request)).filter(study=study, public_id=release_id)
    release = rows.select_related("study", "rubric", "by").prefetch_related("renditions").first()
    if release is None:
        raise Http404(_("There is no such release."))
    return release


def _render_list(
    request: HttpRequest, study: Study, form: PageForm, pool_form: PageForm, *, status: int = 200
) -> HttpResponse:
    leads = permissions.may_lead(viewer(request), study)
    context: dict[str, Any] = {
        "study": study,
        "leads": leads,
        "releases": Release.objects.filter(study=study).select_related("by"),
        "agreed": Sample.objects.filter(study=study, state=Sample.State.AGREED).count(),
        "pool": read_pool_state(study),
        "form": form.prepare(),
        "pool_form": pool_form.prepare(),
        "jobs": _unfinished_jobs(study) if leads else (),
    }
    return render_page(request, "releases.html", context, status=status)


def _render_release(
    request: HttpRequest, study: Study, row: Release, form: PageForm, *, status: int = 200
) -> HttpResponse:
    changes = find_changes(row)
    names, counted = release_rows.outcome_table(row)
    context: dict[str, Any] = {
        "study": study,
        "leads": permissions.may_lead(viewer(request), study),
        "release": row,
        "about": row.about,
        "headline": release_rows.summary_sentence(row),
        "aims": release_rows.split_aims(row),
        "generators": release_rows.generator_release_rows(row),
        "by_generator": release_rows.balance_rows(row, "generator"),
        "by_domain": release_rows.balance_rows(row, "domain"),
        "outcomes": names,
        "outcomes_by_dimension": counted,
        "changes": changes,
        "changed": release_rows.changes_sentence(changes),
        "judges": row.judge_runs.defer("curves", "config"),
        "form": form.prepare(),
    }
    return render_page(request, "release.html", context, status=status)


def _unfinished_jobs(study: Study) -> list[Job]:
    """Return the jobs that make releases and files, and the recently failed ones."""
    rows = Job.objects.filter(study=study, kind__in=KINDS).exclude(state=Job.State.DONE)
    return list(rows.order_by("-created_at")[:5])
