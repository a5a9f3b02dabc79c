"""Samples as admins and researchers see them."""

from typing import Any

from rest_framework import serializers

from annotation.models import Sample
from api.pagination import PageQuery

from .assignments import Locked, Turn, Values
from .fields import Choice, Strict, Text

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
    search = Text(max_length=200, required=False, help_text="beginning of the external id")
    ordering = Choice(choices=list(ORDERS), default="external_id")


class ExportQuery(Strict):
    format = Choice(choices=["csv", "jsonl"], default="csv")


class SampleRow(serializers.Serializer[Any]):
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


class GivenScore(serializers.Serializer[Any]):
    annotator = serializers.CharField(help_text="a pseudonym for researchers")
    round = serializers.IntegerField()
    origin = serializers.ChoiceField(choices=["given", "imported"])
    ratings = Values()
    notes = serializers.DictField(child=serializers.CharField())
    seconds = serializers.FloatField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class FinalValue(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    outcome = serializers.CharField()
    label_origin = serializers.CharField()


class SampleLife(SampleRow):
    study = serializers.CharField()
    turns = Turn(many=True)
    locked = serializers.DictField(child=Locked())
    metadata = serializers.DictField()
    scores = GivenScore(many=True)
    final = serializers.DictField(child=FinalValue())


class HistoryStep(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    event = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    member = serializers.CharField(allow_null=True)
    detail = serializers.DictField()
