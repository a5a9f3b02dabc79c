"""Sends job numbers to the workers' message queues."""

import logging
from enum import StrEnum

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


class BrokerQueue(StrEnum):
    """The queues of the broker, by their names there. A worker takes one of them or both."""

    WORK = "celery"
    JUDGE = "judge"


def queue_of(kind: str) -> BrokerQueue:
    """Return the queue of a job kind; judges' jobs have one of their own."""
    return BrokerQueue.JUDGE if kind.startswith("judge_") else BrokerQueue.WORK


def send_job(job_id: int, kind: str) -> bool:
    """Send a job's number to the broker; after a failure `resend_silent_jobs` sends it again."""
    try:
        current_app.send_task("annotation.tasks.run_job", [job_id], queue=queue_of(kind), retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The broker took no message for job %s; the sweep sends it again: %s", job_id, error)
        return False
    return True
