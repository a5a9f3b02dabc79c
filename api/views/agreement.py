"""Agreement and annotators in figures: as stored, with their age, and calculated anew by a job."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.models import Study, StudyFigures, User
from annotation.reports import stored_reports
from api.answers import respond_json
from api.figures import (
    agreement_row,
    annotator_row,
    describe_report_age,
    describe_stance_change,
    describe_towards_whom,
    people_of,
)
from api.replies import job_accepted
from api.schema import describe
from api.serializers import figures as shapes
from api.serializers.fields import NothingSerializer
from api.serializers.jobs import ShownJobSerializer

from .base import View, body_of, query_of, study_of, user_of


class AgreementView(View):
    """How far independent ratings agree, and what discussions moved."""

    @describe("Show agreement", query=shapes.AgreementQuerySerializer, answer=shapes.AgreementSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. As last calculated; of independent ratings alone."""
        study, user = _read(request, slug)
        query = query_of(request, shapes.AgreementQuerySerializer)
        level = query["level"]
        stored = stored_reports.latest_report(study, StudyFigures.Kind.AGREEMENT)
        data: dict[str, Any] = {} if stored is None else stored.data
        rows = data.get("levels", {}).get(level, {}).get(query.get("by", "all"), [])
        people = people_of(study, names=permissions.may_lead(user, study))
        return respond_json(
            {
                "study": study.slug,
                "level": level,
                "round": 1,
                "rows": [agreement_row(row, people) for row in rows],
                "left_out": data.get("left_out", {}).get(query.get("by"), 0),
                "moved": [describe_stance_change(row, people) for row in data.get("moved", [])],
                "pairwise": describe_towards_whom(data.get("pairwise", []), people),
                **describe_report_age(study, stored),
            }
        )

    @describe("Calculate agreement anew", request=NothingSerializer, answer=ShownJobSerializer, status=202)
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Answers with the job; while one waits or runs, with that one."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        body_of(request, NothingSerializer)
        return job_accepted(stored_reports.request_reports(by=user, study=study))


class AnnotatorsView(View):
    """How each annotator scores beside the others."""

    @describe("Show annotators", answer=shapes.AnnotatorsSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. As last calculated; of independent ratings alone."""
        study, user = _read(request, slug)
        stored = stored_reports.latest_report(study, StudyFigures.Kind.ANNOTATORS)
        rows = [] if stored is None else stored.data["rows"]
        people = people_of(study, names=permissions.may_lead(user, study))
        return respond_json(
            {
                "study": study.slug,
                "rows": [annotator_row(row, people) for row in rows],
                **describe_report_age(study, stored),
            }
        )


def _read(request: Request, slug: str) -> tuple[Study, User]:
    study, user = study_of(request, slug), user_of(request)
    permissions.require_results(user, study)
    return study, user
