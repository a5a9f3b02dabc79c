"""Pauses long jobs while other processes wait for the processors.

A low priority alone is not enough: whoever scores shares caches, memory and database with the work all the same.
"""

import math
import time
from pathlib import Path

# What the kernel says of this thread: nanoseconds that it ran, nanoseconds that it was ready and had to wait, turns.
SCHEDULING = Path("/proc/thread-self/schedstat")
# Who waits for more than this share of the time is not alone on the machine.
CROWDED = 0.05
# The share is that of the last moments: this much running counts for most of it.
MEMORY_SECONDS = 0.2
# As many times what it ran. A step may be long; nobody is helped by a rest of minutes after it.
RESTS_PER_RUN = 2.0
LONGEST_REST = 0.5
# Not worth looking at.
SHORTEST_RUN = 0.004


class CpuThrottle:
    """Pauses of the calling thread; none where the kernel reports no waiting times."""

    def __init__(self) -> None:
        self._ran, self._waited = time.thread_time(), waiting_seconds()
        self._recent_ran = self._recent_waited = 0.0

    def rest(self) -> float:
        """Pause if others wait for the processors; return the seconds paused."""
        ran = time.thread_time()
        running = ran - self._ran
        if running < SHORTEST_RUN:
            return 0.0
        now = waiting_seconds()
        kept = math.exp(-running / MEMORY_SECONDS)
        self._recent_ran = self._recent_ran * kept + running
        self._recent_waited = self._recent_waited * kept + now - self._waited
        self._ran, self._waited = ran, now
        if self._recent_waited < CROWDED * (self._recent_ran + self._recent_waited):
            return 0.0
        resting = min(LONGEST_REST, RESTS_PER_RUN * running)
        time.sleep(resting)
        return resting


def waiting_seconds() -> float:
    """Return the seconds this thread waited for a processor; 0 where that is unknown."""
    try:
        return int(SCHEDULING.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
