"""The database marker of a restore that was begun and not finished."""

from dataclasses import dataclass

from django.db import connection

MARK = "annotation_restore_under_way"


@dataclass(frozen=True, slots=True)
class UnfinishedRestore:
    """A restore that was begun and not finished. ``loaded``: all rows and files are in, migrating is what remains."""

    file: str
    digest: str
    loaded: bool
    begun_at: str

    @property
    def sentence(self) -> str:
        """Say what happened and what to do."""
        rest = "its data are in and remain to be migrated" if self.loaded else "the place is not usable as it is"
        return (
            f"Restoring {self.file}, begun at {self.begun_at}, was not finished: {rest}. "
            f"Run manage.py restore {self.file} again; it clears up by itself."
        )


def find_unfinished_restore() -> UnfinishedRestore | None:
    """Return the unfinished restore of this installation, if there is one."""
    with connection.cursor() as cursor:
        if MARK not in connection.introspection.table_names(cursor):
            return None
        cursor.execute(f"SELECT file, digest, loaded, begun_at FROM {MARK}")  # noqa: S608
        file, digest, loaded, begun_at = cursor.fetchone()
    return UnfinishedRestore(file, digest, bool(loaded), begun_at)
