"""Views that list, lease, skip and renew assignments."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.core.visibility import assignments_of
from annotation.discussions.participant_list import waiting_count
from annotation.models import Assignment, Study
from annotation.reports.summaries import study_progress, work_of_members
from annotation.scoring import leases, leasing
from api import assignment_json
from api.json_responses import format_time, respond_json
from api.pagination import paginate
from api.schema import build_one_of, describe, page_schema
from api.serializers import assignments as shapes
from api.serializers.fields import EmptyRequestSerializer, find_unknown_names, parse_whole_number

from .base import View, body_of, query_of, study_of, user_of

STATES = {"scored": Assignment.State.SCORED, "skipped": Assignment.State.SKIPPED}


class AssignmentsView(View):
    """The user's assignments in a study."""

    @describe(
        "List my assignments",
        query=shapes.AssignmentsQuerySerializer,
        answer=build_one_of("HeldOrPast", shapes.HeldAssignmentsSerializer, page_schema(shapes.AssignmentSerializer)),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Without `state` all that is held; with it a page, newest first."""
        query = query_of(request, shapes.AssignmentsQuerySerializer)
        html = "render" in query
        if "state" in query:
            return respond_json(self._list_past(request, study_of(request, slug), query, html=html))
        for name in ("limit", "cursor"):
            if name in query:
                raise BadInput(f"{name} needs `state`.", fields={name: "Only together with `state`."})
        held = leasing.held_assignments(by=user_of(request), slug=slug)
        return respond_json({"assignments": [assignment_json.describe_assignment(work, html=html) for work in held]})

    @describe(
        "Lease samples",
        query=shapes.RenderQuerySerializer,
        request=shapes.LeaseRequestSerializer,
        answer=shapes.LeaseResultSerializer,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """First what I hold, then samples that others have begun, then new ones."""
        html = _asks_for_html(request)
        count = read_count(cast(dict[str, Any], request.data))
        lease = leasing.lease_samples(by=user_of(request), slug=slug, count=count)
        return respond_json(
            {
                "assignments": [assignment_json.describe_assignment(work, html=html) for work in lease.assignments],
                "reason": lease.reason,
            }
        )

    def _list_past(self, request: Request, study: Study, query: Mapping[str, Any], *, html: bool) -> dict[str, Any]:
        def show(rows: Sequence[Assignment]) -> list[dict[str, Any]]:
            return [assignment_json.describe_assignment(work, html=html) for work in leasing.read_work(rows, study)]

        mine = assignments_of(user_of(request)).filter(member__study=study, state=STATES[query["state"]])
        return paginate(request, mine, query, order=("-finished_at", "-public_id"), show=show)


def read_count(body: Mapping[str, Any]) -> int:
    """Return the number of samples that a request asks for.

    Checked by hand: this address is as busy as submitting.
    """
    faults = find_unknown_names(body, ("count",))
    count = 1
    try:
        count = parse_whole_number(body.get("count", 1))
    except ValidationError as error:
        faults["count"] = str(error.detail[0])  # type: ignore[index]
    if faults:
        raise BadInput("Ask for samples by their number.", fields=faults)
    return count


def _asks_for_html(request: Request) -> bool:
    return bool(request.query_params) and "render" in query_of(request, shapes.RenderQuerySerializer)


class OneAssignmentView(View):
    """One assignment of the user."""

    @describe("Show an assignment", query=shapes.RenderQuerySerializer, answer=shapes.AssignmentSerializer)
    def get(self, request: Request, assignment: str) -> HttpResponse:
        """Held or past."""
        html = _asks_for_html(request)
        work = leasing.read_own_assignment(by=user_of(request), assignment_id=assignment)
        return respond_json(assignment_json.describe_assignment(work, html=html))


class SkipView(View):
    """Skips a sample."""

    @describe("Skip a sample", request=shapes.SkipRequestSerializer, answer=shapes.SkipResultSerializer, conflict=True)
    def post(self, request: Request, assignment: str) -> HttpResponse:
        """It does not come to me again. The same client key again changes nothing."""
        body = body_of(request, shapes.SkipRequestSerializer)
        leases.skip_sample(by=user_of(request), assignment_id=assignment, **body)
        return respond_json({"assignment": assignment, "state": "skipped"})


class RenewView(View):
    """Renews a lease."""

    @describe("Prolong a lease", request=EmptyRequestSerializer, answer=shapes.RenewalResultSerializer, conflict=True)
    def post(self, request: Request, assignment: str) -> HttpResponse:
        """From now on, by as long as a new lease lasts."""
        body_of(request, EmptyRequestSerializer)
        expires_at = leases.renew_lease(by=user_of(request), assignment_id=assignment)
        return respond_json({"expires_at": format_time(expires_at)})


class ProgressView(View):
    """The user's progress and, for admins and researchers, the study's."""

    @describe("Show progress", answer=shapes.ProgressSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Counts of samples tell whether others have scored, so annotators do not get them."""
        study, user = study_of(request, slug), user_of(request)
        member = permissions.find_member(user, study)
        shown: dict[str, Any] = {
            "mine": None if member is None else asdict(work_of_members([member])[member.pk]),
            "waiting": waiting_count(user, study),
        }
        if permissions.may_read_results(user, study):
            shown["samples"] = study_progress(study, None).by_state
        return respond_json(shown)
