"""Stored results of long calculations, shown with their age."""

from django.db import models

from .studies import Study


class StudyFigures(models.Model):
    """The latest result of one kind for a study; a new one replaces it."""

    class Kind(models.TextChoices):
        AGREEMENT = "agreement", "agreement"
        ANNOTATORS = "annotators", "annotators"
        PROGRESS = "progress", "progress"
        INFLUENCE = "influence", "influence"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="figures", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    made_at = models.DateTimeField()
    last_history = models.BigIntegerField(help_text="the newest history entry of the study that is counted in")
    data = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "kind"], name="study_figures_kind_once")]
