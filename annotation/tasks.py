"""What Celery may ask for: each task takes an id or nothing, and calls one service."""

from celery import shared_task
from django.core.management import call_command

from annotation.services import job_inputs, job_runner, jobs, leases


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
def forget_job_inputs() -> None:
    """Delete uploads that no job needs any more."""
    job_inputs.forget_inputs()


@shared_task
def clear_sessions() -> None:
    """Delete sessions that have ended."""
    call_command("clearsessions")
