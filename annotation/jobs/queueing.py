"""Queues, cancels, retries and resends jobs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.core.history import record_step
from annotation.core.study_guards import require_intake
from annotation.core.visibility import jobs_visible_to
from annotation.models import Job, JobLogLine, Study, User

from .broker import send_job
from .eta import UNKNOWN, Pace, pace_of
from .registry import KINDS

MAX_ATTEMPTS = 5
LONGEST_WAIT_FOR_A_REMINDER = 300


def job_pace(job: Job, *, now: datetime | None = None) -> Pace:
    """Return rate and time left of a job from the progress of its running attempt."""
    since = job.step_at or job.started_at
    if job.state != Job.State.RUNNING or since is None:
        return UNKNOWN
    seconds = ((now or job.heartbeat_at or timezone.now()) - since).total_seconds()
    return pace_of(
        done=job.done, total=job.total or None, seconds=seconds, before=0 if job.step_at else job.done_before
    )


def enqueue(
    *,
    by: User | None,
    kind: str,
    study: Study,
    arguments: Mapping[str, Any],
    file: str = "",
    client_key: UUID | None = None,
) -> Job:
    """Queue a job; ``by=None`` is the command line, and a repeated key returns the same job.

    Raises:
        BadInput: there is no such kind, or an argument is wrong; the field is named.
        WrongState: the key stands for other work (`client_key_reused`), or it would bring something into a closed study
            (`study_closed`).
    """
    if by is not None:
        _require_may_queue(by, study, kind)
    earlier = _enqueue_once(by=by, kind=kind, study=study, arguments=arguments, file=file, client_key=client_key)
    if earlier is not None:
        return earlier
    if kind not in KINDS:
        raise BadInput(f"There is no work of the kind {kind!r}.", fields={"kind": "One of " + ", ".join(KINDS) + "."})
    if KINDS[kind].brings:
        require_intake(study, KINDS[kind].brings)
    KINDS[kind].check(arguments, file=file)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                study=study,
                created_by=by,
                arguments=dict(arguments),
                file=file,
                client_key=client_key,
                lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            )
            record_step("job_queued", study=study, by=by, detail={"job": job.public_id, "kind": kind})
            transaction.on_commit(lambda: send_job(job.pk, job.kind))
    except IntegrityError:
        # Two requests with one key at the same time.
        winner = _enqueue_once(by=by, kind=kind, study=study, arguments=arguments, file=file, client_key=client_key)
        if winner is None:
            raise
        return winner
    return job


def may_queue(user: User, study: Study, kind: str) -> bool:
    """Whether the user may queue jobs of a kind in the study."""
    try:
        _require_may_queue(user, study, kind)
    except (NotAllowed, NotFound):
        return False
    return True


def _require_may_queue(user: User, study: Study, kind: str) -> None:
    # An unknown kind is nobody's, and is told of to those who lead alone.
    (KINDS[kind].require if kind in KINDS else permissions.require_lead)(user, study)


def _enqueue_once(
    *,
    by: User | None,
    kind: str,
    study: Study,
    arguments: Mapping[str, Any],
    file: str,
    client_key: UUID | None,
) -> Job | None:
    earlier = Job.objects.filter(client_key=client_key).first() if client_key else None
    if earlier is None:
        return None
    if (earlier.created_by, earlier.kind, earlier.study, earlier.arguments) != (by, kind, study, dict(arguments)):
        raise WrongState("This client key stands for other work already.", code="client_key_reused")
    if file and file != earlier.file and not Job.objects.filter(file=file).exists():
        # The same upload came twice; the job reads the first.
        default_storage.delete(file)
    return earlier


def cancel(*, by: User, job: Job) -> Job:
    """Cancel a waiting job at once, a running one at its next step.

    Raises:
        WrongState: the work is over already.
    """
    _require_visible(by, job)
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("study").get(pk=job.pk)
        if job.state in (Job.State.DONE, Job.State.FAILED):
            raise WrongState("This work is over and cannot be cancelled any more.", code="job_over")
        if job.state == Job.State.CANCELLED or job.cancel_requested:
            return job
        job.cancel_requested = True
        if job.state == Job.State.QUEUED:
            _end_job(job, Job.State.CANCELLED)
        job.save()
        if job.study is not None:
            record_step("job_cancelled", study=job.study, by=by, detail={"job": job.public_id, "kind": job.kind})
    return job


def retry(*, by: User | None, job: Job) -> Job:
    """Queue a failed or cancelled job again, from its checkpoint.

    ``by=None`` is the command line.

    Raises:
        WrongState: the work is done, is just being cancelled, or its input is no longer kept.
    """
    if by is not None:
        _require_visible(by, job)
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("study").get(pk=job.pk)
        if (refusal := why_not_retry(job)) is not None:
            raise refusal
        if job.state in (Job.State.QUEUED, Job.State.RUNNING):
            return job
        now = timezone.now()
        job.state, job.attempts, job.cancel_requested = Job.State.QUEUED, 0, False
        job.error, job.activity, job.finished_at = "", "", None
        job.queued_at, job.lease_until = now, now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        job.save()
        if job.study is not None:
            record_step("job_retried", study=job.study, by=by, detail={"job": job.public_id, "kind": job.kind})
        transaction.on_commit(lambda: send_job(job.pk, job.kind))
    return job


def why_not_retry(job: Job) -> WrongState | None:
    """Return why a job cannot be tried again, or None where it can."""
    if job.state == Job.State.DONE:
        return WrongState("This work is done; there is nothing to try again.", code="job_over")
    if job.state == Job.State.RUNNING and job.cancel_requested:
        return WrongState("This work is being cancelled. Try again in a moment.", code="job_stopping")
    kind = KINDS.get(job.kind)
    if kind is not None and not kind.keeps_input(job):
        return WrongState("The uploaded file is no longer kept. Upload it again.", code="input_gone")
    return None


def _require_visible(by: User, job: Job) -> None:
    if not jobs_visible_to(by).filter(pk=job.pk).exists():
        raise NotFound("There is no such job, or it is not yours to see.")


def resend_silent_jobs(*, limit: int = 500) -> int:
    """Send jobs again that no worker took or whose worker is silent; return how many."""
    due = Job.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING), lease_until__lt=timezone.now())
    return sum(_resend_job(job) for job in due.order_by("lease_until")[:limit])


def _resend_job(job: Job) -> bool:
    silent = job.state == Job.State.RUNNING
    seen = Job.objects.filter(pk=job.pk, state=job.state, lease_token=job.lease_token, lease_until=job.lease_until)
    now = timezone.now()
    if job.cancel_requested:
        _end_job(job, Job.State.CANCELLED)
    elif silent and job.attempts >= MAX_ATTEMPTS and job.checkpoint.get("done", 0) <= job.done_before:
        # An attempt that got further counts for nothing: a machine that is restarted often still ends its long work.
        _end_job(job, Job.State.FAILED)
        job.error = (
            f"The worker was lost {job.attempts} times while it did this, the last time without getting any further, "
            "so it is not tried again by itself. It may have run out of memory: look at the worker's log, give it more "
            "or split the file, then try again."
        )
    else:
        if silent:
            job.state, job.lease_token, job.queued_at = Job.State.QUEUED, "", now
        # Reminders grow rarer, or a long queue would fill the broker with them.
        waited = (now - job.queued_at).total_seconds()
        pause = min(max(waited, settings.JOB_LEASE_SECONDS), LONGEST_WAIT_FOR_A_REMINDER)
        job.lease_until = now + timedelta(seconds=pause)
    changed = ("state", "lease_token", "lease_until", "queued_at", "finished_at", "error")
    with transaction.atomic():
        if not seen.update(**{name: getattr(job, name) for name in changed}):
            return False
        if silent:
            line = f"The worker of attempt {job.attempts} fell silent after {job.done} of {job.total or 'unknown'}."
            JobLogLine.objects.create(job=job, line=line)
    if job.state == Job.State.QUEUED:
        send_job(job.pk, job.kind)
    return True


def _end_job(job: Job, state: Job.State) -> None:
    job.state, job.finished_at = state, timezone.now()
    job.lease_token, job.lease_until = "", None
