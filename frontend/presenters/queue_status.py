"""The age of the review queue and the state of its refresh."""

from dataclasses import dataclass
from datetime import datetime

from annotation.models import Job, JudgeRun
from annotation.review_queue.list import QueueStatus


@dataclass(frozen=True, slots=True)
class QueueStatusLine:
    """What the line beside the queue's name says."""

    made_at: datetime | None
    """When it was made anew last; None where it never was."""
    run: JudgeRun | None
    """Whose predictions it rests on."""
    job: Job | None
    """The refresh that waits or runs."""
    failed: Job | None
    """The refresh that failed after it was made, where none is under way."""

    @property
    def running(self) -> bool:
        """Is it being made anew?"""
        return self.job is not None


def queue_status_line(status: QueueStatus) -> QueueStatusLine:
    """Return how old a study's queue is."""
    queue = status.queue
    return QueueStatusLine(
        made_at=queue.refreshed_at if queue is not None else None,
        run=queue.run if queue is not None else None,
        job=status.job,
        failed=status.failed,
    )
