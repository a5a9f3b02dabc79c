"""A job that a command carries out itself, or follows where a worker was faster."""

import signal
import time
from collections.abc import Callable
from types import FrameType

from django.core.management import CommandError

from annotation.jobs import running
from annotation.jobs.context import CancelRequested
from annotation.models import Job
from annotation.models.jobs import UNFINISHED

from .progress import ProgressLine, ProgressStream

SECONDS_BETWEEN_LOOKS = 0.5


def carry_out(job: Job, stderr: ProgressStream, *, resumed_by: str = "") -> Job:
    """Work a job off and return it done, telling how far it is; Ctrl-C cancels it, and what it did is kept.

    ``resumed_by`` is the option by which the command goes on with a cancelled job, where it has one.

    Raises:
        CommandError: it failed, or was cancelled.
    """
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with ProgressLine(stderr) as progress:

            def listen(done: int, total: int | None, activity: str) -> None:
                if interrupted:
                    raise CancelRequested
                progress(done, total or None, activity)

            running.run_job(job.pk, listen=listen)
            _follow(job, progress, lambda: interrupted)
    finally:
        signal.signal(signal.SIGINT, before)
    if job.state == Job.State.CANCELLED:
        option = f", or {resumed_by}," if resumed_by else ""
        raise CommandError(f"Cancelled. What was done is kept; “Try again” on the job's page{option} goes on.")
    if job.state == Job.State.FAILED:
        raise CommandError(job.error)
    return job


def _follow(job: Job, progress: ProgressLine, interrupted: Callable[[], bool]) -> None:
    """Wait for the end of a job that somebody else may be at."""
    job.refresh_from_db()
    while job.state in UNFINISHED and not interrupted():
        progress(job.done, job.total or None, job.activity or "Waiting for a worker")
        time.sleep(SECONDS_BETWEEN_LOOKS)
        job.refresh_from_db()
