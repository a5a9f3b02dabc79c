"""Serializers of studies and rubrics."""

from typing import Any

from rest_framework import serializers

from annotation.models import Member, Study
from annotation.studies.protocol_rules import PRESETS

from .fields import Choice, StrictSerializer, Text
from .protocols import ShownProtocolSerializer

STATES = Study.State.values


class LevelSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField()
    label = serializers.CharField()  # type: ignore[assignment]
    anchor = serializers.CharField()


class DimensionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    needs = serializers.ListField(child=serializers.ChoiceField(choices=["text", "image"]))
    missing = serializers.FloatField(allow_null=True, help_text="value without a needed side; null: not applicable")
    levels = LevelSerializer(many=True)


class RubricSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    dimensions = DimensionSerializer(many=True)


class StudyRowSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    my_role = serializers.ChoiceField(choices=Member.Role.values, allow_null=True, help_text="null: site administrator")


class ShownStudySerializer(StudyRowSerializer):
    instructions = serializers.CharField()
    rubric = RubricSerializer()
    protocol = ShownProtocolSerializer()


class StudyRequestSerializer(StrictSerializer):
    slug = Text(max_length=80, help_text="a-z, 0-9 and hyphens")
    title = Text(max_length=200, required=False)
    rubric = Text(max_length=75, help_text="`key` for its newest version, or `key@version`")
    protocol = Choice(choices=sorted(PRESETS), default="paper", help_text="a preset of rules")
    instructions = Text(max_length=100_000, allow_blank=True, default="")
    state = Choice(choices=STATES, default=Study.State.RUNNING)


class RubricRequestSerializer(StrictSerializer):
    toml = Text(max_length=500_000, help_text="the text of a rubric file")


class StudyChangeRequestSerializer(StrictSerializer):
    title = Text(max_length=200, required=False)
    instructions = Text(max_length=100_000, allow_blank=True, required=False)
    state = Choice(choices=STATES, required=False)
