"""Serializers of discussions and of the actions on them."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from annotation.models import Discussion, FinalScore, Participant, Post
from api.pagination import PageQuery
from api.strict_json import json_type_name

from .assignments import RenderQuerySerializer, ShownSampleSerializer
from .fields import Choice, ClientKey, Number, StrictSerializer, Text

REASON_LENGTH, WHY_LENGTH, EXCUSED_LENGTH = 4000, 2000, 400
AWAY = ["paused", "left", "researcher", "no_login"]
STATES = ["waiting", Discussion.State.OPEN, Discussion.State.HANDED_OVER, Discussion.State.CLOSED, "all"]


class DiscussionsQuery(PageQuery):
    state = Choice(
        choices=[str(state) for state in STATES],
        default="waiting",
        help_text="waiting: those that wait for me, and for admins those handed over",
    )


class CaseQuerySerializer(RenderQuerySerializer):
    since = Text(
        max_length=100,
        required=False,
        help_text="the `version` that I have: answered with 204 while there is nothing new for me",
    )


class ShownParticipantSerializer(serializers.Serializer[Any]):
    alias = serializers.CharField(help_text="R1, R2, …: holds in this discussion alone")
    me = serializers.BooleanField()
    state = serializers.ChoiceField(choices=Participant.State.values)
    waits = serializers.BooleanField(allow_null=True, help_text="an answer is awaited; null: not yet shown")
    name = serializers.CharField(allow_null=True, help_text="admins only")
    member = serializers.CharField(allow_null=True, help_text="admins and researchers only")
    away = serializers.ChoiceField(
        choices=AWAY, allow_null=True, help_text="admins only: why they cannot answer, where they cannot"
    )


class MyStanceSerializer(serializers.Serializer[Any]):
    first = serializers.FloatField(allow_null=True, help_text="null for somebody who came later and has given none yet")
    current = serializers.FloatField(allow_null=True)
    reasoned_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class ShownStanceSerializer(MyStanceSerializer):
    alias = serializers.CharField()
    excused = serializers.BooleanField()


class ShownPostSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    alias = serializers.CharField()
    kind = serializers.ChoiceField(choices=Post.Kind.values)
    before = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True, help_text="where its author stands from here on")
    reason = serializers.ChoiceField(choices=[*Post.Reason.values, ""], help_text="a reason from the list")
    text = serializers.CharField()
    at = serializers.DateTimeField()


class ShownTopicSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=["open", "closed"])
    revealed = serializers.BooleanField(help_text="whether the others are shown; if not, the own reason is missing")
    mine = MyStanceSerializer(allow_null=True)
    stances = ShownStanceSerializer(many=True, allow_null=True, help_text="null until revealed")
    posts = ShownPostSerializer(many=True, help_text="oldest first; only mine until revealed")
    waits_for = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="aliases; null until revealed"
    )
    value = serializers.FloatField(allow_null=True, help_text="the agreed one, once closed")
    outcome = serializers.ChoiceField(choices=FinalScore.Outcome.values, allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="Settled")
class SettledDimensionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="null where not applicable, or not yet shown")
    outcome = serializers.ChoiceField(choices=FinalScore.Outcome.values)
    firsts = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="first values, lowest first; null until revealed"
    )


class CaseSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    study = serializers.CharField()
    state = serializers.ChoiceField(choices=Discussion.State.values)
    because = serializers.ChoiceField(choices=Discussion.Because.values)
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.CharField(help_text="opaque; give it back as `since`. It tells nothing but whether news came")
    me = serializers.CharField(allow_null=True, help_text="my alias, if I take part")
    waits_for_me = serializers.BooleanField()
    sample = ShownSampleSerializer()
    participants = ShownParticipantSerializer(many=True, help_text="only myself until a reason of mine is given")
    topics = ShownTopicSerializer(many=True)
    settled = SettledDimensionSerializer(many=True, help_text="dimensions that are not discussed, and their values")


class CaseRowSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    sample = serializers.CharField()
    external_id = serializers.CharField(allow_null=True, help_text="admins and researchers only")
    state = serializers.ChoiceField(choices=Discussion.State.values)
    because = serializers.ChoiceField(choices=Discussion.Because.values)
    spread = serializers.FloatField(allow_null=True, help_text="widest range of first values; null until revealed")
    dimensions = serializers.ListField(child=serializers.CharField(), help_text="the discussed ones")
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    me = serializers.CharField(allow_null=True, help_text="my alias, if I take part")
    waits_for_me = serializers.BooleanField()
    waits_for = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="names for admins, pseudonyms for researchers, else aliases; null until revealed",
    )
    away = serializers.ListField(
        child=serializers.CharField(), help_text="admins only: those awaited who are paused, have left or have no login"
    )


class ReasonGivenSerializer(StrictSerializer):
    code = Choice(choices=Post.Reason.values, required=False, help_text="a reason from the list")
    text = Text(allow_blank=True, max_length=REASON_LENGTH, required=False)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "maxLength": REASON_LENGTH},
            {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "enum": Post.Reason.values},
                    "text": {"type": "string", "maxLength": REASON_LENGTH},
                },
                "additionalProperties": False,
            },
        ]
    }
)
class Reason(serializers.Field[Any, Any, Any, Any]):
    """A text, or an object with a `code` from the list, a `text`, or both."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            return {"text": _REASON_TEXT.run_validation(data)}
        if not isinstance(data, dict):
            raise serializers.ValidationError(f"A text or an object, not {json_type_name(data)}.")
        return dict(ReasonGivenSerializer().run_validation(data))


