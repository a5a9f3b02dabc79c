"""Views that train, evaluate, compare, activate and download judges, and import predictions."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound
from annotation.core.visibility import judge_runs_visible_to
from annotation.imports.format_names import PREDICTION_ENDINGS
from annotation.imports.uploads import store_upload
from annotation.jobs import queueing
from annotation.judges import runs
from annotation.judges.downloads import download_pairs, download_run
from annotation.judges.request import TrainingRequest
from annotation.models import JudgeRun, Release, Sample, Scorecard, Study
from api.job_and_download_responses import download_response, job_response
from api.json_responses import respond_json
from api.pagination import PageQuery, paginate
from api.schema import describe, page_schema
from api.serializers import judges as shapes
from api.serializers.fields import EmptyRequestSerializer
from api.serializers.jobs import ShownJobSerializer

from .base import View, body_of, get_or_not_found, query_of, record_samples_seen, study_of, user_of
from .jobs import UploadView


class JudgeRunsView(View):
    """The judges of a study."""

    @describe("List judges", query=PageQuery, answer=page_schema(shapes.JudgeRowSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only, the newest first."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        rows = _prefetch_scorecards(JudgeRun.objects.filter(study=study)).defer("curves", "config")
        return respond_json(
            paginate(
                request,
                rows,
                query_of(request, PageQuery),
                order=("-number",),
                show=lambda page_rows: shapes.JudgeRowSerializer(page_rows, many=True).data,
            )
        )

    @describe(
        "Train a judge",
        request=shapes.JudgeRequestSerializer,
        answer=shapes.JudgeJobSerializer,
        status=202,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. The answer is a job that names the judge, which is there from now on."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        body = dict(body_of(request, shapes.JudgeRequestSerializer))
        release = _find_release(study, body.pop("release"))
        key = body.pop("client_key", None)
        run = runs.start_training(by=user, release=release, wanted=TrainingRequest(**body), client_key=key)
        if run.job is None:
            raise NotFound("The job that trained this judge is no longer kept.")
        return job_response(run.job, shapes.JudgeJobSerializer)


class OneJudgeRunView(View):
    """One judge."""

    @describe("Show a judge", answer=shapes.ShownJudgeSerializer)
    def get(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only, also while it is trained."""
        return _respond_with_run(_find_run(request, run))


