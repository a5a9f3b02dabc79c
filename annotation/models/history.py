"""History of studies, samples and members: who did what, when."""

from django.db import models

from .people import Member, User
from .samples import Sample
from .studies import Study


class HistoryEntry(models.Model):
    """One step; written in the transaction that makes it, never changed."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="history", db_index=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, null=True, blank=True, related_name="history")
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    event = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "history entries"
