"""Studies and the versioned protocols that they follow."""

from django.db import models
from django.db.models import Q

from .rubrics import Rubric

MAX_SLOTS = 15


class Study(models.Model):
    """One labelling campaign: a rubric, a protocol, members, samples."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        RUNNING = "running", "running"
        PAUSED = "paused", "paused"
        CLOSED = "closed", "closed"

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True, help_text="shown to annotators beside the rubric")
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="studies")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug"]
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.slug


class Protocol(models.Model):
    """One version of a study's rules; a sample keeps the version of its first lease."""

    class TieRule(models.TextChoices):
        DISCUSS = "discuss", "discuss"
        LOWER = "lower", "take the lower"
        THIRD = "third", "ask one more annotator"

    class Decide(models.TextChoices):
        DISCUSS = "discuss", "by discussion"
        AGGREGATE = "aggregate", "by the lower median"

    class CrossReview(models.TextChoices):
        NONE = "none", "none"
        ALL = "all", "all"
        SHARE = "share", "a random share"
        HIGH = "high", "the high-rated"

    class Suggestions(models.TextChoices):
        """How the annotators of mixed samples meet the judge."""

        NONE = "none", "not at all"
        DELAYED = "delayed", "after their own values are locked"
        PREFILLED = "prefilled", "as prefilled values"
        BOTH = "both", "either way, by chance"

    class WorkOrder(models.TextChoices):
        """Which samples annotators are given first."""

        EVEN = "even", "all alike"
        DISPUTED = "disputed", "the likely disputed"
        LABEL_NEXT = "label_next", "those that teach a judge most"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="protocols")
    version = models.PositiveIntegerField()
    preset = models.CharField(max_length=40, blank=True)
    current = models.BooleanField(default=True)
    annotators_per_sample = models.PositiveSmallIntegerField(default=3, help_text="k, the slots of the first round")
    tolerance = models.FloatField(default=0)
    tie_rule = models.CharField(max_length=10, choices=TieRule.choices, default=TieRule.DISCUSS)
    decide = models.CharField(max_length=10, choices=Decide.choices, default=Decide.DISCUSS)
    cross_review = models.CharField(max_length=10, choices=CrossReview.choices, default=CrossReview.NONE)
    review_share = models.FloatField(default=0)
    review_threshold = models.FloatField(null=True, blank=True)
    reason_first = models.BooleanField(
        default=True, help_text="in a discussion nobody sees the others' values before having given a reason"
    )
    discussion_days = models.PositiveSmallIntegerField(
        null=True, blank=True, default=7, help_text="after so many days the admins decide; empty: never"
    )
    suggestions = models.CharField(max_length=10, choices=Suggestions.choices, default=Suggestions.NONE)
    blind_share = models.FloatField(default=0.3, help_text="of the samples, at least; nobody meets the judge on those")
    pull_limit = models.FloatField(default=0.2, help_text="an alarm is given where the judge pulls people by more")
    work_order = models.CharField(max_length=10, choices=WorkOrder.choices, default=WorkOrder.EVEN)
    lease_minutes = models.PositiveSmallIntegerField(default=30)
    undo_minutes = models.PositiveSmallIntegerField(default=10)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="protocol_version_once"),
            models.UniqueConstraint(fields=["study"], condition=Q(current=True), name="protocol_one_current"),
            models.CheckConstraint(
                condition=Q(annotators_per_sample__gte=1, annotators_per_sample__lt=MAX_SLOTS),
                name="protocol_slots_in_range",
            ),
            models.CheckConstraint(condition=Q(tolerance__gte=0), name="protocol_tolerance_not_negative"),
            models.CheckConstraint(condition=Q(review_share__gte=0, review_share__lte=1), name="protocol_share"),
            models.CheckConstraint(
                condition=Q(discussion_days__isnull=True) | Q(discussion_days__gte=1, discussion_days__lte=365),
                name="protocol_discussion_days_in_range",
            ),
            models.CheckConstraint(
                condition=Q(blind_share__gte=0.3, blind_share__lte=1, pull_limit__gt=0, pull_limit__lte=1),
                name="protocol_suggestions_in_range",
            ),
            models.CheckConstraint(
                condition=Q(undo_minutes__lte=10, lease_minutes__gte=1), name="protocol_minutes_in_range"
            ),
        ]
        ordering = ["study", "-version"]

    def __str__(self) -> str:
        return f"{self.study_id}@{self.version}"
