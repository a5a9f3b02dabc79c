"""The age of the review queue and the state of its refresh."""

from dataclasses import dataclass
from datetime import datetime

from annotation.models import Job, JudgeRun
from annotation.review_queue.list import QueueStatus


@dataclass(frozen=True, slots=True)
class QueueStatusLine:
    """The status line of the queue."""

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
        """Tell whether a refresh waits or runs."""
        return self.job is not None


def queue_status_line(status: QueueStatus) -> QueueStatusLine:
    """Return the status line of a study's queue."""
    queue = status.queue
    return QueueStatusLine(
        made_at=queue.refreshed_at if queue is not None else None,
        run=queue.run if queue is not None else None,
        job=status.job,
        failed=status.failed,
    )
