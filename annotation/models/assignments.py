"""Assignments of samples to members, skips, and each member's queue cursor."""

from django.db import models
from django.db.models import Q

from .fields import opaque_id
from .people import Member
from .samples import Sample
from .studies import MAX_SLOTS


class Arm(models.IntegerChoices):
    """How an annotator is shown a judge's values on a sample."""

    BLIND = 0, "blind"
    DELAYED = 1, "delayed"
    PREFILLED = 2, "prefilled"


class Assignment(models.Model):
    """One annotator's lease on one slot of one sample. Slots 1..k are the first round, k+1 the cross-review."""

    class State(models.IntegerChoices):
        LEASED = 1, "leased"
        SCORED = 2, "scored"
        SKIPPED = 3, "skipped"
        RELEASED = 4, "released"

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    slot = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField(choices=State.choices, default=State.LEASED)
    arm = models.PositiveSmallIntegerField(choices=Arm.choices, default=Arm.BLIND, db_default=Arm.BLIND)
    assigned = models.BooleanField(
        default=False, db_default=False, help_text="given by an admin, for days: it comes first in what is held"
    )
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    revise_until = models.DateTimeField(
        null=True, blank=True, help_text="delayed arm: own values are locked, and until then the judge's are answered"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "member"], name="assignment_member_once"),
            models.UniqueConstraint(fields=["sample", "slot"], condition=Q(state__lte=2), name="assignment_slot_once"),
            models.CheckConstraint(
                condition=Q(revise_until__isnull=True) | Q(arm=1, state=2), name="assignment_revised_in_delayed_arm"
            ),
            models.CheckConstraint(condition=Q(slot__gte=1, slot__lte=MAX_SLOTS), name="assignment_slot_in_range"),
        ]
        indexes = [
            models.Index(fields=["member", "leased_at"], condition=Q(state=1), name="assignment_held"),
            models.Index(fields=["expires_at"], condition=Q(state=1), name="assignment_expiring"),
            models.Index(fields=["member", "finished_at"], condition=Q(state=2), name="assignment_scored"),
            models.Index(
                fields=["revise_until"], condition=Q(revise_until__isnull=False), name="assignment_to_be_revised"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Skip(models.Model):
    """An annotator's skip of a sample, with the reason."""

    class Reason(models.TextChoices):
        PICTURE_BROKEN = "picture_broken", "a picture does not load or is cut off"
        TEXT_BROKEN = "text_broken", "the text is garbled or cut off"
        LANGUAGE = "language", "not in a language I read"
        EXPERTISE = "expertise", "needs knowledge that I do not have"
        HARMFUL = "harmful", "harmful or distressing"
        KNOWN = "known", "I know where it comes from"
        OTHER = "other", "something else"

    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="skip")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.TextField(blank=True)
    client_key = models.UUIDField(unique=True)
    at = models.DateTimeField()


class QueueCursor(models.Model):
    """The position up to which begun samples of one priority are all the member's own."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    priority = models.PositiveSmallIntegerField()
    queued_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "priority"], name="queue_cursor_once")]
