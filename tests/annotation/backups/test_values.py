"""Values come back from a backup exactly as they were, however odd."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.backups.columns import BackupTable
from annotation.backups.inserting import insert_rows
from annotation.backups.restoring import _rows
from annotation.backups.tables import known_migrations, tables_at
from annotation.backups.values import format_rows, select_columns
from annotation.models import Job, Protocol, Study, StudyFigures
from tests.factories import make_study

pytestmark = pytest.mark.django_db

# What PostgreSQL takes: no NUL and no half of a pair.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SMALL = FLOATS.filter(lambda value: value == 0 or 1e-300 < abs(value) < 1e300)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | SMALL | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


class Whole:
    """A table's file as the archive gives it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def chunks(self) -> Iterator[bytes]:
        data = self.text.encode()
        # In pieces that end in the middle of a line.
        for start in range(0, len(data), 37):
            yield data[start : start + 37]


def table_of(model: Any) -> BackupTable:
    return next(table for table in tables_at(known_migrations()) if table.name == model._meta.db_table)


def read(table: BackupTable) -> str:
    with connection.chunked_cursor() as cursor:
        cursor.execute(select_columns(table, connection.vendor))
        return format_rows(table.columns, cursor.fetchall())


def there_and_back(model: Any) -> tuple[str, str]:
    """Read a table, empty it, fill it with what was read, and read it again."""
    table = table_of(model)
    first = read(table)
    model.objects.all().delete()
    for _ in insert_rows(table, _rows(Whole(first))):  # type: ignore[arg-type]
        pass
    return first, read(table)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    arguments=st.dictionaries(TEXTS, DATA, max_size=4),
    result=DATA,
    done=st.integers(-(2**63), 2**63 - 1),
    times=st.lists(TIMES | st.none(), min_size=2, max_size=2),
    text=TEXTS,
    key=st.uuids() | st.none(),
    flag=st.booleans(),
)
def test_a_row_of_odd_values_comes_back(
    arguments: Any, result: Any, done: int, times: Any, text: str, key: Any, flag: bool
) -> None:
    Job.objects.all().delete()
    job = Job.objects.create(
        kind="statistics",
        arguments=arguments,
        result=result,
        done=done,
        started_at=times[0],
        finished_at=times[1],
        error=text,
        client_key=key,
        cancel_requested=flag,
    )
    job.refresh_from_db()
    first, second = there_and_back(Job)
    assert first == second
    again = Job.objects.get()
    for field in Job._meta.concrete_fields:
        assert getattr(again, field.attname) == getattr(job, field.attname), field.attname


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(value=FLOATS.map(abs))
def test_a_number_is_exact(value: float) -> None:
    Study.objects.all().delete()
    make_study(tolerance=value)
    first, second = there_and_back(Protocol)
    assert first == second
    assert Protocol.objects.get().tolerance == value


def test_nothing_and_the_nothing_of_json_are_told_apart_where_a_value_must_be() -> None:
    study = make_study()
    now = datetime(2026, 1, 5, 9, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO annotation_studyfigures (study_id, kind, made_at, last_history, data) "
            "VALUES (%s, 'progress', %s, 0, 'null')",
            [study.pk, connection.ops.adapt_datetimefield_value(now)],
        )
    first, second = there_and_back(StudyFigures)
    assert first == second
    assert StudyFigures.objects.get().data is None


@pytest.mark.sqlite
def test_times_are_stored_as_django_stores_them_which_orders_them() -> None:
    make_study()
    whole, part = (datetime(2026, 1, 5, 9, 0, 0, micro, tzinfo=UTC) for micro in (0, 120_000))
    Job.objects.create(kind="statistics", started_at=whole, finished_at=part)
    there_and_back(Job)
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(started_at AS text), CAST(finished_at AS text) FROM annotation_job")
        assert cursor.fetchone() == ("2026-01-05 09:00:00", "2026-01-05 09:00:00.120000")
    assert Job.objects.filter(started_at=whole, finished_at__gt=whole).exists()
