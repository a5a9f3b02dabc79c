"""Vectors kept by what they were measured on, in one SQLite file that several processes may use at once."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from judge.metrics.gaps import Floats

# SQLite takes no more parameters in one statement.
_AT_ONCE = 500


class VectorStore:
    """Finds vectors by key; a key holds the checksum of the content and the version of the measuring.

    What is kept can be made again, so that nothing is lost with the file, and a damaged one is begun anew.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self._open()
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            self._open()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Floats]:
        """Return the vectors of those keys that are known."""
        found: dict[bytes, Floats] = {}
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)  # noqa: S608
            for key, vector in rows:
                found[key] = np.frombuffer(vector, dtype=np.float32).astype(np.float64)
        return found

    def keep(self, vectors: Mapping[bytes, Floats] | Iterable[tuple[bytes, Floats]]) -> None:
        """Keep vectors, all or none."""
        rows = vectors.items() if isinstance(vectors, Mapping) else vectors
        with self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                [(key, np.asarray(vector, dtype=np.float32).tobytes()) for key, vector in rows],
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self.path, timeout=30)
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            with closing(self._connection.cursor()) as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        except sqlite3.DatabaseError:
            self._connection.close()
            raise
