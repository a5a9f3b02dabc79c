"""The view of the report on the judge's influence."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.models import StudyFigures
from annotation.reports import stored_reports
from api.json_responses import respond_json
from api.report_json import describe_influence_row, describe_report_age, load_member_names
from api.schema import describe
from api.serializers import influence as shapes

from .base import View, study_of, user_of


class InfluenceView(View):
    """The report on anchoring, acceptance and time under suggestions."""

    @describe("Show influence", answer=shapes.InfluenceSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only. As last calculated; a new calculation is asked for as that of agreement is."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        stored = stored_reports.latest_report(study, StudyFigures.Kind.INFLUENCE)
        data: dict[str, Any] = {} if stored is None else stored.data
        people = load_member_names(study, names=permissions.may_lead(user, study))
        return respond_json(
            {
                "study": study.slug,
                "limit": data["limit"] if data else study.protocols.get(current=True).pull_limit,
                "alarm": data.get("alarm", False),
                "rows": data.get("rows", []),
                "arms": data.get("arms", []),
                "people": [describe_influence_row(row, people) for row in data.get("people", [])],
                **describe_report_age(study, stored),
            }
        )
