"""What Celery may ask for: each task takes an id or nothing, and calls one service."""

from celery import shared_task
from django.core.management import call_command

from .discussions import email_digest, moderating
from .imports import uploads
from .jobs import queueing, running
from .reports import stored_reports
from .scoring import deciding, leases, unassignable


@shared_task
def run_job(job_id: int) -> None:
    """Run a job."""
    running.run_waiting_jobs(job_id)


@shared_task
def sweep_jobs() -> None:
    """Send again the jobs that nobody runs."""
    queueing.resend_silent_jobs()


@shared_task
def expire_leases() -> None:
    """Bring samples back into play whose annotator has gone."""
    leases.expire_leases()


@shared_task
def decide_undecided() -> None:
    """Decide samples that have their scores and were not decided with the last of them."""
    deciding.decide_undecided()


@shared_task
def block_unassignable() -> None:
    """Show the admins the samples that nobody is left to score."""
    unassignable.block_unassignable()


@shared_task
def hand_over_overdue() -> None:
    """Let the admins decide discussions whose deadline has passed."""
    moderating.hand_over_overdue()


@shared_task
def send_digests() -> None:
    """Mail those who want it about discussions that wait."""
    email_digest.send_digests()


@shared_task
def refresh_statistics() -> None:
    """Queue the calculation of figures that are old and stale."""
    stored_reports.request_due_reports()


@shared_task
def follow_queues() -> None:
    """Let review queues follow what has happened."""
    # Imported here: it loads what a web process does without.
    from .review_queue.incremental_update import catch_up

    catch_up()


@shared_task
def forget_job_inputs() -> None:
    """Delete uploads and working places that no job needs any more."""
    uploads.delete_old_uploads()
    # Imported here: it loads what a web process does without.
    from .judges.run_folders import remove_old_folders

    remove_old_folders()


@shared_task
def clear_sessions() -> None:
    """Delete sessions that have ended."""
    call_command("clearsessions")
