"""Serializers of the reports on agreement and annotators."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from .fields import Choice, StrictSerializer

LEVELS = ["ordinal", "interval", "nominal"]
GROUPS = ["generator", "domain"]


class AgreementQuerySerializer(StrictSerializer):
    level = Choice(choices=LEVELS, default="ordinal", help_text="level of measurement that alpha assumes")
    by = Choice(choices=GROUPS, required=False, help_text="one row per dimension and group, not one per dimension")


class ConfidenceIntervalField(serializers.ListField):
    """Lower and upper end of a 95 % interval."""

    child = serializers.FloatField()


def _build_undefined_field() -> serializers.CharField:
    return serializers.CharField(allow_null=True, help_text="why there is no figure")


class PairKappaSerializer(serializers.Serializer[Any]):
    pair = serializers.ListField(child=serializers.CharField(), help_text="two annotators; pseudonyms for researchers")
    kappa = serializers.FloatField(allow_null=True, help_text="quadratic weights")
    samples = serializers.IntegerField()
    undefined = _build_undefined_field()


class IntraclassSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    form = serializers.CharField()
    undefined = _build_undefined_field()


class ShareIntervalsSerializer(serializers.Serializer[Any]):
    exact = ConfidenceIntervalField(allow_null=True)
    within_one = ConfidenceIntervalField(allow_null=True)
    mad = ConfidenceIntervalField(allow_null=True)


class AgreementRowSerializer(serializers.Serializer[Any]):
    group = serializers.DictField(child=serializers.CharField(), help_text="{} for all, else as {generator: …}")
    dimension = serializers.CharField()
    name = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    alpha = serializers.FloatField(allow_null=True, help_text="Krippendorff's")
    interval = ConfidenceIntervalField(allow_null=True, help_text="of alpha, by resampling samples")
    undefined = _build_undefined_field()
    samples = serializers.IntegerField()
    paired = serializers.IntegerField(help_text="samples with two ratings or more")
    ratings = serializers.IntegerField()
    annotators = serializers.IntegerField()
    exact = serializers.FloatField(allow_null=True, help_text="share of pairs of ratings of one sample that are equal")
    within_one = serializers.FloatField(allow_null=True)
    mad = serializers.FloatField(allow_null=True, help_text="mean absolute difference")
    intervals = ShareIntervalsSerializer()
    range_two = serializers.IntegerField(help_text="samples whose values lie two or more apart")
    kappa_mean = serializers.FloatField(allow_null=True)
    pairs = serializers.IntegerField(help_text="of annotators; those with the most samples in common are listed")
    kappa = PairKappaSerializer(many=True)
    icc = IntraclassSerializer()
    icc_two_way = IntraclassSerializer()


@extend_schema_serializer(component_name="Towards")
class ChangeDirectionsSerializer(serializers.Serializer[Any]):
    majority = serializers.IntegerField()
    highest = serializers.IntegerField()
    lowest = serializers.IntegerField()
    other = serializers.IntegerField()


@extend_schema_serializer(component_name="TowardsWhom")
class AdoptedValuesSerializer(serializers.Serializer[Any]):
    """How often somebody ended on a value that another one had begun with."""

    to = serializers.CharField()
    n = serializers.IntegerField()
    of = serializers.IntegerField(help_text="how often the two began on different values")

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, a Python keyword that cannot be an attribute above."""
        return {"from": serializers.CharField(), **super().get_fields()}


@extend_schema_serializer(component_name="Moved")
class StanceChangesSerializer(serializers.Serializer[Any]):
    """What discussions moved; agreement afterwards says nothing, as it is complete by construction."""

    dimension = serializers.CharField()
    name = serializers.CharField()
    cases = serializers.IntegerField()
    stances = serializers.IntegerField()
    moved = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="moved of all stances")
    up = serializers.IntegerField()
    down = serializers.IntegerField()
    mean_change = serializers.FloatField(allow_null=True)
    mean_step = serializers.FloatField(allow_null=True)
    towards = ChangeDirectionsSerializer()
    whom = AdoptedValuesSerializer(many=True)
    overridden = serializers.IntegerField(help_text="decided by an admin, and not counted in the rest")
    reasons = serializers.DictField(child=serializers.IntegerField(), help_text="of the moves, by reason")


class AgreementSerializer(serializers.Serializer[Any]):
    study = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    round = serializers.IntegerField(help_text="1: independent ratings alone")
    rows = AgreementRowSerializer(many=True)
    left_out = serializers.IntegerField(help_text="groups beyond the largest ones")
    moved = StanceChangesSerializer(many=True)
    pairwise = AdoptedValuesSerializer(many=True, help_text="over all dimensions")
    made_at = serializers.DateTimeField(allow_null=True, help_text="null: not calculated yet; POST does it")
    stale = serializers.BooleanField(help_text="something has happened in the study since")
    job = serializers.CharField(allow_null=True, help_text="id of the job that is calculating anew")


class WeekSerializer(serializers.Serializer[Any]):
    week = serializers.CharField(help_text="as 2026-W44")
    n = serializers.IntegerField()
    bias = serializers.FloatField(allow_null=True)
    spread = serializers.FloatField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)


class AnnotatorRowSerializer(serializers.Serializer[Any]):
    member = serializers.CharField()
    annotator = serializers.CharField(help_text="by name; a pseudonym for researchers")
    dimension = serializers.CharField()
    n = serializers.IntegerField()
    shared = serializers.IntegerField(help_text="of these: samples that others have rated, too")
    bias = serializers.FloatField(allow_null=True, help_text="mean difference from the others on the same samples")
    interval = ConfidenceIntervalField(allow_null=True, help_text="of the bias")
    spread = serializers.FloatField(allow_null=True, help_text="standard deviation of the values")
    others_spread = serializers.FloatField(allow_null=True)
    exact = serializers.FloatField(allow_null=True)
    within_one = serializers.FloatField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True, help_text="median per sample")
    noteworthy = serializers.CharField(allow_null=True, help_text="null where it may be chance")
    undefined = _build_undefined_field()
    weeks = WeekSerializer(many=True)


class AnnotatorsSerializer(serializers.Serializer[Any]):
    study = serializers.CharField()
    rows = AnnotatorRowSerializer(many=True)
    made_at = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()
    job = serializers.CharField(allow_null=True)
