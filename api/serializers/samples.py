"""Serializers of samples, their history and the actions on them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from annotation.models import Discussion, FinalScore, Sample, Score
from annotation.samples.assigning_by_hand import FEWEST_DAYS, MOST_DAYS, MOST_PEOPLE
from api.pagination import PageQuery

from .assignments import LockedValueSerializer, TurnSerializer, Values
from .fields import Choice, StrictSerializer, Text, WholeNumber

REASON_LENGTH = 2000
# Each has an index behind it: a page of 200,000 samples costs what a page of 200 does.
ORDERS = {
    "external_id": ("external_id",),
    "-external_id": ("-external_id",),
    "state": ("state", "id"),
    "-state": ("-state", "-id"),
}


class SamplesQuery(PageQuery):
    state = Choice(choices=Sample.State.values, required=False)
    generator = Text(max_length=120, required=False, allow_blank=True)
    domain = Text(max_length=120, required=False, allow_blank=True)
    category = Text(max_length=120, required=False, allow_blank=True)
    question = Text(max_length=200, required=False, help_text="question id")
    scored = serializers.RegexField(r"^[0-9]{1,2}\Z", required=False, help_text="at least so many standing scores")
    disputed = Text(max_length=40, required=False, help_text="key of a dimension that is or was discussed")
    spread = serializers.RegexField(
        r"^[0-9]{1,6}(\.[0-9]{1,6})?\Z",
        required=False,
        help_text="first values that differ on a discussed dimension by at least so much",
    )
    outcome = Choice(
        choices=FinalScore.Outcome.values, required=False, help_text="how one of its final values came about"
    )
    search = Text(
        max_length=200,
        required=False,
        help_text="beginning of the external id or of the question id, or the whole id",
    )
    ordering = Choice(choices=list(ORDERS), default="external_id")


class ExportQuerySerializer(StrictSerializer):
    format = Choice(choices=["csv", "jsonl"], default="csv")


class SampleRowSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    external_id = serializers.CharField()
    question_id = serializers.CharField(source="question.key")
    generator = serializers.CharField()
    domain = serializers.CharField()
    category = serializers.CharField()
    topic = serializers.CharField()
    language = serializers.CharField()
    state = serializers.ChoiceField(choices=Sample.State.values)
    state_reason = serializers.CharField()
    priority = serializers.IntegerField()
    scores_in = serializers.IntegerField()
    created_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="MetOn")
class SuggestedValueSerializer(serializers.Serializer[Any]):
    shown = serializers.FloatField()
    expected = serializers.FloatField(help_text="before rounding")
    first = serializers.FloatField(
        allow_null=True, help_text="delayed: what was locked; prefilled: what was submitted first"
    )
    final = serializers.FloatField(allow_null=True, help_text="what decides; null while nothing does")
    touched = serializers.BooleanField(help_text="answered by the annotator's own hand")


@extend_schema_serializer(component_name="RevisionMade")
class RevisionRecordSerializer(serializers.Serializer[Any]):
    seconds = serializers.FloatField(allow_null=True)
    at = serializers.DateTimeField()


@extend_schema_serializer(component_name="MetJudge")
class SuggestionRecordSerializer(serializers.Serializer[Any]):
    judge = serializers.IntegerField(help_text="number of its run in the study")
    shown_at = serializers.DateTimeField(allow_null=True)
    dimensions = serializers.DictField(child=SuggestedValueSerializer())
    revision = RevisionRecordSerializer(allow_null=True)


@extend_schema_serializer(component_name="GivenScore")
class ScoreRecordSerializer(serializers.Serializer[Any]):
    annotator = serializers.CharField(help_text="a pseudonym for researchers")
    round = serializers.IntegerField(help_text="1: independent; later ones were signed in discussions")
    origin = serializers.ChoiceField(choices=Score.Origin.values)
    arm = serializers.ChoiceField(choices=["blind", "delayed", "prefilled"], help_text="how a judge was met")
    met = SuggestionRecordSerializer(allow_null=True, help_text="what was shown of a judge, and what was made of it")
    discussion = serializers.CharField(allow_null=True, help_text="the one in which it was signed")
    ratings = Values()
    notes = serializers.DictField(child=serializers.CharField())
    seconds = serializers.FloatField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class FinalValueSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    outcome = serializers.ChoiceField(choices=FinalScore.Outcome.values)
    label_origin = serializers.CharField()
    version = serializers.IntegerField(help_text="grows each time that the sample is decided anew")
    discussion = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text="why an admin overrode the discussion")
    at = serializers.DateTimeField()


class SampleDiscussionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=Discussion.State.values)
    because = serializers.ChoiceField(choices=Discussion.Because.values)
    spread = serializers.FloatField()
    dimensions = serializers.SerializerMethodField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)

    def get_dimensions(self, discussion: Discussion) -> list[str]:
        return [topic.dimension.key for topic in discussion.topics.all()]


@extend_schema_serializer(component_name="SampleLife")
class SampleDetailSerializer(SampleRowSerializer):
    study = serializers.CharField()
    turns = TurnSerializer(many=True)
    locked = serializers.DictField(child=LockedValueSerializer())
    metadata = serializers.DictField()
    scores = ScoreRecordSerializer(many=True)
    final = serializers.DictField(child=FinalValueSerializer())
    discussions = SampleDiscussionSerializer(many=True, help_text="oldest first")


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string"}], "nullable": True})
class HistoryValueField(serializers.Field[Any, Any, Any, Any]):
    """A level, a version or a time."""


class HistoryStepSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(allow_null=True, help_text="null: not known, as of some imported scores")
    who = serializers.CharField(help_text="a pseudonym for researchers; empty: nobody in particular")
    event = serializers.CharField()
    from_state = serializers.ChoiceField(choices=Sample.State.values)
    to_state = serializers.ChoiceField(choices=Sample.State.values)
    dimension = serializers.CharField()
    before = HistoryValueField(help_text="of the dimension, or of what the step changes")
    value = HistoryValueField()
    values = Values(help_text="by dimension: of a score, or agreed on with this step")
    dimensions = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField(help_text="one of a list")
    text = serializers.CharField(help_text="in words")
    about = serializers.CharField(help_text="whom it is about, where that is not who did it")
    discussion = serializers.CharField(help_text="id of the discussion that it is part of")


class ReopenRequestSerializer(StrictSerializer):
    reason = Text(max_length=REASON_LENGTH)
    dimensions = serializers.ListField(
        child=Text(max_length=40),
        required=False,
        allow_empty=False,
        help_text="which to discuss again; all that people score if not given",
    )


class WithdrawRequestSerializer(StrictSerializer):
    reason = Text(max_length=REASON_LENGTH)


class ReviewRequestSerializer(StrictSerializer):
    reason = Text(max_length=REASON_LENGTH)


class AssignRequestSerializer(StrictSerializer):
    members = serializers.ListField(
        child=Text(max_length=12), allow_empty=False, max_length=MOST_PEOPLE, help_text="ids of members"
    )
    days = WholeNumber(min_value=FEWEST_DAYS, max_value=MOST_DAYS, default=3, help_text="how long it is theirs")


@extend_schema_serializer(component_name="GivenTo")
class AssigneeSerializer(serializers.Serializer[Any]):
    member = serializers.CharField(source="member.public_id")
    name = serializers.CharField(source="member.name")
    expires_at = serializers.DateTimeField(source="until")
    new = serializers.BooleanField(help_text="false: they held it already")


class AssignedSampleSerializer(SampleRowSerializer):
    assigned = AssigneeSerializer(many=True)
