"""What Celery may ask for: each task takes an id or nothing, and calls one service."""

from celery import shared_task
from django.core.management import call_command

from annotation.services import (
    deciding,
    digests,
    discussion_admin,
    job_inputs,
    job_runner,
    jobs,
    leases,
    reviewing,
    statistics,
)


@shared_task
def run_job(job_id: int) -> None:
    """Run a job."""
    job_runner.work_off(job_id)


@shared_task
def sweep_jobs() -> None:
    """Send again the jobs that nobody runs."""
    jobs.sweep()


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
    reviewing.block_unassignable()


@shared_task
def hand_over_overdue() -> None:
    """Let the admins decide discussions whose deadline has passed."""
    discussion_admin.hand_over_overdue()


@shared_task
def send_digests() -> None:
    """Mail those who want it about discussions that wait."""
    digests.send_digests()


@shared_task
def refresh_statistics() -> None:
    """Queue the calculation of figures that are old and stale."""
    statistics.refresh_due()


@shared_task
def follow_queues() -> None:
    """Let review queues follow what has happened."""
    # Imported here: it loads what a web process does without.
    from annotation.services.queueing.catching_up import catch_up

    catch_up()


@shared_task
def forget_job_inputs() -> None:
    """Delete uploads and working places that no job needs any more."""
    job_inputs.forget_inputs()
    # Imported here: it loads what a web process does without.
    from annotation.services.judging.workplace import forget_places

    forget_places()


@shared_task
def clear_sessions() -> None:
    """Delete sessions that have ended."""
    call_command("clearsessions")
