"""Views of the reports on agreement and annotators."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.models import Study, StudyFigures, User
from annotation.reports import stored_reports
from api.job_and_download_responses import job_response
from api.json_responses import respond_json
from api.report_json import (
    describe_adopted_values,
    describe_agreement_row,
    describe_annotator_row,
    describe_report_age,
    describe_stance_change,
    load_member_names,
)
from api.schema import describe
from api.serializers import agreement as shapes
from api.serializers.fields import EmptyRequestSerializer
from api.serializers.jobs import ShownJobSerializer

from .base import View, body_of, query_of, study_of, user_of


class AgreementView(View):
    """The report on agreement and stance changes."""

    @describe("Show agreement", query=shapes.AgreementQuerySerializer, answer=shapes.AgreementSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. As last calculated; of independent ratings alone."""
        study, user = _require_results_study(request, slug)
        query = query_of(request, shapes.AgreementQuerySerializer)
        level = query["level"]
        stored = stored_reports.latest_report(study, StudyFigures.Kind.AGREEMENT)
        data: dict[str, Any] = {} if stored is None else stored.data
        rows = data.get("levels", {}).get(level, {}).get(query.get("by", "all"), [])
        people = load_member_names(study, names=permissions.may_lead(user, study))
        return respond_json(
            {
                "study": study.slug,
                "level": level,
                "round": 1,
                "rows": [describe_agreement_row(row, people) for row in rows],
                "left_out": data.get("left_out", {}).get(query.get("by"), 0),
                "moved": [describe_stance_change(row, people) for row in data.get("moved", [])],
                "pairwise": describe_adopted_values(data.get("pairwise", []), people),
                **describe_report_age(study, stored),
            }
        )

    @describe("Calculate agreement anew", request=EmptyRequestSerializer, answer=ShownJobSerializer, status=202)
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Answers with the job; while one waits or runs, with that one."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        body_of(request, EmptyRequestSerializer)
        return job_response(stored_reports.request_reports(by=user, study=study))


class AnnotatorsView(View):
    """The report on annotators."""

    @describe("Show annotators", answer=shapes.AnnotatorsSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. As last calculated; of independent ratings alone."""
        study, user = _require_results_study(request, slug)
        stored = stored_reports.latest_report(study, StudyFigures.Kind.ANNOTATORS)
        rows = [] if stored is None else stored.data["rows"]
        people = load_member_names(study, names=permissions.may_lead(user, study))
        return respond_json(
            {
                "study": study.slug,
                "rows": [describe_annotator_row(row, people) for row in rows],
                **describe_report_age(study, stored),
            }
        )


def _require_results_study(request: Request, slug: str) -> tuple[Study, User]:
    study, user = study_of(request, slug), user_of(request)
    permissions.require_results(user, study)
    return study, user
