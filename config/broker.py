"""A message broker that stores messages as files in a folder."""

import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

LONGEST_WAIT = 0.3


class Channel(filesystem.Channel):
    """Writes each message completely before it appears under its name.

    Kombu writes in place: a worker that looks at that moment reads half a message, which ends the worker.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for folder in (self.data_folder_in, self.data_folder_out, self.control_folder):
            Path(folder).mkdir(parents=True, exist_ok=True)

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # Kombu names it so
        # By the clock, so that the order outlives a restart of the machine.
        target = Path(self.data_folder_out) / f"{time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        draft = target.with_name(f"{target.name}.draft")
        draft.write_bytes(str_to_bytes(dumps(payload)))
        draft.replace(target)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            # Half a message, left by a power cut; it is out of the folder, and the sweep sends its job again.
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        # The worker looks up between two calls whether it was asked to stop.
        return super().drain_events(connection, timeout=LONGEST_WAIT if timeout is None else min(timeout, LONGEST_WAIT))
