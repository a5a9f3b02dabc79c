"""How work reports its progress."""

from typing import Protocol


class ProgressCallback(Protocol):
    """A function that is called now and then with how far the work is; it may raise to stop the work."""

    def __call__(self, done: int, total: int | None, activity: str) -> None: ...
