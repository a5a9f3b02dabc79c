"""Scores with their ratings, and the final scores that follow."""

from django.db import models
from django.db.models import F, Q

from .assignments import Arm, Assignment
from .people import Member, User
from .rubrics import LEVELS_PER_DIMENSION, Dimension, Level
from .samples import Sample


class Score(models.Model):
    """One annotator's set of values for a sample in one round. Append-only: an undone one is voided and stays."""

    class Origin(models.TextChoices):
        GIVEN = "given", "given here"
        IMPORTED = "imported", "imported"
        SIGNED = "signed", "signed in a discussion"

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="scores", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="scores", db_index=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, null=True, blank=True, related_name="scores")
    discussion = models.ForeignKey(
        "annotation.Discussion",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="signatures",
        db_index=False,
        help_text="the one in which these values were signed",
    )
    round = models.PositiveSmallIntegerField(
        default=1, help_text="1: independent; later ones were signed in discussions"
    )
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.GIVEN)
    arm = models.PositiveSmallIntegerField(
        choices=Arm.choices, default=Arm.BLIND, db_default=Arm.BLIND, help_text="how the judge was met in giving it"
    )
    complete = models.BooleanField(default=True, help_text="has a value on every dimension that people score")
    client_key = models.UUIDField(unique=True, null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="active time, as measured by the page")
    at = models.DateTimeField(null=True, blank=True, help_text="unknown for some imported scores")
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "member", "round"], condition=Q(voided_at__isnull=True), name="score_standing_once"
            ),
            models.CheckConstraint(
                condition=Q(origin="imported", assignment__isnull=True, discussion__isnull=True)
                | Q(origin="given", assignment__isnull=False, discussion__isnull=True)
                | Q(origin="signed", assignment__isnull=True, discussion__isnull=False, round__gt=1),
                name="score_comes_from_where_it_says",
            ),
        ]
        indexes = [models.Index(fields=["member", "at"], name="score_by_member")]


class Rating(models.Model):
    """One value on one dimension; the level is checked by the database to belong to the dimension."""

    score = models.ForeignKey(Score, on_delete=models.CASCADE, related_name="ratings", db_index=False)
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+", db_index=False)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score", "dimension"], name="rating_dimension_once"),
            models.CheckConstraint(
                condition=Q(level_id__gte=F("dimension_id") * LEVELS_PER_DIMENSION)
                & Q(level_id__lt=F("dimension_id") * LEVELS_PER_DIMENSION + LEVELS_PER_DIMENSION),
                name="rating_level_of_its_dimension",
            ),
        ]


class FinalScore(models.Model):
    """The agreed value of a sample on one dimension; versioned, one of them current."""

    class Outcome(models.TextChoices):
        UNANIMOUS = "unanimous", "unanimous"
        WITHIN_TOLERANCE = "within_tolerance", "within tolerance"
        REVIEWED = "reviewed", "reviewed"
        DISCUSSED = "discussed", "discussed"
        OVERRIDDEN = "overridden", "overridden"
        SINGLE = "single", "single"
        BY_RULE = "by_rule", "by rule"
        AGGREGATED = "aggregated", "aggregated"
        IMPORTED = "imported", "imported"

    class LabelOrigin(models.TextChoices):
        BLIND = "blind", "blind"
        MIXED = "mixed", "mixed"
        DELAYED = "delayed", "delayed"
        PREFILLED = "prefilled", "prefilled"
        IMPORTED = "imported", "imported"

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="final_scores")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+")
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)
    current = models.BooleanField(default=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    label_origin = models.CharField(max_length=10, choices=LabelOrigin.choices, default=LabelOrigin.BLIND)
    discussion = models.ForeignKey(
        "annotation.Discussion", on_delete=models.CASCADE, null=True, blank=True, related_name="final_scores"
    )
    reason = models.TextField(blank=True, help_text="why an admin overrode the discussion")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "dimension"], condition=Q(current=True), name="final_score_one_current"
            ),
            models.UniqueConstraint(fields=["sample", "dimension", "version"], name="final_score_version_once"),
            models.CheckConstraint(
                condition=Q(level__isnull=True)
                | Q(level_id__gte=F("dimension_id") * LEVELS_PER_DIMENSION)
                & Q(level_id__lt=F("dimension_id") * LEVELS_PER_DIMENSION + LEVELS_PER_DIMENSION),
                name="final_score_level_of_its_dimension",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["discussed", "overridden"]) | Q(discussion__isnull=False),
                name="final_score_of_its_discussion",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="overridden") | ~Q(reason=""), name="final_score_overridden_with_a_reason"
            ),
        ]
