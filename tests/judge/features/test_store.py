"""The store of vectors: what is damaged is begun anew, what is in use by somebody else is left as it is."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from judge.features import store as module
from judge.features.store import VectorStore

WIDTH = 64
KNOWN = {f"key {number}".encode(): np.full(WIDTH, number, dtype=np.float64) for number in range(400)}
PAGE = 4_096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with vectors that fill some dozens of pages."""
    path = tmp_path / "v.sqlite"
    with closing(VectorStore(path)) as store:
        store.save(KNOWN)
    return path


def damage(path: Path) -> None:
    """Overwrite all but the page of the schema."""
    content = path.read_bytes()
    assert len(content) > 10 * PAGE
    path.write_bytes(content[:PAGE] + b"\xa5" * (len(content) - PAGE))


def known_in(path: Path) -> int:
    with closing(VectorStore(path)) as store:
        return len(store.find(list(KNOWN)))


def test_what_is_kept_is_found_as_it_was(path: Path) -> None:
    with closing(VectorStore(path)) as store:
        found = store.find([*KNOWN, b"unknown"])
    assert set(found) == set(KNOWN)
    assert all((found[key] == vector).all() for key, vector in KNOWN.items())


def test_a_file_that_somebody_has_locked_is_waited_for_and_never_removed(path: Path, monkeypatch) -> None:
    before = path.stat().st_ino
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO vectors VALUES (x'00', x'00000000')")
        monkeypatch.setattr(module, "_SECONDS_TO_WAIT", 0.2)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            VectorStore(path)
        assert path.stat().st_ino == before
        other.execute("COMMIT")
    assert known_in(path) == len(KNOWN)


def test_a_file_that_the_system_does_not_give_is_never_removed(path: Path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", fail)
        with pytest.raises(sqlite3.OperationalError, match="I/O"):
            VectorStore(path)
    assert known_in(path) == len(KNOWN)


def test_a_file_that_is_none_goes_with_what_lies_beside_it(path: Path) -> None:
    with closing(VectorStore(path)) as store:
        store.save({b"in the log": np.ones(WIDTH)})
        beside = path.with_name(path.name + "-wal")
        log = beside.read_bytes()
    assert len(log) > PAGE
    path.write_bytes(b"this is no database, however long it may be" * 100)
    beside.write_bytes(log)
    with closing(VectorStore(path)) as store:
        assert store.find([*KNOWN, b"in the log"]) == {}
        assert not beside.exists() or beside.read_bytes() != log
        store.save(KNOWN)
    assert known_in(path) == len(KNOWN)


def test_vectors_that_damage_hides_are_unknown_and_can_be_kept_again(path: Path) -> None:
    damage(path)
    with closing(VectorStore(path)) as store:
        assert store.find(list(KNOWN)) == {}
        store.save(KNOWN)
        assert len(store.find(list(KNOWN))) == len(KNOWN)
    assert known_in(path) == len(KNOWN)


def test_keeping_in_a_damaged_file_keeps_nothing_and_the_next_is_kept(path: Path) -> None:
    damage(path)
    with closing(VectorStore(path)) as store:
        store.save((key, vector) for key, vector in KNOWN.items())
        assert store.find(list(KNOWN)) == {}
        store.save(KNOWN)
    assert known_in(path) == len(KNOWN)


def test_of_two_who_find_the_damage_the_second_goes_on_with_the_file_of_the_first(path: Path) -> None:
    damage(path)
    with closing(VectorStore(path)) as first, closing(VectorStore(path)) as second:
        assert first.find(list(KNOWN)) == {}
        first.save(KNOWN)
        made = path.stat().st_ino
        assert second.find(list(KNOWN)) == {}
        assert path.stat().st_ino == made
        assert len(second.find(list(KNOWN))) == len(KNOWN)
    assert known_in(path) == len(KNOWN)


def test_a_table_of_something_else_is_said_and_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE vectors (name TEXT)")
    with closing(VectorStore(path)) as store, pytest.raises(sqlite3.OperationalError, match="no such column"):
        store.find([b"key"])
    assert path.exists()


def test_several_can_make_one_file_at_once(tmp_path: Path) -> None:
    together = 6

    def begin(path: Path, barrier: threading.Barrier) -> int:
        barrier.wait()
        with closing(VectorStore(path)) as store:
            store.save(KNOWN)
            return len(store.find(list(KNOWN)))

    with ThreadPoolExecutor(together) as pool:
        for number in range(20):
            barrier = threading.Barrier(together)
            path = tmp_path / f"{number}.sqlite"
            assert list(pool.map(lambda _, at=path, wait=barrier: begin(at, wait), range(together))) == (
                [len(KNOWN)] * together
            )
