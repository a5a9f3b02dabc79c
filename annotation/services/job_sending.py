"""Tells a worker that a job waits."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send(job_id: int) -> bool:
    """Hand a job's number to the broker. A failure only delays the job: the sweep sends it again."""
    try:
        current_app.send_task("annotation.tasks.run_job", [job_id], retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The broker took no message for job %s; the sweep sends it again: %s", job_id, error)
        return False
    return True
