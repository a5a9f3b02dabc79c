"""Serializers of the report on the judge's influence."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from .agreement import ConfidenceIntervalField

ARMS = ("blind", "delayed", "prefilled")
SUGGESTING_ARMS = ARMS[1:]


def _build_share_field(what: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=f"share of {what}")


@extend_schema_serializer(component_name="WhatMoved")
class RevisedValuesSerializer(serializers.Serializer[Any]):
    """What became of locked own values once the judge's were shown."""

    share = _build_share_field("the values that changed")
    changed = serializers.IntegerField()
    towards = serializers.IntegerField(help_text="nearer to what was shown than before")
    away = serializers.IntegerField()
    across = serializers.IntegerField(help_text="to its other side, at the same distance")


class InfluenceRowSerializer(serializers.Serializer[Any]):
    arm = serializers.ChoiceField(choices=SUGGESTING_ARMS)
    dimension = serializers.CharField(allow_null=True, help_text="null: all of them together")
    pull = serializers.FloatField(allow_null=True, help_text="levels moved per level shown apart; 0 none, 1 adopted")
    interval = ConfidenceIntervalField(allow_null=True, help_text="of the pull, by resampling questions")
    slope = serializers.FloatField(allow_null=True, help_text="plain slope, which noise alone lifts above zero")
    undefined = serializers.CharField(allow_null=True, help_text="why there is no pull")
    alarm = serializers.BooleanField(help_text="beyond the limit, and not by chance")
    values = serializers.IntegerField(help_text="suggested values that were answered")
    samples = serializers.IntegerField()
    compared = serializers.IntegerField(help_text="of the values: those with something to be held against")
    acceptance = _build_share_field("the values that ended at the level shown")
    coincidence = _build_share_field("blind values at the level that the judge shows or would have shown")
    blind_values = serializers.IntegerField(help_text="that the coincidence is over")
    blind_values_beside = serializers.IntegerField(help_text="of these: on samples that others scored with the judge")
    agreed_before = _build_share_field("own first values at the level shown afterwards; null but in the delayed arm")
    moved = RevisedValuesSerializer(allow_null=True, help_text="in the delayed arm")
    within_one = _build_share_field("values at most one point from the level shown (A@1)")
    rmse = serializers.FloatField(allow_null=True, help_text="of what the judge expects against the values")
    blind_within_one = _build_share_field("blind values at most one point from the level that the judge would show")
    blind_rmse = serializers.FloatField(allow_null=True)


class InfluenceArmSerializer(serializers.Serializer[Any]):
    arm = serializers.ChoiceField(choices=ARMS)
    scores = serializers.IntegerField()
    values = serializers.IntegerField(help_text="of which it is known what the judge shows")
    unanswered = serializers.IntegerField(help_text="values that were shown and not answered in time")
    seconds = serializers.FloatField(allow_null=True, help_text="median active seconds per score")
    seconds_ratio = serializers.FloatField(allow_null=True, help_text="to those of the blind arm")
    acceptance = _build_share_field("values at the level that the judge shows; in the blind arm, would show")
    within_one = _build_share_field("values at most one point from it (A@1)")
    rmse = serializers.FloatField(allow_null=True)


class InfluencePersonSerializer(serializers.Serializer[Any]):
    member = serializers.CharField()
    annotator = serializers.CharField(help_text="by name; a pseudonym for researchers")
    arm = serializers.ChoiceField(choices=SUGGESTING_ARMS)
    values = serializers.IntegerField()
    samples = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="values that ended at another level than the one shown")
    acceptance = _build_share_field("values that ended at the level shown")
    coincidence = _build_share_field("their blind values that are what the judge shows")
    coincidence_of_all = serializers.BooleanField(help_text="too few of their own: everybody's")
    seconds = serializers.FloatField(allow_null=True, help_text="median per score in this arm")
    blind_seconds = serializers.FloatField(allow_null=True)
    blind_seconds_of_all = serializers.BooleanField(help_text="too few of their own: everybody's")
    rubber_stamp = serializers.BooleanField(help_text="accepts nearly all, more than they agree blind, and fast")


class InfluenceSerializer(serializers.Serializer[Any]):
    study = serializers.CharField()
    limit = serializers.FloatField(help_text="the pull that the study allows")
    alarm = serializers.BooleanField()
    rows = InfluenceRowSerializer(many=True)
    arms = InfluenceArmSerializer(many=True, help_text="the blind one first; none before anybody has met a judge")
    people = InfluencePersonSerializer(many=True)
    made_at = serializers.DateTimeField(allow_null=True, help_text="null: not calculated, or nobody has met a judge")
    stale = serializers.BooleanField(help_text="something has happened in the study since")
    job = serializers.CharField(allow_null=True, help_text="id of the job that is calculating anew")
