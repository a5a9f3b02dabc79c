"""Serializers of judge runs, scorecards and comparisons."""

import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from annotation.imports.format_names import PREDICTION_ENDINGS
from annotation.judges.list import FINISHED, UNFINISHED, get_run_state, judge_metrics
from annotation.judges.request import DEFAULT_SEED, LONGEST_NAME
from annotation.models import Job, JudgeRun, Scorecard
from api.strict_json import json_type_name
from judge.backends.registry import BACKENDS, DEFAULT_PRESETS

from .fields import Choice, ClientKey, StrictSerializer, Text, WholeNumber, parse_finite_number, parse_whole_number
from .jobs import FormFlag, ShownJobSerializer, Upload

STATES = [FINISHED, *Job.State.values, UNFINISHED]
OPTION = re.compile("[a-z][a-z0-9_]{0,79}")
MOST_OPTIONS, LONGEST_OPTION = 100, 500
LARGEST_NUMBER = 2**63


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}], "description": "as the backend takes it"}
)
class Option(serializers.Field[Any, Any, Any, Any]):
    """A text, a number, true or false; which of them an option takes is for the judge to say."""

    def to_internal_value(self, data: Any) -> str | float | bool:
        if isinstance(data, bool):
            return data
        if isinstance(data, str):
            return str(Text(max_length=LONGEST_OPTION).run_validation(data))
        if isinstance(data, (int, float)):
            number = parse_whole_number(data) if isinstance(data, int) else parse_finite_number(data)
            if abs(number) >= LARGEST_NUMBER:
                raise serializers.ValidationError("Out of range.")
            return number
        raise serializers.ValidationError(f"A text, a number, true or false, not {json_type_name(data)}.")

    def to_representation(self, value: Any) -> Any:
        return value


