"""A gunicorn worker that balances connections among processes."""

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

STEP_SECONDS, LONGEST_SECONDS = 0.0005, 0.004


class BalancedWorker(ThreadWorker):
    """Waits before accepting, longer the more connections it has.

    All workers are woken for a new connection and the fastest takes it, which on an idle machine is the same one every
    time. As browsers keep their connections, seven of eight people then share one process, and so one processor.
    """

    def accept(self, listener: Any) -> None:
        if self.nr_conns:
            time.sleep(min(STEP_SECONDS * self.nr_conns, LONGEST_SECONDS))
        super().accept(listener)