_REASON_TEXT = Text(allow_blank=True, max_length=REASON_LENGTH)


def _build_reasons_field(**kwargs: Any) -> serializers.DictField:
    return serializers.DictField(child=Reason(), **kwargs)


def _build_values_field(**kwargs: Any) -> serializers.DictField:
    return serializers.DictField(child=Number(), **kwargs)


def _build_seconds_field() -> Number:
    return Number(required=False, allow_null=True, min_value=0, max_value=86400, help_text="active time")


class ReasonsRequestSerializer(StrictSerializer):
    client_key = ClientKey()
    reasons = _build_reasons_field(help_text="by dimension: why my value is what it is")
    stances = _build_values_field(required=False, help_text="by dimension: the first value of somebody who came later")
    seconds = _build_seconds_field()


class PostRequestSerializer(StrictSerializer):
    client_key = ClientKey()
    dimension = Text(max_length=40)
    text = Text(max_length=REASON_LENGTH)
    seconds = _build_seconds_field()


class StancesRequestSerializer(StrictSerializer):
    client_key = ClientKey()
    stances = _build_values_field(help_text="by dimension: the own value again keeps it, another one moves to it")
    reasons = _build_reasons_field(required=False, help_text="by dimension; needed for each move")
    seconds = _build_seconds_field()


class OverrideRequestSerializer(StrictSerializer):
    values = _build_values_field(help_text="by dimension, each an open one")
    reason = Text(max_length=WHY_LENGTH)


class ExcuseRequestSerializer(StrictSerializer):
    participant = Text(max_length=8, help_text="an alias, as R2")
    reason = Text(max_length=EXCUSED_LENGTH)
    replacement = Text(
        required=False,
        allow_null=True,
        max_length=12,
        help_text="id of a member who takes their place and has not scored the sample",
    )


class Moment(serializers.DateTimeField):
    """A time with its offset from UTC."""

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            raise serializers.ValidationError(f"A text, not {json_type_name(data)}.")
        try:
            moment = datetime.fromisoformat(data)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError("A time with its offset, as 2026-01-31T12:00:00Z.")


class DeadlineRequestSerializer(StrictSerializer):
    due_at = Moment(allow_null=True, help_text="null: none")
    reason = Text(max_length=WHY_LENGTH)
