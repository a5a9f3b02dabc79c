"""Suggestions of a judge shown to annotators, and their answers."""

from django.db import models
from django.db.models import F, Q

from .assignments import Assignment
from .judging import JudgeRun
from .rubrics import LEVELS_PER_DIMENSION, Dimension, Level


class Suggestion(models.Model):
    """A prediction on one dimension for one annotator, fixed with the lease.

    In the prefilled arm it is shown with the lease, in the delayed arm when the own values are locked. Where
    ``shown_at`` is empty nobody has seen it.
    """

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="suggestions", db_index=False)
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(JudgeRun, on_delete=models.CASCADE, related_name="suggestions")
    shown = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", db_index=False)
    expected = models.FloatField()
    sd = models.FloatField()
    low = models.FloatField(null=True, blank=True, help_text="of the interval, where the judge gives one")
    high = models.FloatField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    first = models.ForeignKey(
        Level,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="delayed: the locked own value; prefilled: what was submitted first",
    )
    final = models.ForeignKey(
        Level,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="what decides: delayed, what was kept or changed; prefilled, what was submitted last",
    )
    touched = models.BooleanField(default=False, help_text="answered by the annotator's own hand")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "dimension"], name="suggestion_dimension_once"),
            models.CheckConstraint(
                condition=Q(shown_id__gte=F("dimension_id") * LEVELS_PER_DIMENSION)
                & Q(shown_id__lt=F("dimension_id") * LEVELS_PER_DIMENSION + LEVELS_PER_DIMENSION),
                name="suggestion_level_of_its_dimension",
            ),
            models.CheckConstraint(
                condition=Q(first__isnull=True, final__isnull=True) | Q(shown_at__isnull=False),
                name="suggestion_answered_was_shown",
            ),
        ]


class Revision(models.Model):
    """An annotator's answer to a judge's values in the delayed arm. Append-only: an undone one is voided and stays."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    client_key = models.UUIDField(unique=True)
    values = models.JSONField(help_text="by dimension key, those kept included")
    seconds = models.FloatField(null=True, blank=True, help_text="active time, as measured by the page")
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(voided_at__isnull=True), name="revision_standing_once"
            )
        ]
