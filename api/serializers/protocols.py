"""Serializers of protocols, forecasts and moves of samples to a protocol."""

from typing import Any

from rest_framework import serializers

from annotation.models import Protocol
from annotation.studies.protocol_rules import PRESETS

from .agreement import ConfidenceIntervalField
from .fields import Choice, Flag, Number, StrictSerializer, Text, WholeNumber


class ShownProtocolSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    preset = serializers.CharField(help_text="the named rules that these are; empty: none of them")
    annotators_per_sample = serializers.IntegerField()
    tolerance = serializers.FloatField()
    tie_rule = serializers.ChoiceField(choices=Protocol.TieRule.values)
    decide = serializers.ChoiceField(choices=Protocol.Decide.values)
    cross_review = serializers.ChoiceField(choices=Protocol.CrossReview.values)
    review_share = serializers.FloatField()
    review_threshold = serializers.FloatField(allow_null=True)
    reason_first = serializers.BooleanField()
    discussion_days = serializers.IntegerField(allow_null=True)
    suggestions = serializers.ChoiceField(
        choices=Protocol.Suggestions.values, help_text="how the annotators of mixed samples meet the judge"
    )
    blind_share = serializers.FloatField(help_text="of the samples, at least; nobody meets the judge on those")
    pull_limit = serializers.FloatField(
        help_text="an alarm is given where people follow the judge by more than this part of the way"
    )
    work_order = serializers.ChoiceField(
        choices=Protocol.WorkOrder.values, help_text="which samples annotators are given first"
    )
    lease_minutes = serializers.IntegerField()
    undo_minutes = serializers.IntegerField()


class ProtocolRequestSerializer(StrictSerializer):
    preset = Choice(
        choices=sorted(PRESETS), required=False, help_text="named rules to start from, not the current ones"
    )
    annotators_per_sample = WholeNumber(required=False)
    tolerance = Number(required=False)
    tie_rule = Choice(choices=Protocol.TieRule.values, required=False)
    decide = Choice(choices=Protocol.Decide.values, required=False)
    cross_review = Choice(choices=Protocol.CrossReview.values, required=False)
    review_share = Number(required=False)
    review_threshold = Number(required=False, allow_null=True)
    reason_first = Flag(required=False)
    discussion_days = WholeNumber(required=False, allow_null=True, help_text="null: no deadline")
    suggestions = Choice(
        choices=Protocol.Suggestions.values,
        required=False,
        help_text="the first other than none reserves the test pool, where there is none",
    )
    blind_share = Number(required=False, help_text="from 0.3 to 1; without suggestions it has no effect")
    pull_limit = Number(required=False, help_text="above 0, up to 1; without suggestions it has no effect")
    work_order = Choice(choices=Protocol.WorkOrder.values, required=False)
    lease_minutes = WholeNumber(required=False)
    undo_minutes = WholeNumber(required=False)


class ForecastRowSerializer(serializers.Serializer[Any]):
    tolerance = serializers.FloatField()
    disputed = serializers.IntegerField(help_text="of the samples that this rests on")
    disputed_share = serializers.FloatField()
    interval = ConfidenceIntervalField(help_text="of the disputed share")
    topics = serializers.FloatField(help_text="disputed dimensions per sample, on average over all samples")
    one_more_share = serializers.FloatField(help_text="samples that need one more score to break a tie")
    review_share = serializers.FloatField(help_text="samples agreed at once that somebody new would review")
    hours_scoring = serializers.FloatField()
    hours_discussing = serializers.FloatField()


class ForecastBasisSerializer(serializers.Serializer[Any]):
    samples = serializers.IntegerField(help_text="scored ones, drawn at random")
    of = serializers.IntegerField(help_text="samples that the hours are for")
    annotators_per_sample = serializers.IntegerField()
    seconds_a_score = serializers.FloatField()
    scores_timed = serializers.IntegerField(help_text="0: the seconds are assumed")
    seconds_a_topic = serializers.FloatField(help_text="one person's part in one disputed dimension")
    topics_timed = serializers.IntegerField(help_text="0: the seconds are assumed")


class ForecastSerializer(serializers.Serializer[Any]):
    rows = ForecastRowSerializer(many=True, help_text="by rising tolerance")
    basis = ForecastBasisSerializer()
    needed = serializers.CharField(help_text="without rows: what is missing")


class MovePreviewSerializer(serializers.Serializer[Any]):
    samples = serializers.IntegerField(help_text="begun and undecided ones under an earlier version")
    decided_now = serializers.IntegerField(help_text="of these: with as many scores as the current version asks for")
    more_slots = serializers.IntegerField(help_text="scores that would be asked for in addition")
    fewer_slots = serializers.IntegerField(help_text="scores that would be asked for no more")
    leases_back = serializers.IntegerField(help_text="samples that annotators hold now and would lose")
    staying = serializers.IntegerField(help_text="in review, in discussion or blocked: they end as they have begun")


class MovedSamplesSerializer(serializers.Serializer[Any]):
    moved = serializers.IntegerField()


class CopyRequestSerializer(StrictSerializer):
    slug = Text(max_length=80, help_text="a-z, 0-9 and hyphens")
    title = Text(max_length=200, required=False)
    members = Flag(default=False, help_text="take the members over, too")
