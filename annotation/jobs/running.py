"""Runs jobs in a worker: claims one, keeps its lease, stores how it ended."""

import logging
import secrets
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from annotation.core.errors import WorkflowError
from annotation.core.transactions import write_transaction
from annotation.models import Job

from .broker import BrokerQueue, queue_of, send_job
from .context import CancelRequested, JobContext, LeaseLost, Listener, WorkerStopping, lease_end, stopping
from .registry import KINDS

logger = logging.getLogger(__name__)

# The worker has one thread more than these, so that long jobs never hold up the sweep and the expiry of leases, and a
# judge that learns for hours holds up no import.
_places = {
    BrokerQueue.WORK: threading.BoundedSemaphore(settings.JOB_WORKERS),
    BrokerQueue.JUDGE: threading.BoundedSemaphore(settings.JUDGE_WORKERS),
}


def run_waiting_jobs(job_id: int) -> None:
    """Run a job, then the others in its queue; return at once if enough threads do."""
    queue = queue_of(Job.objects.filter(pk=job_id).values_list("kind", flat=True).first() or "")
    places = _places[queue]
    wanted: int | None = job_id
    while wanted is not None and places.acquire(blocking=False):
        try:
            run_job(wanted)
        finally:
            places.release()
        # Looked up after the place is free: a message that found none has left its job for this look.
        wanted = None if stopping.is_set() else _find_longest_waiting(queue)


def run_job(job_id: int, *, listen: Listener | None = None) -> None:
    """Run one job if it is still queued."""
    job = claim_job(job_id)
    if job is None:
        return
    context = JobContext(job, listen)
    try:
        with _prolong_lease(context):
            _attempt_job(context)
    except LeaseLost:
        logger.warning("Job %s: the lease of attempt %s was lost; nothing more is written.", job.pk, job.attempts)


def claim_job(job_id: int) -> Job | None:
    """Claim a queued job; of several callers only one gets it."""
    waiting = Job.objects.filter(pk=job_id, state=Job.State.QUEUED, cancel_requested=False)
    job = waiting.select_related("study", "created_by").first()
    if job is None:
        return None
    # What was done past the checkpoint is done again.
    resumed_at = int(job.checkpoint.get("done", 0))
    now = timezone.now()
    taken = {
        "state": Job.State.RUNNING,
        "lease_token": secrets.token_hex(6),
        "lease_until": lease_end(),
        "heartbeat_at": now,
        "started_at": now,
        "done": resumed_at,
        "done_before": resumed_at,
        "step_at": None,
        "attempts": job.attempts + 1,
    }
    with write_transaction():
        if not waiting.filter(attempts=job.attempts).update(**taken):
            return None
    for name, value in taken.items():
        setattr(job, name, value)
    return job


def _find_longest_waiting(queue: BrokerQueue) -> int | None:
    waiting = Job.objects.filter(state=Job.State.QUEUED, cancel_requested=False)
    of_judges = [name for name in KINDS if queue_of(name) is BrokerQueue.JUDGE]
    waiting = waiting.filter(kind__in=of_judges) if queue is BrokerQueue.JUDGE else waiting.exclude(kind__in=of_judges)
    return waiting.order_by("queued_at", "pk").values_list("pk", flat=True).first()


def _attempt_job(context: JobContext) -> None:
    job = context.job
    try:
        kind = KINDS.get(job.kind)
        if kind is None:
            raise WorkflowError(f"This worker does not know work of the kind {job.kind!r}. Update it, then try again.")
        result = kind.run(context)
    except CancelRequested:
        context.finish(Job.State.CANCELLED)
    except WorkerStopping:
        context.hand_back()
        send_job(job.pk, job.kind)
    except WorkflowError as refusal:
        context.finish(Job.State.FAILED, error=_explain_refusal(refusal))
    except (OperationalError, InterfaceError):
        # The database was away. Left running, the job is sent again when its lease ends, at most MAX_ATTEMPTS times.
        logger.exception("Job %s: the database failed; the sweep sends the job again.", job.pk)
    except Exception as fault:
        logger.exception("Job %s failed.", job.pk)
        context.log_trace(traceback.format_exc())
        context.finish(Job.State.FAILED, error=_describe_fault(fault))
    else:
        context.finish(Job.State.DONE, result=result)


def _explain_refusal(refusal: WorkflowError) -> str:
    details = [f"{field}: {what}" for field, what in refusal.fields.items()]
    return "\n".join([refusal.message, *details])


def _describe_fault(fault: Exception) -> str:
    return (
        f"An unexpected fault stopped the work ({type(fault).__name__}: {str(fault)[:300]}). Its trace is in the log. "
        "Try again; if it stays, show the log to whoever runs this server."
    )


@contextmanager
def _prolong_lease(context: JobContext) -> Iterator[None]:
    """Prolong the lease from a thread, as a single step of a job may outlast it."""
    ended = threading.Event()

    def beat() -> None:
        try:
            while not ended.wait(settings.JOB_LEASE_SECONDS / 3) and not context.lost.is_set():
                try:
                    context.prolong_lease()
                except DatabaseError:
                    logger.warning("Job %s: a heartbeat failed.", context.job.pk, exc_info=True)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat of job {context.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
