"""Jobs and their logs; the row is the authoritative state of a job."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .fields import opaque_id
from .people import User
from .studies import Study


class Job(models.Model):
    """A background job with progress, a lease, a result and a log."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    kind = models.CharField(max_length=40)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    arguments = models.JSONField(default=dict)
    file = models.CharField(max_length=200, blank=True, help_text="storage name of an uploaded input")
    client_key = models.UUIDField(unique=True, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.CharField(max_length=12, blank=True, help_text="names the worker's attempt that may write")
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="when the sweep looks again: the end of the lease, or of waiting in the queue"
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    done = models.BigIntegerField(default=0)
    done_before = models.BigIntegerField(default=0, help_text="how much was done when this attempt started")
    step_at = models.DateTimeField(
        null=True, blank=True, help_text="when this attempt began to count anew; empty: it is at its first count"
    )
    total = models.BigIntegerField(null=True, blank=True)
    activity = models.CharField(max_length=200, blank=True)
    checkpoint = models.JSONField(default=dict, help_text="where the work resumes after a crash")
    result = models.JSONField(null=True, blank=True)
    refusals = models.CharField(max_length=200, blank=True, help_text="storage name of all refused lines as JSON Lines")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True, help_text="when the latest attempt started")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="job_running_has_a_lease"
            )
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(state__in=["queued", "running"]), name="job_unfinished"),
            models.Index(fields=["study", "-created_at"], name="job_by_study"),
        ]
        ordering = ["-created_at"]


class JobLogLine(models.Model):
    """One line of a job's log."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log_lines")
    at = models.DateTimeField(auto_now_add=True)
    line = models.TextField()

    class Meta:
        ordering = ["id"]


UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
