"""Views of samples; whoever looks cannot score them independently afterwards."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.errors import NotAllowed
from annotation.core.visibility import samples_visible_to
from annotation.discussions.participant_list import owes_reason
from annotation.models import Sample, User
from annotation.samples import assigning_by_hand, reopening, requesting_review
from annotation.samples.timeline import read_timeline
from annotation.scoring.exposures import record_exposure
from api.filters import filter_samples_by_query
from api.json_responses import respond_json
from api.pagination import paginate
from api.sample_json import describe_history, describe_sample_detail
from api.schema import describe, list_schema, page_schema
from api.serializers import samples as shapes

from .base import View, body_of, get_or_not_found, query_of, record_samples_seen, study_of, user_of


class SamplesView(View):
    """The samples of a study."""

    @describe("List samples", query=shapes.SamplesQuery, answer=page_schema(shapes.SampleRowSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only."""
        study, user = study_of(request, slug), user_of(request)
        member = permissions.require_results(user, study)
        query = query_of(request, shapes.SamplesQuery)
        rows: QuerySet[Sample] = filter_samples_by_query(Sample.objects.filter(study=study), query)

        def show(page_rows: Sequence[Sample]) -> list[dict[str, Any]]:
            if member is not None:
                record_exposure(member=member, samples=page_rows)
            return list(shapes.SampleRowSerializer(page_rows, many=True).data)

        order = shapes.ORDERS[query["ordering"]]
        return respond_json(paginate(request, rows.select_related("question"), query, order=order, show=show))


class OneSampleView(View):
    """One sample."""

    @describe("Show a sample", answer=shapes.SampleDetailSerializer)
    def get(self, request: Request, sample: str) -> HttpResponse:
        """Admins see names, researchers pseudonyms. `reason_first` for who owes the sample's discussion a reason."""
        user = user_of(request)
        row = _read_sample(user, sample)
        return respond_json(describe_sample_detail(row, names=permissions.may_lead(user, row.study)))


class HistoryView(View):
    """The history of a sample."""

    @describe("Show the history of a sample", answer=list_schema(shapes.HistoryStepSerializer))
    def get(self, request: Request, sample: str) -> HttpResponse:
        """Its whole life, oldest first. Admins see names, researchers pseudonyms."""
        user = user_of(request)
        row = _read_sample(user, sample)
        steps = read_timeline(row, names=permissions.may_lead(user, row.study))
        return respond_json({"results": describe_history(steps)})


class ReopenView(View):
    """Reopens a decided sample."""

    @describe(
        "Reopen a sample", request=shapes.ReopenRequestSerializer, answer=shapes.SampleRowSerializer, conflict=True
    )
    def post(self, request: Request, sample: str) -> HttpResponse:
        """Admins only. Its annotators discuss it again; where they cannot, it is scored again.

        A withdrawn one of which a rule decides everything has its values by rule again.
        """
        user = user_of(request)
        body = body_of(request, shapes.ReopenRequestSerializer)
        return _respond_with_row(user, reopening.reopen_sample(by=user, sample_id=sample, **body))


class WithdrawView(View):
    """Withdraws a sample."""

    @describe(
        "Withdraw a sample", request=shapes.WithdrawRequestSerializer, answer=shapes.SampleRowSerializer, conflict=True
    )
    def post(self, request: Request, sample: str) -> HttpResponse:
        """Admins only. It has no final scores any more; what people said of it stays."""
        user = user_of(request)
        body = body_of(request, shapes.WithdrawRequestSerializer)
        return _respond_with_row(user, reopening.withdraw_sample(by=user, sample_id=sample, **body))


class SampleReviewView(View):
    """Requests a review of an agreed sample."""

    @describe(
        "Send a sample to cross-review",
        request=shapes.ReviewRequestSerializer,
        answer=shapes.SampleRowSerializer,
        conflict=True,
    )
    def post(self, request: Request, sample: str) -> HttpResponse:
        """Admins only. One more score is asked of it; until then it has no final values. All scores decide then."""
        user = user_of(request)
        body = body_of(request, shapes.ReviewRequestSerializer)
        return _respond_with_row(user, requesting_review.request_review(by=user, sample_id=sample, **body))


class AssignView(View):
    """Assigns a sample to members."""

    @describe(
        "Assign a sample to people",
        request=shapes.AssignRequestSerializer,
        answer=shapes.AssignedSampleSerializer,
        conflict=True,
    )
    def post(self, request: Request, sample: str) -> HttpResponse:
        """Admins only. It comes first in what each of them holds, for so many days; all of them get it, or nobody."""
        user = user_of(request)
        body = body_of(request, shapes.AssignRequestSerializer)
        assignment = assigning_by_hand.assign_sample(by=user, sample_id=sample, **body)
        given = shapes.AssigneeSerializer(assignment.assignees, many=True).data
        return respond_json({**shapes.SampleRowSerializer(assignment.sample).data, "assigned": given})


def _read_sample(user: User, public_id: str) -> Sample:
    """Return a sample whose scores the user may see, and record the exposure.

    Raises:
        NotFound: it is not the user's to see.
        NotAllowed: the user owes its discussion a reason, which comes first (``reason_first``).
    """
    rows = samples_visible_to(user).select_related("study", "question", "content")
    row: Sample = get_or_not_found(rows, public_id=public_id)
    if owes_reason(user, row):
        raise NotAllowed(
            "You take part in this sample's discussion. Give your reason there first; then you see what others said.",
            code="reason_first",
        )
    record_samples_seen(user, row.study, [row])
    return row


def _respond_with_row(user: User, sample: Sample) -> HttpResponse:
    row = samples_visible_to(user).select_related("question").get(pk=sample.pk)
    return respond_json(shapes.SampleRowSerializer(row).data)
