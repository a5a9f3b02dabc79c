"""The broker in the file system: messages as files in a folder, for an installation of one machine."""

import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Kombu's, but a message appears under its name only when it is complete.

    Kombu writes in place: a worker that looks at that moment reads half a message, which ends the worker.
    """

    def _put(self, queue: str, message: Any, **_: Any) -> None:
        # By the clock, so that the order outlives a restart of the machine.
        target = Path(self.data_folder_out) / f"{time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.draft")
        draft.write_bytes(str_to_bytes(dumps(message)))
        draft.replace(target)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            # Half a message, left by a power cut; it is out of the folder, and the sweep sends its job again.
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel
