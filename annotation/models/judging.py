"""Judge runs, their predictions and their scorecards."""

from django.db import models
from django.db.models import Q

from .fields import opaque_id
from .jobs import Job
from .people import User
from .releases import Release
from .rubrics import Rubric
from .samples import Sample
from .studies import Study


class JudgeRun(models.Model):
    """One version of a judge in a study; several live side by side, and at most one is active."""

    class Origin(models.TextChoices):
        TRAINED = "trained", "trained here"
        IMPORTED = "imported", "imported"

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="judge_runs", db_index=False)
    number = models.PositiveIntegerField(help_text="1, 2, … within the study")
    name = models.CharField(max_length=120, help_text="how its predictions name it")
    origin = models.CharField(max_length=8, choices=Origin.choices)
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="+")
    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, null=True, blank=True, related_name="judge_runs", help_text="it learned from"
    )
    backend = models.CharField(max_length=40, blank=True)
    preset = models.CharField(max_length=80, blank=True)
    options = models.JSONField(default=dict, help_text="those that differ from the preset's")
    seed = models.BigIntegerField(default=0)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="its training"
    )
    config = models.JSONField(null=True, blank=True, help_text="run.json of its folder: data, versions, prompt")
    curves = models.JSONField(default=list, help_text='points {"series", "x", "y"}, also while it is trained')
    prompt_sha = models.CharField(max_length=64, blank=True)
    archive = models.CharField(max_length=200, blank=True, help_text="storage name of its folder as a ZIP file")
    archive_bytes = models.BigIntegerField(default=0)
    archive_sha256 = models.CharField(max_length=64, blank=True)
    active = models.BooleanField(default=False)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True, help_text="empty: it cannot judge yet")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="judge_run_number_once"),
            models.UniqueConstraint(fields=["study", "name"], name="judge_run_name_once"),
            models.UniqueConstraint(fields=["study"], condition=Q(active=True), name="judge_run_one_active"),
            models.CheckConstraint(
                condition=Q(active=False) | Q(finished_at__isnull=False), name="judge_run_active_is_finished"
            ),
            models.CheckConstraint(
                condition=Q(origin="imported") | Q(release__isnull=False), name="judge_run_trained_on_a_release"
            ),
        ]
        ordering = ["study", "-number"]

    def __str__(self) -> str:
        return f"judge run {self.number}"


class Prediction(models.Model):
    """A judge's prediction for a sample: a distribution over levels per dimension.

    ``dimensions`` is as in a line of predictions, by the dimension's key: ``p``, ``expected``, ``sd``, ``rounded``,
    ``p_dispute``, ``interval``, ``mass``, ``ensemble_sd``, and ``rule`` where no model was asked.
    """

    class Status(models.TextChoices):
        OK = "ok", "ok"
        RULE = "rule", "by rule"
        PARSE_ERROR = "parse_error", "reply not understood"
        BACKEND_ERROR = "backend_error", "failed"

    run = models.ForeignKey(JudgeRun, on_delete=models.CASCADE, related_name="predictions", db_index=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="predictions")
    status = models.CharField(max_length=13, choices=Status.choices)
    out_of_fold = models.BooleanField(
        default=False,
        db_default=False,
        help_text="of a sample that the run learned from, by models that had not seen its question",
    )
    readout = models.CharField(max_length=40, blank=True)
    prompt_sha = models.CharField(max_length=64, blank=True)
    cluster = models.PositiveIntegerField(null=True, blank=True)
    dimensions = models.JSONField()
    p_dispute = models.FloatField(null=True, blank=True, help_text="the highest of those that no rule decides")
    ensemble_sd = models.FloatField(null=True, blank=True, help_text="the highest of those that no rule decides")
    message = models.TextField(blank=True, help_text="why it failed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "sample"], name="prediction_once")]


class Scorecard(models.Model):
    """The evaluation of a judge on the test part of a release.

    ``cards`` are `judge.evaluation.scorecard`'s by target, ``final`` and ``mean``. ``pairs`` holds what stands behind
    the figures, a column per quantity: see `services.judging.columns`.
    """

    run = models.ForeignKey(JudgeRun, on_delete=models.CASCADE, related_name="scorecards", db_index=False)
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="scorecards")
    cards = models.JSONField()
    pairs = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "release"], name="scorecard_once")]
        ordering = ["run", "-release"]
