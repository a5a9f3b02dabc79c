"""Judges: trained, watched, read, compared, made active, and asked about a whole study."""

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
from annotation.imports.uploads import store_input
from annotation.jobs import queueing
from annotation.judges import list as judge_list
from annotation.judges import runs
from annotation.judges.downloads import download_pairs, download_run
from annotation.judges.request import missing_here
from annotation.models import JudgeRun, Study
from frontend.forms.judges import PredictionsForm, TrainForm
from frontend.presenters import judges as judge_pages
from frontend.presenters.scorecard import comparison_view

from .common import name_in, send_file, show, study_of, viewer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def judges(request: HttpRequest, slug: str) -> HttpResponse:
    """List the judges of a study; POST starts the training of another one."""
    study = _read(request, slug)
    if request.method != "POST":
        chosen = {"release": name_in(request.GET.get("release", ""))}
        return _list(request, study, TrainForm(study=study, initial=chosen), PredictionsForm())
    form = TrainForm(request.POST, study=study)
    if not form.is_valid():
        return _list(request, study, form, PredictionsForm(), status=400)
    try:
        run = runs.start_training(by=viewer(request), release=form.release_row, wanted=form.training_request())
    except WorkflowError as error:
        form.refuse(error)
        return _list(request, study, form, PredictionsForm(), status=error.status)
    return redirect("judge", slug=study.slug, run_id=run.public_id)


@login_required
@require_POST
def take_predictions(request: HttpRequest, slug: str) -> HttpResponse:
    """Try a file of predictions; nothing is stored until somebody has seen what would be."""
    study = _read(request, slug)
    form = PredictionsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, study, TrainForm(study=study), form, status=400)
    user = viewer(request)
    try:
        file = store_input(
            by=user, study=study, upload=form.upload, require=permissions.require_results, endings=PREDICTION_ENDINGS
        )
        job = queueing.enqueue(by=user, kind="import_predictions", study=study, arguments={"dry_run": True}, file=file)
    except WorkflowError as error:
        form.refuse(error)
        return _list(request, study, TrainForm(study=study), form, status=error.status)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_safe
def judge(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Show a run; while it learns the page asks again by itself, for how far it is alone."""
    study = _read(request, slug)
    run = _run(request, study, run_id)
    asked = request.GET.get("target", "")
    target = asked if asked in judge_pages.TARGETS else judge_pages.TARGETS[0]
    in_part = bool(getattr(request, "htmx", False))
    context = judge_pages.run_page(run, viewer(request), target=target, release=name_in(request.GET.get("release", "")))
    context |= {"in_part": in_part, "heard": request.GET.get("heard", "")}
    response = show(request, "parts/judge_progress.html" if in_part else "judge.html", context)
    if in_part and not judge_list.is_training(run):
        response.headers["HX-Refresh"] = "true"
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


@login_required
@require_safe
def compare(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Show two runs side by side, on the samples of a release that both have judged."""
    # Imported here: a web process starts without numpy.
    from annotation.judges.prediction_pairs import compare_runs

    study = _read(request, slug)
    run = _run(request, study, run_id)
    other = _run(request, study, name_in(request.GET.get("with", "")))
    mine = {card.release_id: card for card in run.scorecards.select_related("release")}
    theirs = {card.release_id: card for card in other.scorecards.select_related("release")}
    both = sorted(mine.keys() & theirs.keys(), key=lambda pk: -mine[pk].release.number)
    if not both:
        raise Http404(_("The two were never held to the same release."))
    asked = request.GET.get("release", "")
    chosen = next((pk for pk in both if mine[pk].release.public_id == asked), both[0])
    names = {"first": _("run %(n)s") % {"n": run.number}, "second": _("run %(n)s") % {"n": other.number}}
    context: dict[str, Any] = {
        "study": study,
        "run": run,
        "other": other,
        "release": mine[chosen].release,
        "releases": [mine[pk].release for pk in both],
        "comparison": comparison_view(compare_runs(mine[chosen], theirs[chosen]), **names),
    }
    return show(request, "judge_compare.html", context)


@login_required
@require_POST
def active(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Make a run the study's judge, or with ``off`` no longer."""
    study = _read(request, slug)
    run = _run(request, study, run_id)
    if request.POST.get("off"):
        runs.deactivate_run(by=viewer(request), run=run)
        messages.success(request, _("The study has no active judge now."))
    else:
        runs.activate_run(by=viewer(request), run=run)
        messages.success(request, _("Run %(n)s is the study’s judge now.") % {"n": run.number})
    return redirect("judge", slug=study.slug, run_id=run.public_id)


@login_required
@require_POST
def predict(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Have a run judge every sample that it has said nothing of."""
    study = _read(request, slug)
    job = runs.start_predicting(by=viewer(request), run=_run(request, study, run_id))
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def evaluate(request: HttpRequest, slug: str, run_id: str) -> HttpResponse:
    """Hold a run to the test part of another release."""
    study = _read(request, slug)
    asked = name_in(request.POST.get("release", ""))
    rows = releases_visible_to(viewer(request)).filter(study=study, public_id=asked)
    release = rows.select_related("rubric").first()
    if release is None:
        raise Http404(_("There is no such release."))
    job = runs.start_evaluation(by=viewer(request), run=_run(request, study, run_id), release=release)
    return redirect("job", slug=study.slug, job_id=job.public_id)


@login_required
@require_POST
def download(request: HttpRequest, slug: str, run_id: str) -> HttpResponseBase:
    """Send a run's folder, or the table behind a scorecard. POST, as taking them away is remembered."""
    study = _read(request, slug)
    run = _run(request, study, run_id)
    asked = name_in(request.POST.get("release", ""))
    if not asked:
        return send_file(download_run(by=viewer(request), run=run))
    card = run.scorecards.filter(release__public_id=asked).select_related("release", "run__study").first()
    if card is None:
        raise Http404(_("It was never held to this release."))
    return send_file(download_pairs(by=viewer(request), scorecard=card))


def _read(request: HttpRequest, slug: str) -> Study:
    study = study_of(request, slug)
    permissions.require_results(viewer(request), study)
    return study


def _run(request: HttpRequest, study: Study, run_id: str) -> JudgeRun:
    rows = judge_runs_visible_to(viewer(request)).filter(study=study, public_id=run_id)
    found = rows.select_related("study", "release", "rubric", "job", "by").first()
    if found is None:
        raise Http404(_("There is no such judge."))
    return found


def _list(
    request: HttpRequest, study: Study, form: TrainForm, predictions: PredictionsForm, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form.prepare(),
        "predictions_form": predictions.prepare(),
        "releases": study.releases.exists(),
        "leads": permissions.may_lead(viewer(request), study),
        "study": study,
        "missing": ", ".join(missing_here()),
        **judge_pages.list_page(study),
    }
    return show(request, "judges.html", context, status=status)
