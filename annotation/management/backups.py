"""How the refusals of the commands that write and restore a backup are told."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError

from annotation.core.errors import WorkflowError


@contextmanager
def print_faults() -> Iterator[None]:
    """Turn a refusal, or a file that cannot be read or written, into a message without a trace."""
    try:
        yield
    except WorkflowError as refusal:
        raise CommandError(refusal.message) from refusal
    except OSError as error:
        raise CommandError(f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.") from error
