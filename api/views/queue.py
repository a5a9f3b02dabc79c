"""Views of the review queue and of the actions on its entries."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.core.rubric_cache import load_rubric
from annotation.core.visibility import queue_entries_visible_to
from annotation.models import QueueEntry
from annotation.review_queue import list as queue_list
from annotation.review_queue import pin_dismiss, rebuild
from annotation.review_queue.evaluation import evaluate_queue
from annotation.review_queue.list import QueueFilter, QueueRow
from annotation.samples import requesting_review
from annotation.scoring.exposures import record_exposure
from api.job_and_download_responses import job_response
from api.json_responses import format_time, respond_json
from api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from api.schema import describe
from api.serializers import queue as shapes
from api.serializers.fields import EmptyRequestSerializer
from api.serializers.jobs import ShownJobSerializer
from api.serializers.samples import ReviewRequestSerializer, SampleRowSerializer

from .base import View, body_of, get_or_not_found, query_of, study_of, user_of


class ReviewQueueView(View):
    """The review queues of a study."""

    @describe("List a review queue", query=shapes.QueueQuerySerializer, answer=shapes.ShownQueueSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only, who afterwards score none of the samples that it names."""
        study, user = study_of(request, slug), user_of(request)
        member = permissions.require_results(user, study)
        query = query_of(request, shapes.QueueQuerySerializer)
        limit = int(query.get("limit", DEFAULT_LIMIT))
        if not 1 <= limit <= MAX_LIMIT:
            raise BadInput(f"limit: from 1 to {MAX_LIMIT}.", fields={"limit": f"From 1 to {MAX_LIMIT}."})
        rubric, standing = load_rubric(study.rubric_id), queue_list.get_queue_status(study, reader=member)
        queue, start = standing.queue, int(query.get("start", 1))
        page = queue_list.get_queue_page(
            study, rubric, query["kind"], _build_filter(query), status=standing, start=start, limit=limit
        )
        if member is not None:
            record_exposure(member=member, samples=[row.sample for row in page.rows])
        keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
        names = permissions.leads_as(user, member)
        # As they are: a serializer would take as long for fifty rows as all else.
        return respond_json(
            {
                "kind": query["kind"],
                "refreshed_at": format_time(queue.refreshed_at) if queue else None,
                "judge": queue.run.public_id if queue and queue.run else None,
                "job": standing.job.public_id if standing.job else None,
                "count": page.count,
                "random": page.random,
                "left_out": page.left_out,
                "counts": {kind: asdict(counted) for kind, counted in standing.counts.items()},
                "proof": asdict(evaluate_queue(study, query["kind"])),
                "next": _build_page_link(request, page.next),
                "previous": _build_page_link(request, page.previous),
                "results": [_describe_row(row, keys, names=names) for row in page.rows],
            }
        )


class RefreshQueueView(View):
    """Rebuilds the queues by a job."""

    @describe("Refresh the review queue", request=EmptyRequestSerializer, answer=ShownJobSerializer, status=202)
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. It follows what happens by itself; the answer is a job that weighs every sample anew."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        body_of(request, EmptyRequestSerializer)
        return job_response(rebuild.request_rebuild(by=user, study=study))


class PinView(View):
    """Pins an entry."""

    @describe(
        "Pin a queue entry", request=shapes.PinRequestSerializer, answer=shapes.ChangedEntrySerializer, conflict=True
    )
    def post(self, request: Request, entry: str) -> HttpResponse:
        """Admins only. It stands before all that are not pinned; `"pinned": false` puts it back to its place."""
        body = body_of(request, shapes.PinRequestSerializer)
        return respond_json(
            shapes.ChangedEntrySerializer(
                pin_dismiss.pin_sample(by=user_of(request), entry_id=entry, pinned=body["pinned"])
            ).data
        )


class DismissView(View):
    """Dismisses an entry, or restores it."""

    @describe(
        "Dismiss a queue entry",
        request=shapes.DismissRequestSerializer,
        answer=shapes.ChangedEntrySerializer,
        conflict=True,
    )
    def post(self, request: Request, entry: str) -> HttpResponse:
        """Admins only. With a reason, for good; `"dismissed": false` puts it back to its place."""
        body = body_of(request, shapes.DismissRequestSerializer)
        user = user_of(request)
        if body["dismissed"]:
            row = pin_dismiss.dismiss_sample(by=user, entry_id=entry, reason=body.get("reason", ""))
        else:
            row = pin_dismiss.restore_sample(by=user, entry_id=entry)
        return respond_json(shapes.ChangedEntrySerializer(row).data)


class ReviewView(View):
    """Requests a review of an entry's sample."""

    @describe(
        "Send a queue entry to cross-review", request=ReviewRequestSerializer, answer=SampleRowSerializer, conflict=True
    )
    def post(self, request: Request, entry: str) -> HttpResponse:
        """Admins only. The same as of its sample: one more score is asked of it, and then all of them decide."""
        user = user_of(request)
        row: QueueEntry = get_or_not_found(queue_entries_visible_to(user).select_related("sample"), public_id=entry)
        body = body_of(request, ReviewRequestSerializer)
        sample = requesting_review.request_review(by=user, sample_id=row.sample.public_id, **body)
        return respond_json(SampleRowSerializer(sample).data)


def _build_filter(query: Mapping[str, Any]) -> QueueFilter:
    return QueueFilter(
        dimension=query.get("dimension", ""),
        domain=query.get("domain", ""),
        spread=float(query.get("spread", 0)),
        scores=int(query["scores"]) if "scores" in query else None,
        place=query.get("place", ""),
        dismissed=query["dismissed"] == "true",
    )


def _build_page_link(request: Request, start: int | None) -> str | None:
    if start is None:
        return None
    return f"{request.path}?{urlencode({**request.query_params.dict(), 'start': start})}"


def _describe_row(row: QueueRow, keys: Mapping[int, str], *, names: bool) -> dict[str, Any]:
    entry, sample = row.entry, row.sample
    by = entry.dismissed_by if names else None
    return {
        "id": entry.public_id,
        "place": row.place,
        "sample": {
            "id": sample.public_id,
            "external_id": sample.external_id,
            "domain": sample.domain,
            "state": sample.state,
            "scores_in": sample.scores_in,
        },
        "question": row.question,
        "random": row.random,
        "pinned": row.pinned,
        "dimension": keys[entry.dimension_id] if entry.dimension_id else None,
        "reason": asdict(queue_list.parse_reason(entry)),
        "ratings": row.values,
        "judge": {key: asdict(prediction) for key, prediction in row.predictions.items()},
        "scores": entry.scores,
        "spread": entry.spread,
        "since": format_time(row.since),
        "discussion": row.discussion.public_id if row.discussion else None,
        "overdue": row.overdue,
        "dismissed": None
        if entry.dismissed_at is None
        else {
            "at": format_time(entry.dismissed_at),
            "by": str(by.name or by.username) if by else "",
            "reason": entry.dismissed_because,
        },
    }
