"""Serializers of protocols, forecasts and moves of samples to a protocol."""

from typing import Any

from rest_framework import serializers

from annotation.studies.protocol_rules import PRESETS, RULES, ProtocolRule

from .agreement import ConfidenceIntervalField
from .fields import Choice, Flag, Number, StrictSerializer, Text, WholeNumber

SHOWN_HELP = {
    "suggestions": "how the annotators of mixed samples meet the judge",
    "blind_share": "of the samples, at least; nobody meets the judge on those",
    "pull_limit": "an alarm is given where people follow the judge by more than this part of the way",
    "work_order": "which samples annotators are given first",
}
REQUEST_HELP = {
    "discussion_days": "null: no deadline",
    "suggestions": "the first other than none reserves the test pool, where there is none",
    "blind_share": "from 0.3 to 1; without suggestions it has no effect",
    "pull_limit": "above 0, up to 1; without suggestions it has no effect",
}


def _shown_field(name: str, rule: ProtocolRule) -> serializers.Field[Any, Any, Any, Any]:
    """Return the field of an answer that holds a rule."""
    options: dict[str, Any] = {"help_text": SHOWN_HELP.get(name)}
    if rule.optional:
        options["allow_null"] = True
    if rule.kind == "choice":
        return serializers.ChoiceField(choices=rule.choices, **options)
    kinds = {
        "flag": serializers.BooleanField,
        "whole number": serializers.IntegerField,
        "number": serializers.FloatField,
    }
    return kinds[rule.kind](**options)


def _request_field(name: str, rule: ProtocolRule) -> serializers.Field[Any, Any, Any, Any]:
    """Return the field of a request that may hold a rule; its range is for `rule_problems` to check."""
    options: dict[str, Any] = {"required": False, "help_text": REQUEST_HELP.get(name)}
    if rule.optional:
        options["allow_null"] = True
    if rule.kind == "choice":
        return Choice(choices=rule.choices, **options)
    kinds = {"flag": Flag, "whole number": WholeNumber, "number": Number}
    return kinds[rule.kind](**options)


class ShownProtocolSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    preset = serializers.CharField(help_text="the named rules that these are; empty: none of them")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add a field for each rule of the table."""
        return super().get_fields() | {name: _shown_field(name, rule) for name, rule in RULES.items()}


class ProtocolRequestSerializer(StrictSerializer):
    preset = Choice(
        choices=sorted(PRESETS), required=False, help_text="named rules to start from, not the current ones"
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add a field for each rule of the table."""
        return super().get_fields() | {name: _request_field(name, rule) for name, rule in RULES.items()}


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