class Options(serializers.DictField):
    """Options of a backend by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Option(), **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(f"An object, not {json_type_name(data)}.")
        if len(data) > MOST_OPTIONS:
            raise serializers.ValidationError(f"At most {MOST_OPTIONS} options.")
        if not all(OPTION.fullmatch(name) for name in data):
            # Only named in general, as such a name may be one that cannot be sent back.
            raise serializers.ValidationError("Options have names of small letters, digits and underscores.")
        return dict(super().to_internal_value(dict(data)))


class JudgeRequestSerializer(StrictSerializer):
    release = Text(max_length=20, help_text="id of the release that it learns from")
    backend = Text(default="embedded", max_length=40, help_text="one of " + ", ".join(BACKENDS))
    preset = Text(
        required=False,
        max_length=80,
        help_text="; ".join(f"{backend}: {preset}" for backend, preset in DEFAULT_PRESETS.items())
        + " where it is not given",
    )
    options = Options(required=False, help_text="those that differ from the preset's")
    name = Text(
        required=False,
        max_length=LONGEST_NAME,
        help_text="how its predictions name it; made from the study and a number where it is not given",
    )
    seed = WholeNumber(default=DEFAULT_SEED, help_text="the same gives the same judge")
    client_key = ClientKey(required=False)


class PredictRequestSerializer(StrictSerializer):
    client_key = ClientKey(required=False)


class EvaluateRequestSerializer(StrictSerializer):
    release = Text(max_length=20, help_text="id of the release whose test part it is held to")
    client_key = ClientKey(required=False)


class PredictionsRequestSerializer(StrictSerializer):
    file = Upload(
        allow_empty_file=True,
        help_text="lines of predictions, with one of the endings " + ", ".join(PREDICTION_ENDINGS),
    )
    dry_run = FormFlag(default="false", help_text="tell what would happen, store nothing")
    client_key = ClientKey(required=False)


class EvaluatedReleaseQuerySerializer(StrictSerializer):
    release = Text(
        required=False,
        max_length=20,
        help_text="id of a release that it was held to; if not given, the one that it learned from, or else the newest",
    )


class ScorecardQuerySerializer(EvaluatedReleaseQuerySerializer):
    target = Choice(
        choices=["final", "mean"],
        default="final",
        help_text="final: the agreed score; mean: of what annotators said independently",
    )


class ComparisonQuerySerializer(StrictSerializer):
    release = Text(
        required=False,
        max_length=20,
        help_text="id of a release that both were held to; if not given, the newest of them",
    )

    def get_fields(self) -> dict[str, Any]:
        """Add `with`, a Python keyword that cannot be an attribute above."""
        other = Text(max_length=20, help_text="id of the judge to compare it with")
        return {"with": other, **super().get_fields()}


class JudgeJobSerializer(ShownJobSerializer):
    """A job about a judge."""

    judge_run = serializers.CharField(source="arguments.run", help_text="id of the judge")


class NamedReleaseSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    number = serializers.IntegerField()
    name = serializers.CharField()


@extend_schema_serializer(component_name="DimensionFigures")
class DimensionMetricsSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    rmse = serializers.FloatField(allow_null=True, help_text="of expected scores, in points")
    a1 = serializers.FloatField(allow_null=True, help_text="share of rounded scores within one of people's")
    best_baseline = serializers.FloatField(allow_null=True, help_text="RMSE of the best of the baselines")


@extend_schema_serializer(component_name="HeldTo")
class ReleaseEvaluationSerializer(serializers.Serializer[Any]):
    """A release that a judge was held to, and how it did against final scores."""

    release = NamedReleaseSerializer()
    made_at = serializers.DateTimeField()
    dimensions = serializers.SerializerMethodField()

    @extend_schema_field(DimensionMetricsSerializer(many=True))
    def get_dimensions(self, scorecard: Scorecard) -> list[dict[str, Any]]:
        return judge_metrics(scorecard)


class JudgeRowSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    number = serializers.IntegerField(help_text="1, 2, … within the study")
    name = serializers.CharField(help_text="how its predictions name it")
    origin = serializers.ChoiceField(choices=JudgeRun.Origin.values)
    state = serializers.SerializerMethodField(help_text="finished, or that of the job which trains it")
    active = serializers.BooleanField()
    backend = serializers.CharField()
    preset = serializers.CharField()
    release = NamedReleaseSerializer(allow_null=True, help_text="it learned from; null for one that was imported")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    scorecards = ReleaseEvaluationSerializer(many=True, help_text="that of the newest release first")

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, run: JudgeRun) -> str:
        return get_run_state(run)


class JudgeArchiveSerializer(serializers.Serializer[Any]):
    bytes = serializers.IntegerField(source="archive_bytes")
    sha256 = serializers.CharField(source="archive_sha256")


@extend_schema_serializer(component_name="Point")
class CurvePointSerializer(serializers.Serializer[Any]):
    series = serializers.CharField()
    x = serializers.FloatField()
    y = serializers.FloatField()


class ShownJudgeSerializer(JudgeRowSerializer):
    study = serializers.CharField(source="study.slug")
    rubric = serializers.CharField()
    options = serializers.DictField()
    seed = serializers.IntegerField()
    prompt_sha = serializers.CharField()
    config = serializers.DictField(allow_null=True, help_text="what it was trained on, by which code and libraries")
    curves = CurvePointSerializer(many=True, help_text="also while it is trained")
    predictions = serializers.SerializerMethodField(help_text="of how many samples it has said something")
    job = serializers.CharField(source="job.public_id", default=None, allow_null=True, help_text="its training")
    archive = serializers.SerializerMethodField(
        help_text="its folder as a ZIP, for …/archive/; null where only predictions are known"
    )

    def get_predictions(self, run: JudgeRun) -> int:
        return run.predictions.count()

    @extend_schema_field(JudgeArchiveSerializer(allow_null=True))
    def get_archive(self, run: JudgeRun) -> dict[str, Any] | None:
        return dict(JudgeArchiveSerializer(run).data) if run.archive else None


class ShownScorecardSerializer(serializers.Serializer[Any]):
    judge_run = serializers.CharField()
    number = serializers.IntegerField()
    release = NamedReleaseSerializer()
    target = serializers.ChoiceField(choices=["final", "mean"])
    made_at = serializers.DateTimeField()
    card = serializers.DictField(
        help_text="figures by dimension: of the judge, of baselines, of people; and where it is furthest off"
    )


class ShownComparisonSerializer(serializers.Serializer[Any]):
    first = serializers.CharField(help_text="id of the judge in the address")
    second = serializers.CharField(help_text="id of the other one")
    release = NamedReleaseSerializer()
    comparison = serializers.DictField(help_text="differences are the first's figure less the second's, with intervals")
