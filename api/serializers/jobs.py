"""Serializers of jobs and of import requests."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotation.imports.format_names import SAMPLE_FORMATS, UPLOAD_ENDINGS
from annotation.jobs.queueing import job_pace
from annotation.models import Job

from .fields import Choice, ClientKey, StrictSerializer, Text


class ShownJobSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    kind = serializers.CharField()
    study = serializers.CharField(source="study.slug", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=Job.State.values)
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    per_second = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()
    activity = serializers.CharField()
    attempts = serializers.IntegerField()
    cancel_requested = serializers.BooleanField()
    result = serializers.DictField(allow_null=True)
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_per_second(self, job: Job) -> float | None:
        return job_pace(job).per_second

    def get_seconds_left(self, job: Job) -> float | None:
        return job_pace(job).seconds_left


class LogLineSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    line = serializers.CharField()


class RefusalsQuerySerializer(StrictSerializer):
    format = Choice(
        choices=["jsonl", "csv"], default="jsonl", help_text="csv: for a spreadsheet, which is given no formulas"
    )


class FormFlag(serializers.ChoiceField):
    """true or false, as a form writes it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=["true", "false"], **kwargs)


@extend_schema_field(OpenApiTypes.BINARY)
class Upload(serializers.FileField):
    """A file in a form."""


class ImportRequestSerializer(StrictSerializer):
    file = Upload(allow_empty_file=True, help_text="with one of the endings " + ", ".join(UPLOAD_ENDINGS))
    kind = serializers.ChoiceField(choices=["samples", "scores"])
    format = serializers.ChoiceField(
        choices=SAMPLE_FORMATS, required=False, help_text="what the file is, where its ending and beginning do not tell"
    )
    question = Text(
        required=False, max_length=2000, help_text="samples: what pictures answer that come without a question"
    )
    update = FormFlag(  # type: ignore[assignment]
        default="false", help_text="samples: replace changed ones that nobody has scored"
    )
    complete = FormFlag(default="false", help_text="scores: the table is complete, so what follows from it may begin")
    dry_run = FormFlag(default="false", help_text="tell what would happen, store nothing")
    images = Text(
        required=False, max_length=500, help_text="samples: folder of the pictures in the server's import folder"
    )
    client_key = ClientKey(required=False)
