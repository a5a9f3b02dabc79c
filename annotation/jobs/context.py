"""The context of a running job: arguments, progress, checkpoints, log and cancellation."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from annotation.core.transactions import write_transaction
from annotation.models import Job, JobLogLine, Study, User

from .cpu_throttle import CpuThrottle

SECONDS_BETWEEN_WRITES = 0.5
MAX_LOG_LINES = 1000
MAX_LINE_LENGTH = 2000
MAX_TRACE_LENGTH = 20_000

# Is told of every step as well, where the work is followed at a terminal.
Listener = Callable[[int, int | None, str], None]

# Set once, when this process is asked to stop; the work hands its job back at its next step.
stopping = threading.Event()


class JobStopped(BaseException):
    """The job must end now; a `BaseException`, so that handlers for bad lines let it through."""


class LeaseLost(JobStopped):
    """Another attempt owns the job, so this one must write nothing more."""


class CancelRequested(JobStopped):
    """Somebody cancelled the job."""


class WorkerStopping(JobStopped):
    """The worker shuts down; the job continues elsewhere from its checkpoint."""


def lease_end() -> Any:
    """Return the end of a job lease taken now."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


class JobContext:
    """One attempt at one job. Every write is guarded by the attempt's lease.

    The work calls `checkpoint` inside the transaction that writes what the checkpoint claims: then a lost lease
    takes both back, and a crash leaves neither or both. Its transactions must be far shorter than the lease.
    """

    def __init__(self, job: Job, listen: Listener | None = None) -> None:
        self.job = job
        self._listen = listen
        self.lost = threading.Event()
        self.cancelled = threading.Event()
        self._token = job.lease_token
        self._changes: dict[str, Any] = {}
        self._lines: list[str] = []
        self._log_room = MAX_LOG_LINES - JobLogLine.objects.filter(job_id=job.pk).count()
        self._next_write = 0.0
        self._done = 0
        self._courtesy = CpuThrottle()

    @property
    def by(self) -> User | None:
        """The user who queued the job; None for the command line."""
        return self.job.created_by

    @property
    def study(self) -> Study | None:
        return self.job.study

    @property
    def arguments(self) -> Mapping[str, Any]:
        return self.job.arguments

    @property
    def resumed_from(self) -> Mapping[str, Any]:
        """The checkpoint of an earlier attempt; empty for a fresh start."""
        return self.job.checkpoint

    def progress(self, done: int, total: int | None = None, activity: str | None = None) -> None:
        """Report progress; it is written at most twice a second, however often it is called.

        Rests here while others want the processors, so call it outside of transactions that write.

        Raises:
            JobStopped: the work must end now.
        """
        if done < self._done:
            # A further count: its rate is its own.
            self._changes["step_at"] = timezone.now()
        self._done = self._changes["done"] = done
        if total is not None:
            self._changes["total"] = total
        if activity is not None:
            self._changes["activity"] = activity[:200]
        if self._listen is not None:
            self._listen(done, total, activity or "")
        self.check_cancelled()
        self._courtesy.rest()

    def check_cancelled(self) -> None:
        """Raise `JobStopped` if the work must end now; cheap enough for every line of a file."""
        if self.lost.is_set():
            raise LeaseLost
        if self.cancelled.is_set():
            raise CancelRequested
        if stopping.is_set():
            raise WorkerStopping
        if time.monotonic() >= self._next_write:
            self._write()

    def checkpoint(self, values: Mapping[str, Any]) -> None:
        """Store a checkpoint at once; its key ``done`` is where progress resumes.

        Raises:
            JobStopped: the work must end now, and its open transaction must not be committed.
        """
        self._changes["checkpoint"] = dict(values)
        self._write()

    def keep_checkpoint(self, values: Mapping[str, Any]) -> None:
        """Store a checkpoint, even of a cancelled job.

        Raises:
            LeaseLost: the open transaction must not be committed.
        """
        self._changes["checkpoint"] = dict(values)
        self._write(even_if_cancelled=True)

    def check_lease(self) -> None:
        """Write progress at once, and raise `JobStopped` if this attempt no longer owns the job."""
        self._write()

    def keep_rejected_lines(self, name: str) -> None:
        """Note the file of rejected lines; it is stored with the next write."""
        self._changes["refusals"] = name

    def log(self, line: str) -> None:
        """Add a line to the job's log; after a thousand the rest is left out."""
        if self._log_room <= 0:
            return
        self._log_room -= 1
        self._lines.append(line[:MAX_LINE_LENGTH] if self._log_room else "… further lines are left out.")

    def log_trace(self, trace: str) -> None:
        """Add a traceback to the log, whatever the log's length."""
        self._lines.append(trace[-MAX_TRACE_LENGTH:])

    def prolong_lease(self) -> None:
        """Prolong the lease, and note whether the job must end."""
        held = self._held().update(heartbeat_at=timezone.now(), lease_until=lease_end())
        if not held:
            self._notice_why()

    def finish(
        self, state: Job.State, *, result: Mapping[str, Any] | None = None, error: str = "", activity: str = ""
    ) -> None:
        """End the job in ``state`` and release its lease."""
        ended = {"state": state, "result": result, "error": error, "activity": activity}
        self._changes |= ended | {"finished_at": timezone.now(), "lease_token": "", "lease_until": None}
        self._write(even_if_cancelled=True)

    def hand_back(self) -> None:
        """Put the job back into the queue, without counting this attempt."""
        now = timezone.now()
        self._changes |= {
            "state": Job.State.QUEUED,
            "lease_token": "",
            "lease_until": now,
            "queued_at": now,
            "attempts": max(0, self.job.attempts - 1),
        }
        self._write(even_if_cancelled=True)

    def _held(self) -> Any:
        return Job.objects.filter(
            pk=self.job.pk, state=Job.State.RUNNING, lease_token=self._token, cancel_requested=False
        )

    def _write(self, *, even_if_cancelled: bool = False) -> None:
        rows = self._held()
        if even_if_cancelled:
            rows = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, lease_token=self._token)
        with write_transaction():
            if not rows.update(**{"heartbeat_at": timezone.now(), "lease_until": lease_end(), **self._changes}):
                self._notice_why()
                raise CancelRequested if self.cancelled.is_set() else LeaseLost
            JobLogLine.objects.bulk_create(JobLogLine(job_id=self.job.pk, line=line) for line in self._lines)
        self._changes, self._lines = {}, []
        self._next_write = time.monotonic() + SECONDS_BETWEEN_WRITES

    def _notice_why(self) -> None:
        still_ours = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, lease_token=self._token).exists()
        (self.cancelled if still_ours else self.lost).set()
