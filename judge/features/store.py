"""Stores vectors by content in a SQLite file that several processes share."""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from judge.metrics.gaps import Floats

# SQLite takes no more parameters in one statement.
_KEYS_PER_QUERY = 500
# So long somebody else may be writing.
_SECONDS_TO_WAIT = 60.0
# Beside the file; one of them without the others would be taken for a part of the next file of that name.
_SIDECARS = ("-wal", "-shm", "-journal")


class VectorStore:
    """A store of vectors by key.

    A key holds the checksum of the content and the version of the extraction.

    What is kept can be made again, so that nothing is lost with the file, and a damaged one is begun anew. A file that
    is locked, or that the system does not let be read or written, is not damaged: that is for the caller to hear of.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            sqlite3.OperationalError: it is locked for too long, or the system refuses it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with self._locked():
            try:
                self._open()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._remove_files()
                self._open()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Floats]:
        """Return the vectors of those keys that are stored.

        What damage hides counts as not stored.
        """
        vectors: dict[bytes, Floats] = {}
        wanted = list(dict.fromkeys(keys))
        with self._recreating_if_damaged():
            for start in range(0, len(wanted), _KEYS_PER_QUERY):
                chunk = wanted[start : start + _KEYS_PER_QUERY]
                marks = ",".join("?" * len(chunk))
                rows = self._connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", chunk)  # noqa: S608
                for key, vector in rows:
                    vectors[key] = np.frombuffer(vector, dtype=np.float32).astype(np.float64)
        return vectors

    def save(self, vectors: Mapping[bytes, Floats] | Iterable[tuple[bytes, Floats]]) -> None:
        """Store vectors, all or none; none where the file is damaged."""
        rows = vectors.items() if isinstance(vectors, Mapping) else vectors
        written = [(key, np.asarray(vector, dtype=np.float32).tobytes()) for key, vector in rows]
        with self._recreating_if_damaged(), self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", written)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _recreating_if_damaged(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._recreate()

    def _recreate(self) -> None:
        with self._locked():
            # Asked before it is closed, as a new file may be given the number of one that nobody has open.
            ours = self._inode_number() == self._opened_inode
            self._connection.close()
            # Unless another process that had the same file open has done so already.
            if ours:
                self._remove_files()
            self._open()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock for opening and removing the file.

        Processes that have it open go on.

        SQLite itself does not wait where several processes make one file at once.
        """
        with self.path.with_name(f".{self.path.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _open(self) -> None:
        self._connection = sqlite3.connect(self.path, timeout=_SECONDS_TO_WAIT)
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            with closing(self._connection.cursor()) as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        except sqlite3.DatabaseError:
            self._connection.close()
            raise
        self._opened_inode = self._inode_number()

    def _inode_number(self) -> int | None:
        return self.path.stat().st_ino if self.path.exists() else None

    def _remove_files(self) -> None:
        for end in ("", *_SIDECARS):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    # The lowest byte of a code says what kind of failure it is.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
