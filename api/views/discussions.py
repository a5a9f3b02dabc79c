"""Views of discussions, for participants and admins."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.discussions import moderating, participant_list, participating, views
from annotation.discussions.view_types import CaseView
from annotation.models import Discussion, Sample, User
from api.discussion_json import describe_case, describe_case_row, is_unchanged, looks_unchanged, read_reasons
from api.json_responses import empty_response, respond_json
from api.pagination import paginate
from api.schema import describe, page_schema
from api.serializers import discussions as shapes
from api.serializers.assignments import RenderQuerySerializer

from .base import View, body_of, query_of, record_samples_seen, study_of, user_of


class DiscussionsView(View):
    """The discussions of a study."""

    @describe("List discussions", query=shapes.DiscussionsQuery, answer=page_schema(shapes.CaseRowSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Those that I take part in, the oldest first; all of them for admins and researchers.

        They get the widest difference first, and last those in which they owe a reason themselves.
        """
        study, user = study_of(request, slug), user_of(request)
        query = query_of(request, shapes.DiscussionsQuery)
        rows, order = participant_list.list_discussions(by=user, study=study, state=query["state"])

        def visible_discussions() -> QuerySet[Discussion]:
            return participant_list.list_discussions(by=user, study=study, state="all").rows

        def show(page_rows: Sequence[Discussion]) -> list[dict[str, Any]]:
            if permissions.may_read_results(user, study):
                record_samples_seen(user, study, list(Sample.objects.filter(discussions__in=page_rows).distinct()))
            return [
                describe_case_row(row)
                for row in participant_list.case_rows(by=user, study=study, discussions=[*page_rows])
            ]

        # By name, as a cursor can be read: the range would tell two people each other's values.
        return respond_json(
            paginate(request, rows, query, order=order, show=show, name="public_id", among=visible_discussions)
        )


class OneDiscussionView(View):
    """One discussion."""

    @describe(
        "Show a discussion",
        query=shapes.CaseQuerySerializer,
        answer=shapes.CaseSerializer,
        empty="There is nothing new since `since`.",
    )
    def get(self, request: Request, discussion: str) -> HttpResponse:
        """For who takes part, and for admins and researchers. With `since`, 204 while there is nothing new."""
        query, user = query_of(request, shapes.CaseQuerySerializer), user_of(request)
        since = query.get("since")
        if since is not None:
            stored = views.version_of(by=user, discussion_id=discussion)
            if is_unchanged(discussion, stored, since):
                return empty_response()
        shown = _describe_case_for(user, views.case_for(by=user, discussion_id=discussion), html="render" in query)
        if since is not None and looks_unchanged(shown, since):
            return empty_response()
        return respond_json(shown)


class ReasonView(View):
    """Stores the user's reasons."""

    @describe(
        "Give reasons",
        query=RenderQuerySerializer,
        request=shapes.ReasonsRequestSerializer,
        answer=shapes.CaseSerializer,
        conflict=True,
    )
    def put(self, request: Request, discussion: str) -> HttpResponse:
        """Given before the others are shown, where the study's rules ask for that. They stay as they were given."""
        body = dict(body_of(request, shapes.ReasonsRequestSerializer))
        body["reasons"] = read_reasons(body["reasons"])
        return _respond_with_case(
            request, participating.give_reasons(by=user_of(request), discussion_id=discussion, **body)
        )


class PostsView(View):
    """Stores a comment."""

    @describe(
        "Comment",
        query=RenderQuerySerializer,
        request=shapes.PostRequestSerializer,
        answer=shapes.CaseSerializer,
        conflict=True,
    )
    def post(self, request: Request, discussion: str) -> HttpResponse:
        """On one open dimension. Posts are never changed or taken back."""
        body = body_of(request, shapes.PostRequestSerializer)
        return _respond_with_case(
            request, participating.post_comment(by=user_of(request), discussion_id=discussion, **body)
        )


class StancesView(View):
    """Stores the user's stances."""

    @describe(
        "Keep or move stances",
        query=RenderQuerySerializer,
        request=shapes.StancesRequestSerializer,
        answer=shapes.CaseSerializer,
        conflict=True,
    )
    def put(self, request: Request, discussion: str) -> HttpResponse:
        """A dimension closes as soon as all who take part stand on one value; that value is signed by each."""
        body = dict(body_of(request, shapes.StancesRequestSerializer))
        body["reasons"] = read_reasons(body.get("reasons", {}))
        return _respond_with_case(
            request, participating.take_stances(by=user_of(request), discussion_id=discussion, **body)
        )


class OverrideView(View):
    """Adjudicates open topics."""

    @describe(
        "Override a discussion",
        query=RenderQuerySerializer,
        request=shapes.OverrideRequestSerializer,
        answer=shapes.CaseSerializer,
        conflict=True,
    )
    def post(self, request: Request, discussion: str) -> HttpResponse:
        """Admins only. Open dimensions get the given values, which are marked as overridden wherever they go."""
        body = body_of(request, shapes.OverrideRequestSerializer)
        return _respond_with_case(
            request, moderating.override_topics(by=user_of(request), discussion_id=discussion, **body)
        )


class ExcuseView(View):
    """Excuses a participant."""

    @describe(
        "Excuse a participant",
        query=RenderQuerySerializer,
        request=shapes.ExcuseRequestSerializer,
        answer=shapes.CaseSerializer,
        conflict=True,
    )
    def post(self, request: Request, discussion: str) -> HttpResponse:
        """Admins only. Two must remain, the replacement included; what the excused have said stays."""
        body = {"replacement": None, **body_of(request, shapes.ExcuseRequestSerializer)}
        return _respond_with_case(
            request, moderating.excuse_participant(by=user_of(request), discussion_id=discussion, **body)
        )


class DeadlineView(View):
    """Sets a discussion's deadline."""

    @describe(
        "Set a deadline",
        query=RenderQuerySerializer,
        request=shapes.DeadlineRequestSerializer,
        answer=shapes.CaseSerializer,
        conflict=True,
    )
    def post(self, request: Request, discussion: str) -> HttpResponse:
        """Admins only. A discussion that was handed over goes back to those who take part."""
        body = body_of(request, shapes.DeadlineRequestSerializer)
        return _respond_with_case(
            request, moderating.set_deadline(by=user_of(request), discussion_id=discussion, **body)
        )


def _respond_with_case(request: Request, view: CaseView) -> HttpResponse:
    html = bool(request.query_params) and "render" in query_of(request, RenderQuerySerializer)
    return respond_json(_describe_case_for(user_of(request), view, html=html))


def _describe_case_for(user: User, view: CaseView, *, html: bool) -> dict[str, Any]:
    if view.me is None:
        # An admin or a researcher, who has now seen what others said.
        sample = Sample.objects.select_related("study").get(public_id=view.sample.public_id)
        record_samples_seen(user, sample.study, [sample])
    return describe_case(view, html=html)
