"""A snapshot shows one moment of the database, and costs those who write nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from annotation.core.transactions import read_snapshot
from annotation.models import User
from tests.databases import BOTH, fresh_database
from tests.installation import Installation

LOOK = """
import time
from django.db import connection, transaction
from annotation.core.transactions import read_snapshot, write_transaction
from annotation.models import User
def names(database):
    with database.chunked_cursor() as cursor:
        cursor.execute("SELECT username FROM annotation_user ORDER BY username")
        return [row[0] for row in cursor.fetchall()]
"""


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    with fresh_database(request.param, tmp_path, migrated=True) as url:
        place = Installation(tmp_path / "data", {"DATABASE_URL": url})
        yield place
        place.close()


@pytest.mark.slow
def test_what_is_committed_after_the_snapshot_began_is_not_seen_and_did_not_wait(place: Installation) -> None:
    seen = place.python(
        LOOK
        + """
User.objects.create(username="ann")
with read_snapshot() as past:
    begun = time.monotonic()
    with write_transaction():
        User.objects.create(username="ben")
        User.objects.filter(username="ann").update(username="anne")
    took = time.monotonic() - begun
    answer = {"before": names(past), "now": names(connection), "took": took}
with read_snapshot() as later:
    answer["later"] = names(later)
"""
    )
    assert seen["before"] == ["ann"]
    assert seen["now"] == seen["later"] == ["anne", "ben"]
    # A waiting writer gives up after twenty seconds; one that nobody holds up needs milliseconds.
    assert seen["took"] < 15


@pytest.mark.slow
def test_a_snapshot_begins_while_somebody_writes_and_misses_what_is_not_committed(place: Installation) -> None:
    seen = place.python(
        LOOK
        + """
import threading
User.objects.create(username="ann")
written, looked = threading.Event(), threading.Event()
def write():
    with write_transaction():
        User.objects.create(username="ben")
        written.set()
        looked.wait(15)
    connection.close()
thread = threading.Thread(target=write)
thread.start()
written.wait(15)
begun = time.monotonic()
with read_snapshot() as past:
    during = names(past)
    took = time.monotonic() - begun
    looked.set()
    thread.join()
    answer = {"during": during, "after": names(past), "now": names(connection), "took": took}
"""
    )
    assert seen["during"] == seen["after"] == ["ann"]
    assert seen["now"] == ["ann", "ben"]
    assert seen["took"] < 15


@pytest.mark.slow
def test_a_snapshot_cannot_write_and_is_closed_whatever_happens_inside(place: Installation) -> None:
    seen = place.python(
        LOOK
        + """
from django.db import DatabaseError
answer = {"refused": False}
try:
    with read_snapshot() as past:
        kept = past
        answer["own"] = past.connection is not connection.connection
        past.cursor().execute("DROP TABLE annotation_joblogline")
except DatabaseError:
    answer["refused"] = True
answer["closed"] = kept.connection is None
User.objects.create(username="ann")
answer["names"] = names(connection)
"""
    )
    assert seen == {"own": True, "refused": True, "closed": True, "names": ["ann"]}


@pytest.mark.django_db
def test_inside_a_transaction_the_usual_connection_is_read_and_stays_open() -> None:
    User.objects.create(username="ann")
    with read_snapshot() as database, database.cursor() as cursor:
        cursor.execute("SELECT username FROM annotation_user")
        assert cursor.fetchall() == [("ann",)]
    assert connection.connection is not None
    assert User.objects.get().username == "ann"
