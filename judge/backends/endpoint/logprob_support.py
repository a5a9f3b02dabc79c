"""Remembers whether a server gives log-probabilities, for several threads."""

import threading

# So many samples that were answered without any, before one came with them: the server has none to give.
MISSES = 3


class LogprobSupport:
    """Whether one server gives log-probabilities.

    A single refusal or silence says nothing of the server: a prompt may be too long, or meet a filter.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present = False
        self._misses = 0

    def is_likely(self) -> bool:
        """Return whether to ask for them; always once some came."""
        with self._lock:
            return self._present or self._misses < MISSES

    def record_present(self) -> None:
        """Record a reply with log-probabilities."""
        with self._lock:
            self._present = True

    def record_missing(self) -> None:
        """Record a reply without log-probabilities.

        It came without them, or only once they were not asked for.
        """
        with self._lock:
            self._misses += 1
