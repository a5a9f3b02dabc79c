"""PostgreSQL finds a row that is named by its key through that key, however empty a queue's index seems to it."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotation.core import sql as run
from annotation.models import Study
from annotation.scoring import claiming_sql, scores_sql
from tests.factories import make_sample

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def plans(study: Study, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each write would be carried out, where nothing is begun or leased when statistics are taken."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads no statistics of partial indexes")
    with connection.cursor() as cursor:
        # Rows that earlier tests took back are still in the indexes, and make every way look longer than it is.
        cursor.execute("REINDEX TABLE annotation_sample")
        cursor.execute("REINDEX TABLE annotation_assignment")
    for _ in range(20):
        make_sample(study)
    found: list[str] = []

    def explained(sql: str, parameters: Sequence[Any]) -> int:
        found.append("\n".join(line for (line,) in run.fetch_rows(f"EXPLAIN {sql}", parameters)))
        return 0

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotation_sample, annotation_assignment")
        # What a table of thousands of rows does by itself.
        cursor.execute("SET LOCAL enable_seqscan = off")
    monkeypatch.setattr(claiming_sql, "execute_write", explained)
    monkeypatch.setattr(scores_sql, "execute_write", explained)
    return found


def indexes_of(plan: str) -> set[str]:
    """The indexes that a plan reads, as they are or by way of a bitmap."""
    return set(re.findall(r"(?:using|Bitmap Index Scan on) (\w+)", plan))


def test_a_slot_is_claimed_by_the_key_of_its_sample(plans: list[str]) -> None:
    claiming_sql.claim_begun(1, expected=2, free_slots=1)
    assert indexes_of(plans[0]) == {"annotation_sample_pkey"}, plans[0]


def test_a_lease_is_finished_by_its_key(plans: list[str]) -> None:
    scores_sql.finish_assignment(1, at=timezone.now())
    assert indexes_of(plans[0]) == {"annotation_assignment_pkey"}, plans[0]
