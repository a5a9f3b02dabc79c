"""Serializers of assignments, scores, suggestions and skips."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from annotation.models import Skip
from annotation.scoring.leasing import MAX_HELD

from .fields import Choice, ClientKey, Number, StrictSerializer, Text, WholeNumber

WHY_LOCKED = ["no_text", "no_image", "no_text_no_image"]
WHY_NO_MORE = ["nothing_left", "study_not_running", "member_paused"]


class LeaseRequestSerializer(StrictSerializer):
    count = WholeNumber(default=1, min_value=1, max_value=MAX_HELD, help_text="how many to hold, held ones included")


class RenderQuerySerializer(StrictSerializer):
    render = Choice(choices=["html"], required=False, help_text="texts as sanitised HTML in place of plain text")


class AssignmentsQuerySerializer(RenderQuerySerializer):
    state = Choice(
        choices=["scored", "skipped"], required=False, help_text="my past in place of what I hold; comes in pages"
    )
    limit = serializers.RegexField(r"^[0-9]{1,9}\Z", required=False, help_text="with `state`: rows per page")
    cursor = Text(required=False, max_length=2000, help_text="with `state`: where the page begins")


class TextBlockSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["text"])
    number = serializers.CharField(help_text="T1, T2, …")
    text = serializers.CharField(required=False)
    html = serializers.CharField(required=False, help_text="in place of `text` with `render=html`")


class ImageBlockSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["image"])
    number = serializers.CharField(help_text="I1, I2, …")
    url = serializers.CharField()
    full_url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    web_width = serializers.IntegerField()
    web_height = serializers.IntegerField()


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Block",
        serializers={"text": TextBlockSerializer, "image": ImageBlockSerializer},
        resource_type_field_name="kind",
    )
)
class Block(serializers.Field[Any, Any, Any, Any]):
    """A text or an image."""


class TurnSerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    context = serializers.BooleanField(help_text="shown, not judged")  # type: ignore[assignment]
    blocks = serializers.ListField(child=Block())


@extend_schema_serializer(component_name="Locked")
class LockedValueSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="null: not applicable")
    why = serializers.ChoiceField(choices=WHY_LOCKED)


class ShownSampleSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    turns = TurnSerializer(many=True)
    locked = serializers.DictField(
        child=LockedValueSerializer(), help_text="by dimension: values that follow from a missing side"
    )


class Values(serializers.DictField):
    """A value per dimension; null where it is not applicable."""

    child = serializers.FloatField(allow_null=True)


class Notes(serializers.DictField):
    """A note per dimension."""

    child = serializers.CharField()


class Interval(serializers.ListField):
    """From and to."""

    child = serializers.FloatField()


class SuggestionSerializer(serializers.Serializer[Any]):
    arm = serializers.ChoiceField(choices=["delayed", "prefilled"])
    ratings = Values(help_text="the judge's, by dimension; where it says nothing there is none")
    expected = serializers.DictField(
        child=serializers.FloatField(), required=False, help_text="before rounding; like what follows, not prefilled"
    )
    interval = serializers.DictField(child=Interval(allow_null=True), required=False, help_text="null: it gives none")
    sd = serializers.DictField(child=serializers.FloatField(), required=False)


class OwnScoreSerializer(serializers.Serializer[Any]):
    ratings = Values()
    notes = Notes()
    seconds = serializers.FloatField(allow_null=True)
    scored_at = serializers.DateTimeField(allow_null=True)
    undo_until = serializers.DateTimeField(allow_null=True)
    own = Values(allow_null=True, help_text="those locked before a judge's were answered; `ratings` decide")


class AssignmentSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(
        choices=["leased", "revising", "scored", "skipped", "released"],
        help_text="revising: own values are locked, the judge's wait for an answer until `expires_at`",
    )
    leased_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    sample = ShownSampleSerializer()
    score = OwnScoreSerializer(allow_null=True)
    suggestion = SuggestionSerializer(allow_null=True, help_text="what I have been shown of a judge")


@extend_schema_serializer(component_name="Held")
class HeldAssignmentsSerializer(serializers.Serializer[Any]):
    assignments = AssignmentSerializer(many=True)


@extend_schema_serializer(component_name="Leased")
class LeaseResultSerializer(HeldAssignmentsSerializer):
    reason = serializers.ChoiceField(choices=WHY_NO_MORE, allow_null=True, help_text="why there are not more")


class ScoreRequestSerializer(StrictSerializer):
    client_key = ClientKey()
    ratings = serializers.DictField(child=Number(), help_text="one value per dimension that is not locked")
    notes = serializers.DictField(child=Text(allow_blank=True, max_length=4000), required=False)
    seconds = Number(required=False, allow_null=True, min_value=0, max_value=86400, help_text="active time")
    touched = serializers.ListField(
        child=Text(max_length=40),
        required=False,
        help_text="dimensions that I answered by hand: where values were prefilled, every one of those",
    )


class RevisionRequestSerializer(StrictSerializer):
    client_key = ClientKey()
    ratings = serializers.DictField(child=Number(), help_text="one value per dimension that is not locked, kept or not")
    seconds = Number(required=False, allow_null=True, min_value=0, max_value=86400, help_text="active time")


@extend_schema_serializer(component_name="Scored")
class SubmissionResultSerializer(serializers.Serializer[Any]):
    assignment = serializers.CharField()
    state = serializers.ChoiceField(choices=["scored", "revising"])
    ratings = Values()
    notes = Notes()
    seconds = serializers.FloatField(allow_null=True)
    scored_at = serializers.DateTimeField(allow_null=True)
    undo_until = serializers.DateTimeField(allow_null=True)
    suggestion = SuggestionSerializer(allow_null=True, help_text="a judge's values, once my own are locked")
    revise_until = serializers.DateTimeField(allow_null=True, help_text="until when I can keep or change mine")
    own = Values(allow_null=True, help_text="those locked before a judge's were answered; `ratings` decide")


@extend_schema_serializer(component_name="Undone")
class UndoResultSerializer(serializers.Serializer[Any]):
    assignment = serializers.CharField()
    state = serializers.ChoiceField(choices=["leased", "revising"])
    ratings = Values()
    notes = Notes()
    expires_at = serializers.DateTimeField()
    suggestion = SuggestionSerializer(allow_null=True)


class SkipRequestSerializer(StrictSerializer):
    client_key = ClientKey()
    reason = Choice(choices=Skip.Reason.values)
    note = Text(default="", allow_blank=True, max_length=4000, help_text="needed with the reason `other`")


@extend_schema_serializer(component_name="Skipped")
class SkipResultSerializer(serializers.Serializer[Any]):
    assignment = serializers.CharField()
    state = serializers.ChoiceField(choices=["skipped"])


@extend_schema_serializer(component_name="Renewed")
class RenewalResultSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()


class MyProgressSerializer(serializers.Serializer[Any]):
    scored = serializers.IntegerField()
    scored_today = serializers.IntegerField()
    held = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer[Any]):
    mine = MyProgressSerializer(allow_null=True)
    waiting = serializers.IntegerField(help_text="discussions that wait for an answer of mine")
    samples = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="by state; admins and researchers only"
    )
