"""The review queue: its entries, and the outcomes of predicted disputes."""

from django.db import models
from django.db.models import F, Q

from .fields import opaque_id
from .judging import JudgeRun
from .people import User
from .rubrics import Dimension
from .samples import Sample
from .studies import Protocol, Study


class ReviewQueue(models.Model):
    """The state of a study's review queues, and what they were computed from."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, primary_key=True, related_name="review_queue")
    run = models.ForeignKey(
        JudgeRun,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="whose predictions are in it; empty: it rests on people's scores alone",
    )
    seed = models.BigIntegerField(help_text="what chance is drawn from; never changed")
    refreshed_at = models.DateTimeField(null=True, blank=True, help_text="when it was made anew last")
    refreshing = models.CharField(max_length=12, blank=True, help_text="names the attempt that makes it anew")
    history_through = models.BigIntegerField(default=0, help_text="all steps up to this history entry are in it")
    foresight = models.JSONField(default=dict, help_text="what was learned about disputes, by dimension")
    work_order = models.CharField(
        max_length=10,
        choices=Protocol.WorkOrder.choices,
        default=Protocol.WorkOrder.EVEN,
        help_text="by which the priorities of the samples were set last",
    )
    counts = models.JSONField(
        default=dict, help_text="by kind, how many entries it has: total, random and dismissed; see `queue_list`"
    )
    domains = models.JSONField(null=True, help_text="of the study's samples, by name; null before they were looked up")
    cuts = models.JSONField(
        default=list, help_text="the lowest rank of each priority from the highest down, to place samples by meanwhile"
    )


class QueueEntry(models.Model):
    """A sample's entry in one queue, kept with its outcome after it has left.

    Ranks are as `RankedEntry` has them, highest first and ties by ``draw``; random entries stand by ``draw`` alone.
    """

    class Kind(models.TextChoices):
        DISPUTED = "disputed", "disputed"
        LABEL_NEXT = "label_next", "label next"
        AUDIT = "audit", "audit"

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="queue_entries", db_index=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="queue_entries", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    random = models.BooleanField(help_text="its place is drawn by chance")
    draw = models.FloatField(help_text="from 0 to below 1, the same for ever")
    first = models.FloatField()
    second = models.FloatField()
    third = models.FloatField()
    dimension = models.ForeignKey(
        Dimension,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="the one that its rank is about",
    )
    spread = models.FloatField(default=0, help_text="the widest range of independent values on one dimension")
    scores = models.PositiveSmallIntegerField(default=0, help_text="from so many people")
    chance = models.FloatField(null=True, blank=True, help_text="that two annotators differ by 2 or more")
    gap = models.FloatField(null=True, blank=True, help_text="between the judge and the people")
    reason = models.JSONField(default=dict, help_text="why it stands there: `priority.Reason` without what is empty")
    foreseen = models.FloatField(
        null=True,
        blank=True,
        help_text="what was foreseen when it came in, or last before its first score: the chance of a dispute, in an "
        "audit the gap in half widths; empty where there was nothing left to foresee",
    )
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, help_text="when what became of it was known first")
    disputed = models.BooleanField(
        null=True,
        blank=True,
        help_text="what became of it: annotators differed by 2 or more; in an audit, the final score was changed",
    )
    outcome = models.JSONField(
        null=True, blank=True, help_text="by dimension: the range of the independent values, and the judge's gap"
    )
    off = models.FloatField(
        null=True, blank=True, help_text="how far the judge was from the people's mean, on the dimension where most"
    )
    pinned_at = models.DateTimeField(null=True, blank=True)
    pinned_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    dismissed_because = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "kind"], name="queue_entry_once"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, disputed__isnull=True)
                | Q(decided_at__isnull=False, disputed__isnull=False),
                name="queue_entry_decided_has_outcome",
            ),
            models.CheckConstraint(condition=Q(draw__gte=0, draw__lt=1), name="queue_entry_draw_in_range"),
        ]
        indexes = [
            models.Index(
                *("study", "kind", F("first").desc(), F("second").desc(), F("third").desc(), "draw"),
                condition=Q(random=False, left_at__isnull=True, dismissed_at__isnull=True, pinned_at__isnull=True),
                name="queue_in_order",
            ),
            models.Index(
                fields=["study", "kind", "draw"],
                condition=Q(random=True, left_at__isnull=True, dismissed_at__isnull=True, pinned_at__isnull=True),
                name="queue_at_random",
            ),
            models.Index(
                fields=["study", "kind", "pinned_at"],
                condition=Q(left_at__isnull=True, dismissed_at__isnull=True, pinned_at__isnull=False),
                name="queue_pinned",
            ),
            models.Index(
                *("study", "kind", F("decided_at").desc()),
                condition=Q(decided_at__isnull=False),
                name="queue_decided",
            ),
        ]
        verbose_name_plural = "queue entries"

    def __str__(self) -> str:
        return self.public_id
