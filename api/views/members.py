"""Views of members and invitations."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.models import Invitation, Member, Study
from annotation.studies import invitations, studies
from api.json_responses import empty_response, respond_json
from api.pagination import PageQuery, paginate
from api.schema import describe, page_schema
from api.serializers import people as shapes

from .base import View, body_of, get_or_not_found, query_of, study_of, user_of


class MembersView(View):
    """The members of a study."""

    @describe("List members", query=PageQuery, answer=page_schema(shapes.ShownMemberSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins see names, researchers pseudonyms."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        names = permissions.may_lead(user, study)
        return respond_json(
            paginate(
                request,
                Member.objects.filter(study=study),
                query_of(request, PageQuery),
                # In the order of names, pseudonyms would tell the names.
                order=("name",) if names else ("public_id",),
                show=lambda rows: shapes.ShownMemberSerializer(rows, many=True, context={"names": names}).data,
            )
        )

    @describe(
        "Add a member",
        request=shapes.NewMemberRequestSerializer,
        answer=shapes.ShownMemberSerializer,
        status=201,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Who is to sign in needs an invitation, which may name this member."""
        study, user = _require_led_study(request, slug)
        member = studies.add_member(by=user, study=study, **body_of(request, shapes.NewMemberRequestSerializer))
        return respond_json(_describe_member(member), status=201)


class OneMemberView(View):
    """One member of a study."""

    @describe(
        "Change a member",
        request=shapes.MemberChangeRequestSerializer,
        answer=shapes.ShownMemberSerializer,
        conflict=True,
    )
    def patch(self, request: Request, slug: str, member: str) -> HttpResponse:
        """What a paused or leaving member holds goes back into play."""
        study, user = _require_led_study(request, slug)
        row = get_or_not_found(Member.objects.select_related("study").filter(study=study), public_id=member)
        return respond_json(
            _describe_member(
                studies.change_member(by=user, member=row, **body_of(request, shapes.MemberChangeRequestSerializer))
            )
        )


class InvitationsView(View):
    """The invitations of a study."""

    @describe("List invitations", query=PageQuery, answer=page_schema(shapes.ShownInvitationSerializer))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Without their secrets, which are not stored."""
        study, _ = _require_led_study(request, slug)
        rows = Invitation.objects.filter(study=study).select_related("member")
        query = query_of(request, PageQuery)
        return respond_json(
            paginate(
                request,
                rows,
                query,
                order=("-id",),
                show=lambda page_rows: shapes.ShownInvitationSerializer(page_rows, many=True).data,
            )
        )

    @describe(
        "Make an invitation",
        request=shapes.InvitationRequestSerializer,
        answer=shapes.NewInvitationSerializer,
        status=201,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Its secret and link are shown this once."""
        study, user = _require_led_study(request, slug)
        body = dict(body_of(request, shapes.InvitationRequestSerializer))
        public_id = body.pop("member", None)
        member = None
        if public_id is not None:
            member = Member.objects.filter(study=study, public_id=public_id).first()
            if member is None:
                raise BadInput("There is no such member.", fields={"member": "The id of a member of this study."})
        invitation, secret = invitations.create_invitation(by=user, study=study, member=member, **body)
        link = request.build_absolute_uri(reverse("join", args=[secret]))
        return respond_json(
            {**shapes.ShownInvitationSerializer(invitation).data, "secret": secret, "link": link}, status=201
        )


class OneInvitationView(View):
    """One invitation."""

    @describe("Take an invitation back", status=204)
    def delete(self, request: Request, slug: str, invitation: int) -> HttpResponse:
        """Who has joined by it stays."""
        study, user = _require_led_study(request, slug)
        row = get_or_not_found(Invitation.objects.select_related("study").filter(study=study), pk=invitation)
        invitations.revoke_invitation(by=user, invitation=row)
        return empty_response()


class AcceptInvitationView(View):
    """Accepts an invitation."""

    @describe(
        "Accept an invitation",
        request=shapes.AcceptRequestSerializer,
        answer=shapes.AcceptedInvitationSerializer,
        conflict=True,
    )
    def post(self, request: Request) -> HttpResponse:
        """Who is a member already stays what they are."""
        secret = body_of(request, shapes.AcceptRequestSerializer)["secret"]
        member = invitations.accept_invitation(user=user_of(request), secret=secret)
        return respond_json({"study": member.study.slug, "role": member.role})


def _require_led_study(request: Request, slug: str) -> tuple[Study, Any]:
    study, user = study_of(request, slug), user_of(request)
    permissions.require_lead(user, study)
    return study, user


def _describe_member(member: Member) -> dict[str, Any]:
    return dict(shapes.ShownMemberSerializer(member, context={"names": True}).data)
