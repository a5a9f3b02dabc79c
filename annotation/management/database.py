"""Commands that work on a new installation at once."""

from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection

from annotation.core.restore_marker import find_unfinished_restore


class DataCommand(BaseCommand):
    """A command that reads or writes the platform's tables; in an empty database it makes them first.

    Where a backup is half restored it refuses to.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        left = find_unfinished_restore()
        if left is not None:
            raise CommandError(left.sentence)
        if not connection.introspection.table_names():
            call_command("migrate", interactive=False, verbosity=0)
        return super().execute(*args, **options)
