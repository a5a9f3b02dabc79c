"""Serializers of users, members, invitations and tokens."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from annotation.models import Invitation, Member

from .fields import Choice, StrictSerializer, Text, WholeNumber


class MyStudySerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    role = serializers.ChoiceField(choices=Member.Role.values)
    state = serializers.ChoiceField(choices=["draft", "running", "paused", "closed"])
    waiting = serializers.IntegerField(help_text="discussions that wait for an answer of mine")


class MeSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    is_site_admin = serializers.BooleanField()
    waiting = serializers.IntegerField(help_text="discussions that wait for an answer of mine, in all studies")
    studies = MyStudySerializer(many=True)


class SignInRequestSerializer(StrictSerializer):
    username = Text(max_length=80)
    password = Text(max_length=4096)


class ShownMemberSerializer(serializers.Serializer[Any]):
    """A member; to researchers the name is the pseudonym."""

    id = serializers.CharField(source="public_id")
    name = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=Member.Role.values)
    state = serializers.ChoiceField(choices=Member.State.values)
    has_login = serializers.SerializerMethodField()
    joined_at = serializers.DateTimeField()

    def get_name(self, member: Member) -> str:
        return member.display_name(names=bool(self.context.get("names")))

    def get_has_login(self, member: Member) -> bool:
        return member.user_id is not None


class NewMemberRequestSerializer(StrictSerializer):
    name = Text(max_length=120, help_text="as in score tables of this study")
    role = Choice(choices=Member.Role.values)


class MemberChangeRequestSerializer(StrictSerializer):
    role = Choice(choices=Member.Role.values, required=False)
    state = Choice(choices=Member.State.values, required=False)


class ShownInvitationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    role = serializers.ChoiceField(choices=Member.Role.values)
    member = serializers.CharField(source="member.public_id", default=None, allow_null=True)
    note = serializers.CharField()
    uses_left = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    revoked = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_revoked(self, invitation: Invitation) -> bool:
        return invitation.revoked_at is not None


class NewInvitationSerializer(ShownInvitationSerializer):
    """An invitation just made: the only time that its secret is shown."""

    secret = serializers.CharField()
    link = serializers.CharField()


class InvitationRequestSerializer(StrictSerializer):
    role = Choice(choices=Member.Role.values)
    note = Text(default="", allow_blank=True, max_length=200)
    uses = WholeNumber(default=1, min_value=1, max_value=1000)
    days = WholeNumber(default=14, min_value=1, max_value=365)
    member = Text(required=False, allow_null=True, max_length=12, help_text="a member without a login to be linked")


class AcceptRequestSerializer(StrictSerializer):
    secret = Text(max_length=200)


@extend_schema_serializer(component_name="Joined")
class AcceptedInvitationSerializer(serializers.Serializer[Any]):
    study = serializers.CharField()
    role = serializers.ChoiceField(choices=Member.Role.values)


class ShownTokenSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class NewTokenSerializer(ShownTokenSerializer):
    """A token just made: the only time that its secret is shown."""

    secret = serializers.CharField()


class TokenRequestSerializer(StrictSerializer):
    name = Text(max_length=80)
