"""Serializers of releases, renditions and the test pool."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from annotation.releases.formats import FORMATS
from annotation.releases.request import DEFAULT_CALIBRATION_SHARE, DEFAULT_SEED, LONGEST_NAME
from annotation.releases.test_pool import DEFAULT_SHARE

from .fields import Choice, ClientKey, Flag, Number, StrictSerializer, Text, WholeNumber


class RenditionRequestSerializer(StrictSerializer):
    formats = serializers.ListField(child=Choice(choices=list(FORMATS)), max_length=len(FORMATS))
    with_generator = Flag(default=False, help_text="say who made each sample")
    with_metadata = Flag(default=False, help_text="keep the samples' metadata")
    client_key = ClientKey(required=False)


class ReleaseRequestSerializer(RenditionRequestSerializer):
    name = Text(max_length=LONGEST_NAME)
    test_share = Number(
        required=False, help_text="of the samples, in test; 0.2 where neither this nor a count is given"
    )
    test_count = WholeNumber(required=False, help_text="number of test samples")
    exact = Flag(default=False, help_text="fail where whole questions cannot reach the number of test samples")
    seed = WholeNumber(default=DEFAULT_SEED, help_text="of the split: the same gives the same parts")
    calibration_share = Number(
        default=DEFAULT_CALIBRATION_SHARE, help_text="of the questions that are in train and not fitted to"
    )
    formats = serializers.ListField(
        child=Choice(choices=list(FORMATS)), max_length=len(FORMATS), default=["jsonl"], help_text="empty: no files yet"
    )


class ReleaseFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="path in the release's folder, for …/files/{name}")
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class ShownRenditionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    formats = serializers.ListField(child=serializers.CharField())
    with_generator = serializers.BooleanField()
    with_metadata = serializers.BooleanField()
    bytes = serializers.IntegerField(help_text="of the ZIP of all files")
    sha256 = serializers.CharField(help_text="of the ZIP of all files")
    pictures = serializers.IntegerField()
    files = serializers.SerializerMethodField(help_text="all but the pictures")
    at = serializers.DateTimeField()

    @extend_schema_field(ReleaseFileSerializer(many=True))
    def get_files(self, rendition: Any) -> list[dict[str, Any]]:
        return [{"name": file["path"], "bytes": file["bytes"], "sha256": file["sha256"]} for file in rendition.files]


class ReleaseRowSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    number = serializers.IntegerField()
    name = serializers.CharField()
    at = serializers.DateTimeField()
    samples = serializers.IntegerField(source="about.samples")
    questions = serializers.IntegerField(source="about.questions")
    train = serializers.DictField(source="about.parts.train")
    test = serializers.DictField(source="about.parts.test")


@extend_schema_serializer(component_name="Since")
class ReleaseChangesSerializer(serializers.Serializer[Any]):
    same = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="with another final score now")
    open = serializers.IntegerField(help_text="not agreed any more")
    withdrawn = serializers.IntegerField()
    added = serializers.IntegerField(help_text="agreed now, and not in the release")


class ShownReleaseSerializer(ReleaseRowSerializer):
    study = serializers.CharField(source="study.slug")
    rubric = serializers.CharField()
    seed = serializers.IntegerField()
    calibration = serializers.DictField(source="about.calibration")
    annotators = serializers.IntegerField(source="about.annotators")
    met = serializers.DictField(source="about.met", help_text="how well each aim of the split was met")
    generators = serializers.ListField(child=serializers.DictField(), source="about.generators")
    outcomes = serializers.DictField(source="about.outcomes")
    label_origins = serializers.DictField(source="about.label_origins")
    agreement = serializers.DictField(source="about.agreement")
    protocol = serializers.DictField(source="about.protocol")
    requested = serializers.DictField(source="about.requested")
    files = serializers.SerializerMethodField(help_text="of the newest rendition")
    renditions = ShownRenditionSerializer(many=True)
    since = serializers.SerializerMethodField(help_text="what has changed in the study since")

    @extend_schema_field(ReleaseFileSerializer(many=True))
    def get_files(self, release: Any) -> list[dict[str, Any]]:
        newest = next(iter(release.renditions.all()), None)
        return [] if newest is None else ShownRenditionSerializer(newest).data["files"]

    @extend_schema_field(ReleaseChangesSerializer)
    def get_since(self, release: Any) -> dict[str, Any]:
        return dict(ReleaseChangesSerializer(self.context["since"]).data)


class PoolRequestSerializer(StrictSerializer):
    share = Number(default=DEFAULT_SHARE, help_text="of the questions, that test parts may come from")
    calibration_share = Number(default=DEFAULT_CALIBRATION_SHARE)
    seed = WholeNumber(default=DEFAULT_SEED)


class ShownPoolSerializer(serializers.Serializer[Any]):
    reserved = serializers.BooleanField()
    share = serializers.FloatField(allow_null=True)
    calibration_share = serializers.FloatField(allow_null=True)
    seed = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    questions = serializers.IntegerField(help_text="of the study")
    in_pool = serializers.IntegerField()
    train = serializers.IntegerField(help_text="questions that a release has put into train, for ever")
    test = serializers.IntegerField(help_text="questions that a release has put into test, for ever")
