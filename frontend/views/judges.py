"""The judges of a study: training, scorecards, comparison, predictions and activation."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core import permissions
from annotation.core.errors import WorkflowError
from annotation.core.visibility import judge_runs_visible_to, releases_visible_to
from annotation.imports.format_names import PREDICTION_ENDINGS
from annotation.imports.uploads import store_upload
from annotation.jobs import queueing
from annotation.judges import list as judge_list
from annotation.judges import runs
from annotation.judges.downloads import download_pairs, download_run
from annotation.judges.request import find_missing_libraries
from annotation.models import JudgeRun, Study
from frontend.forms.judges import PredictionsForm, TrainForm
from frontend.presenters import judges as judge_pages
from frontend.presenters.scorecard import comparison_view

from .common import parse_public_id, render_page, send_file, viewer, visible_study


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def judges(request: HttpRequest, slug: str) -> HttpResponse:
    """List the judges of a study; POST starts the training of another one."""
    study = _readable_study(request, slug)
    if request.method != "POST":
        chosen = {"release": parse_public_id(request.GET.get("release", ""))}
        return _render_list(request, study, TrainForm(study=study, initial=chosen), PredictionsForm())
    form = TrainForm(request.POST, study=study)
    if not form.is_valid():
        return _render_list(request, study, form, PredictionsForm(), status=400)
    try:
        run = runs.start_training(by=viewer(request), release=form.release_row, wanted=form.training_request())
    except WorkflowError as error:
        form.refuse(error)
        return _render_list(request, study, form, PredictionsForm(), status=error.status)
    return redirect("judge", slug=study.slug, run_id=run.public_id)


@login_required
@require_POST
def import_predictions(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue the dry run of a file of predictions; nothing is stored yet."""
    study = _readable_study(request, slug)
    form = PredictionsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _render_list(request, study, TrainForm(study=study), form, status=400)
    user = viewer(request)
    try:
        file = store_upload(
            by=user, study=study, upload=form.upload, require=permissions.require_results, endings=PREDICTION_ENDINGS
        )
        job = queueing.enqueue(by=user, kind="import_predictions", study=study, arguments={"dry_run": True}, file=file)
    except WorkflowError as error:
        form.refuse(error)
        return _render_list(request, study, TrainForm(study=study), form, status=error.status)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_safe
def judge(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Show a run; during training the page polls for the progress."""
    study = _readable_study(request, slug)
    run = _visible_run(request, study, run_id)
    requested_target = request.GET.get("target", "")
    target = requested_target if requested_target in judge_pages.TARGETS else judge_pages.TARGETS[0]
    in_part = bool(getattr(request, "htmx", False))
    context = judge_pages.run_page(
        run, viewer(request), target=target, release=parse_public_id(request.GET.get("release", ""))
    )
    context |= {"in_part": in_part, "heard": request.GET.get("heard", "")}
    response = render_page(request, "parts/judge_progress.html" if in_part else "judge.html", context)
    if in_part and not judge_list.is_training(run):
        response.headers["HX-Refresh"] = "true"
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


@login_required
@require_safe
def compare_judges(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Compare two runs on a release that both were evaluated on."""
    # Imported here: a web process starts without numpy.
    from annotation.judges.prediction_pairs import compare_runs

    study = _readable_study(request, slug)
    run = _visible_run(request, study, run_id)
    other = _visible_run(request, study, parse_public_id(request.GET.get("with", "")))
    cards_of_run = {card.release_id: card for card in run.scorecards.select_related("release")}
    cards_of_other = {card.release_id: card for card in other.scorecards.select_related("release")}
    common_releases = sorted(
        cards_of_run.keys() & cards_of_other.keys(), key=lambda pk: -cards_of_run[pk].release.number
    )
    if not common_releases:
        raise Http404(_("The two were never held to the same release."))
    requested_release = request.GET.get("release", "")
    chosen = next(
        (pk for pk in common_releases if cards_of_run[pk].release.public_id == requested_release), common_releases[0]
    )
    names = {"first": _("run %(n)s") % {"n": run.number}, "second": _("run %(n)s") % {"n": other.number}}
    context: dict[str, Any] = {
        "study": study,
        "run": run,
        "other": other,
        "release": cards_of_run[chosen].release,
        "releases": [cards_of_run[pk].release for pk in common_releases],
        "comparison": comparison_view(compare_runs(cards_of_run[chosen], cards_of_other[chosen]), **names),
    }
    return render_page(request, "judge_compare.html", context)


@login_required
@require_POST
def set_active(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Make a run the study's judge, or with ``off`` no longer."""
    study = _readable_study(request, slug)
    run = _visible_run(request, study, run_id)
    if request.POST.get("off"):
        runs.deactivate_run(by=viewer(request), run=run)
        messages.success(request, _("The study has no active judge now."))
    else:
        runs.activate_run(by=viewer(request), run=run)
        messages.success(request, _("Run %(n)s is the study’s judge now.") % {"n": run.number})
    return redirect("judge", slug=study.slug, run_id=run.public_id)


@login_required
@require_POST
def start_predictions(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Queue predictions for every sample that the run has none of."""
    study = _readable_study(request, slug)
    job = runs.start_predicting(by=viewer(request), run=_visible_run(request, study, run_id))
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def start_evaluation(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Queue the evaluation of a run on another release's test part."""
    study = _readable_study(request, slug)
    release_id = parse_public_id(request.POST.get("release", ""))
    rows = releases_visible_to(viewer(request)).filter(study=study, public_id=release_id)
    release = rows.select_related("rubric").first()
    if release is None:
        raise Http404(_("There is no such release."))
    job = runs.start_evaluation(by=viewer(request), run=_visible_run(request, study, run_id), release=release)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def download_judge(request: HttpRequest, slug: str, run_id: str) -> HttpResponseBase:
    """Send a run's folder, or the table behind a scorecard.

    By POST, as downloads are recorded.
    """
    study = _readable_study(request, slug)
    run = _visible_run(request, study, run_id)
    release_id = parse_public_id(request.POST.get("release", ""))
    if not release_id:
        return send_file(download_run(by=viewer(request), run=run))
    card = run.scorecards.filter(release__public_id=release_id).select_related("release", "run__study").first()
    if card is None:
        raise Http404(_("It was never held to this release."))
    return send_file(download_pairs(by=viewer(request), scorecard=card))


def _readable_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_results(viewer(request), study)
    return study


def _visible_run(request: HttpRequest, study: Study, run_id: str) -> JudgeRun:
    rows = judge_runs_visible_to(viewer(request)).filter(study=study, public_id=run_id)
    run = rows.select_related("study", "release", "rubric", "job", "by").first()
    if run is None:
        raise Http404(_("There is no such judge."))
    return run


def _render_list(
    request: HttpRequest, study: Study, form: TrainForm, predictions: PredictionsForm, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form.prepare(),
        "predictions_form": predictions.prepare(),
        "releases": study.releases.exists(),
        "leads": permissions.may_lead(viewer(request), study),
        "study": study,
        "missing": ", ".join(find_missing_libraries()),
        **judge_pages.list_page(study),
    }
    return render_page(request, "judges.html", context, status=status)
