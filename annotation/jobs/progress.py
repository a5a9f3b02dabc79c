"""The interface of a progress callback."""

from typing import Protocol


class ProgressCallback(Protocol):
    """A function that is told progress now and then; it may raise to stop the job."""

    def __call__(self, done: int, total: int | None, activity: str) -> None: ...