class JudgeScorecardView(View):
    """The scorecard of a judge run."""

    @describe(
        "Show the scorecard of a judge", query=shapes.ScorecardQuerySerializer, answer=shapes.ShownScorecardSerializer
    )
    def get(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only, who afterwards score none of the samples that it names."""
        row = _find_run(request, run)
        query = query_of(request, shapes.ScorecardQuerySerializer)
        scorecard = _find_scorecard(row, query.get("release"))
        card = scorecard.cards[query["target"]]
        named = {entry["id"] for dimension in card["dimensions"] for entry in dimension["worst"]}
        samples = {
            sample.external_id: sample for sample in Sample.objects.filter(study=row.study_id, external_id__in=named)
        }
        record_samples_seen(user_of(request), row.study, list(samples.values()))
        for dimension in card["dimensions"]:
            dimension["worst"] = [
                entry | {"sample": samples[entry["id"]].public_id if entry["id"] in samples else None}
                for entry in dimension["worst"]
            ]
        shown = {
            "judge_run": row.public_id,
            "number": row.number,
            "release": scorecard.release,
            "target": query["target"],
            "made_at": scorecard.made_at,
            "card": card,
        }
        return respond_json(shapes.ShownScorecardSerializer(shown).data)


class JudgeComparisonView(View):
    """The comparison of two judge runs."""

    @describe("Compare two judges", query=shapes.ComparisonQuerySerializer, answer=shapes.ShownComparisonSerializer)
    def get(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only. On the samples of one release's test part that both have judged."""
        # Imported here: it loads what a web process starts without.
        from annotation.judges.prediction_pairs import compare_runs

        row = _find_run(request, run)
        query = query_of(request, shapes.ComparisonQuerySerializer)
        other = row.study.judge_runs.filter(public_id=query["with"]).exclude(pk=row.pk).first()
        if other is None:
            message = "Name another judge of the same study."
            raise BadInput(message, fields={"with": message})
        first, second = _find_common_scorecards(row, other, query.get("release"))
        shown = {
            "first": row.public_id,
            "second": other.public_id,
            "release": first.release,
            "comparison": compare_runs(first, second),
        }
        return respond_json(shapes.ShownComparisonSerializer(shown).data)


class JudgePairsView(View):
    """Downloads the scores behind a scorecard."""

    @describe(
        "Download the scores behind a scorecard",
        query=shapes.EvaluatedReleaseQuerySerializer,
        answer=OpenApiTypes.STR,
        content_type="text/csv",
    )
    def get(self, request: Request, run: str) -> StreamingHttpResponse:
        """Admins and researchers only: people's score and the judge's, a row per sample and dimension.

        An admin scores no sample of today any more afterwards.
        """
        row = _find_run(request, run)
        scorecard = _find_scorecard(row, query_of(request, shapes.EvaluatedReleaseQuerySerializer).get("release"))
        return download_response(download_pairs(by=user_of(request), scorecard=scorecard))


class JudgeArchiveView(View):
    """Downloads the folder of a judge run."""

    @describe("Download a judge", answer=OpenApiTypes.BINARY, content_type="application/zip")
    def get(self, request: Request, run: str) -> StreamingHttpResponse:
        """Admins and researchers only: its folder, with which it judges elsewhere.

        An admin scores no sample of today any more afterwards.
        """
        return download_response(download_run(by=user_of(request), run=_find_run(request, run)))


class ActivateView(View):
    """Makes a judge run the study's active one."""

    @describe("Activate a judge", request=EmptyRequestSerializer, answer=shapes.ShownJudgeSerializer, conflict=True)
    def post(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only. It takes the place of the one that was active."""
        row = _find_run(request, run)
        body_of(request, EmptyRequestSerializer)
        runs.activate_run(by=user_of(request), run=row)
        return _respond_with_run(_find_run(request, run))


class DeactivateView(View):
    """Deactivates a study's judge run."""

    @describe("Deactivate a judge", request=EmptyRequestSerializer, answer=shapes.ShownJudgeSerializer)
    def post(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only. What it has said stays."""
        row = _find_run(request, run)
        body_of(request, EmptyRequestSerializer)
        runs.deactivate_run(by=user_of(request), run=row)
        return _respond_with_run(_find_run(request, run))


class PredictView(View):
    """Predicts a study's samples by a job."""

    @describe(
        "Have a judge predict",
        request=shapes.PredictRequestSerializer,
        answer=shapes.JudgeJobSerializer,
        status=202,
        conflict=True,
    )
    def post(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only. Of every sample that it has said nothing of; the answer is a job."""
        row = _find_run(request, run)
        body = body_of(request, shapes.PredictRequestSerializer)
        job = runs.start_predicting(by=user_of(request), run=row, client_key=body.get("client_key"))
        return job_response(job, shapes.JudgeJobSerializer)


class EvaluateView(View):
    """Evaluates a judge run on a release by a job."""

    @describe(
        "Evaluate a judge",
        request=shapes.EvaluateRequestSerializer,
        answer=shapes.JudgeJobSerializer,
        status=202,
        conflict=True,
    )
    def post(self, request: Request, run: str) -> HttpResponse:
        """Admins and researchers only. What it has said of the release's test part; the answer is a job."""
        row = _find_run(request, run)
        body = body_of(request, shapes.EvaluateRequestSerializer)
        release = _find_release(row.study, body["release"])
        user = user_of(request)
        job = runs.start_evaluation(by=user, run=row, release=release, client_key=body.get("client_key"))
        return job_response(job, shapes.JudgeJobSerializer)


class PredictionsView(UploadView):
    """Imports predictions by a job."""

    @describe(
        "Import predictions",
        request={"multipart/form-data": shapes.PredictionsRequestSerializer},
        answer=ShownJobSerializer,
        status=202,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. A judge that the study does not know yet becomes one of its judges."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        body = body_of(request, shapes.PredictionsRequestSerializer)
        file = store_upload(
            by=user,
            study=study,
            upload=body["file"],
            require=permissions.require_results,
            endings=PREDICTION_ENDINGS,
        )
        job = queueing.enqueue(
            by=user,
            kind="import_predictions",
            study=study,
            arguments={"dry_run": body["dry_run"] == "true"},
            file=file,
            client_key=body.get("client_key"),
        )
        return job_response(job)


def _prefetch_scorecards(rows: QuerySet[JudgeRun]) -> QuerySet[JudgeRun]:
    cards = Scorecard.objects.defer("pairs").select_related("release").order_by("-release__number")
    return rows.select_related("study", "release", "rubric", "job").prefetch_related(Prefetch("scorecards", cards))


def _find_run(request: Request, public_id: str) -> JudgeRun:
    run: JudgeRun = get_or_not_found(_prefetch_scorecards(judge_runs_visible_to(user_of(request))), public_id=public_id)
    return run


def _respond_with_run(run: JudgeRun) -> HttpResponse:
    return respond_json(shapes.ShownJudgeSerializer(run).data)


def _find_release(study: Study, public_id: str) -> Release:
    release = Release.objects.filter(study=study, public_id=public_id).first()
    if release is None:
        message = "There is no such release in this study."
        raise BadInput(message, fields={"release": message})
    return release


def _find_scorecard(run: JudgeRun, release: str | None) -> Scorecard:
    cards = run.scorecards.select_related("run__study", "release").order_by("-release__number")
    if release is not None:
        scorecard = cards.filter(release__public_id=release).first()
    else:
        scorecard = cards.filter(release=run.release_id).first() or cards.first()
    if scorecard is None:
        what = "this release" if release is not None else "any release"
        raise NotFound(f"Judge run {run.number} has not been held to {what}: evaluate it first.", code="no_scorecard")
    return scorecard


def _find_common_scorecards(first: JudgeRun, second: JudgeRun, release: str | None) -> tuple[Scorecard, Scorecard]:
    """Return the scorecards of two judge runs on the same release."""
    chosen: dict[str, Any] = {} if release is None else {"release__public_id": release}
    cards = first.scorecards.select_related("release").filter(release__in=second.scorecards.values("release"), **chosen)
    newest = cards.order_by("-release__number").first()
    if newest is None:
        raise NotFound(
            f"Judge runs {first.number} and {second.number} have not been held to one release: evaluate both on it.",
            code="no_scorecard",
        )
    return newest, second.scorecards.get(release=newest.release_id)
