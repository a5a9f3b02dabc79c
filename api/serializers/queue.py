"""Serializers of the review queue, its entries and its evaluation."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from annotation.models import QueueEntry
from annotation.review_queue import ranking
from annotation.review_queue.list import PLACES

from .fields import Choice, Flag, StrictSerializer, Text

LONGEST_REASON = 500


class QueueQuerySerializer(StrictSerializer):
    kind = Choice(choices=QueueEntry.Kind.values, default=QueueEntry.Kind.DISPUTED.value)
    dimension = Text(max_length=40, required=False, help_text="key of the one that the rank is about")
    domain = Text(max_length=120, required=False)
    spread = serializers.RegexField(
        r"^[0-9]{1,6}(\.[0-9]{1,6})?\Z", required=False, help_text="independent values that differ by at least so much"
    )
    scores = serializers.RegexField(r"^[0-9]{1,2}\Z", required=False, help_text="exactly so many independent scores")
    place = Choice(choices=list(PLACES), required=False, help_text="only those in order, or only those at random")
    dismissed = Choice(choices=["true", "false"], default="false", help_text="those that were dismissed instead")
    limit = serializers.RegexField(r"^[0-9]{1,9}\Z", required=False, help_text="entries per page, up to 200 (50)")
    start = serializers.RegexField(
        r"^[1-9][0-9]{0,8}\Z", required=False, help_text="the place at which the page begins (1)"
    )


class QueuedSampleSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    external_id = serializers.CharField()
    domain = serializers.CharField()
    state = serializers.CharField()
    scores_in = serializers.IntegerField()


class EntryReasonSerializer(serializers.Serializer[Any]):
    """The figures are those of the dimension that the rank is about; null where there are none."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in ranking.ReasonKind])
    values = serializers.ListField(child=serializers.FloatField())
    range = serializers.FloatField(allow_null=True)
    chance = serializers.FloatField(allow_null=True, help_text="that two annotators differ by 2 or more")
    expected = serializers.FloatField(allow_null=True, help_text="by the judge")
    gap = serializers.FloatField(allow_null=True, help_text="between the judge and the people")
    ensemble_sd = serializers.FloatField(allow_null=True)
    final = serializers.FloatField(allow_null=True, help_text="the agreed value, in an audit")
    half_widths = serializers.FloatField(allow_null=True, help_text="the gap in half widths of the judge's interval")
    place = serializers.IntegerField(allow_null=True, help_text="how many of its content cluster come before it")


@extend_schema_serializer(component_name="JudgeSays")
class QueuePredictionSerializer(serializers.Serializer[Any]):
    expected = serializers.FloatField()
    sd = serializers.FloatField()
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    p_dispute = serializers.FloatField()
    ensemble_sd = serializers.FloatField(allow_null=True)


class DismissalSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="empty for researchers")
    reason = serializers.CharField()


@extend_schema_serializer(component_name="QueueRowShape")
class QueueEntrySerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    place = serializers.IntegerField(help_text="1 is first in the list as it is narrowed")
    sample = QueuedSampleSerializer()
    question = serializers.CharField()
    random = serializers.BooleanField(help_text="its place was drawn by chance")
    pinned = serializers.BooleanField()
    dimension = serializers.CharField(allow_null=True)
    reason = EntryReasonSerializer()
    ratings = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField()), help_text="independent values so far, ascending"
    )
    judge = serializers.DictField(child=QueuePredictionSerializer())
    scores = serializers.IntegerField()
    spread = serializers.FloatField()
    since = serializers.DateTimeField(help_text="when it came in")
    discussion = serializers.CharField(allow_null=True, help_text="the open one")
    overdue = serializers.BooleanField()
    dismissed = DismissalSerializer(allow_null=True)


class QueueCountSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    random = serializers.IntegerField()
    dismissed = serializers.IntegerField(help_text="not among the others")


@extend_schema_serializer(component_name="ProofArm")
class EvaluationArmSerializer(serializers.Serializer[Any]):
    decided = serializers.IntegerField()
    disputed = serializers.IntegerField()
    off = serializers.FloatField(allow_null=True, help_text="how far the judge was from the people, on average")


@extend_schema_serializer(component_name="ProofPoint")
class EvaluationPointSerializer(serializers.Serializer[Any]):
    work = serializers.FloatField(help_text="share of the samples, from the most likely on")
    found = serializers.FloatField(help_text="share of the disputes")
    precision = serializers.FloatField(help_text="share of disputes among those samples")


@extend_schema_serializer(component_name="ProofPrecision")
class EvaluationPrecisionSerializer(serializers.Serializer[Any]):
    k = serializers.IntegerField(help_text="places from the top")
    precision = serializers.FloatField(help_text="share of disputes among them")


@extend_schema_serializer(component_name="QueueProof")
class QueueEvaluationSerializer(serializers.Serializer[Any]):
    """Of entries of which something was left to foresee when they came in; in an audit a changed value is a dispute."""

    in_order = EvaluationArmSerializer()
    at_random = EvaluationArmSerializer()
    last_in_order = EvaluationArmSerializer(help_text="of the last hundred that were decided")
    last_at_random = EvaluationArmSerializer()
    lacking = serializers.IntegerField(help_text="so many more at random before what follows is told; 0: it is")
    base_rate = serializers.FloatField(allow_null=True)
    auroc = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    points = EvaluationPointSerializer(many=True)
    precision = EvaluationPrecisionSerializer(many=True)


class ShownQueueSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=QueueEntry.Kind.values)
    refreshed_at = serializers.DateTimeField(allow_null=True, help_text="null: it has never been made")
    judge = serializers.CharField(allow_null=True, help_text="id of the judge run that it rests on")
    job = serializers.CharField(allow_null=True, help_text="the one that makes it anew now")
    count = serializers.IntegerField(help_text="as it is narrowed")
    random = serializers.IntegerField()
    left_out = serializers.IntegerField(
        help_text="entries that are neither listed nor counted anywhere until you have given their discussions the "
        "reasons that you owe; however it is narrowed"
    )
    counts = serializers.DictField(child=QueueCountSerializer(), help_text="of each queue as a whole")
    proof = QueueEvaluationSerializer()
    next = serializers.CharField(allow_null=True, help_text="address of the next page")
    previous = serializers.CharField(allow_null=True, help_text="address of the page before")
    results = QueueEntrySerializer(many=True)


@extend_schema_serializer(component_name="ActedEntry")
class ChangedEntrySerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=QueueEntry.Kind.values)
    sample = serializers.CharField(source="sample.public_id")
    pinned_at = serializers.DateTimeField(allow_null=True)
    dismissed_at = serializers.DateTimeField(allow_null=True)
    dismissed_because = serializers.CharField()


class PinRequestSerializer(StrictSerializer):
    pinned = Flag(default=True)


class DismissRequestSerializer(StrictSerializer):
    dismissed = Flag(default=True, help_text="false puts it back")
    reason = Text(max_length=LONGEST_REASON, required=False, help_text="needed unless it is put back")
