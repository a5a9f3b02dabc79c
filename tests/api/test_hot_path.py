"""The busiest addresses: how many statements each takes, whatever the study holds.

The figures are pinned so that one more is a decision.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.core.rubric_cache import forget_definitions
from annotation.models import Rubric, Sample, Study
from tests.factories import make_sample

from .caller import GOOD, Caller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen_rubric(study: Study, ann: Caller) -> None:
    """A rubric in use is read once per process."""
    make_sample(study, pictures=["red"])
    ann.score(ann.lease(), GOOD)
    assert Rubric.objects.get().frozen_at
    forget_definitions()
    ann.get("studies/birds/")


def statements(context: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in context if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]


@pytest.mark.parametrize("size", [1, 40])
def test_leasing_one_sample(study: Study, ann: Caller, size: int) -> None:
    for _ in range(size):
        make_sample(study)
    with CaptureQueriesContext(connection) as context:
        assert len(ann.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]) == 1
    assert len(statements(context)) <= 12


@pytest.mark.parametrize("size", [1, 40])
def test_submitting_a_score(study: Study, ann: Caller, size: int) -> None:
    for _ in range(size):
        make_sample(study, pictures=["red"])
    assignment = ann.lease()
    with CaptureQueriesContext(connection) as context:
        assert ann.score(assignment, GOOD).status_code == 200
    assert len(statements(context)) <= 7


@pytest.mark.parametrize(
    ("bens", "most", "state"),
    [(GOOD, 10, "agreed"), ({**GOOD, "ITS": 2}, 14, "in_discussion"), (dict.fromkeys(GOOD, 0), 13, "in_discussion")],
    ids=["all agree", "one dimension differs", "all differ"],
)
def test_submitting_the_score_that_decides(
    study: Study, ann: Caller, ben: Caller, bens: dict[str, int], most: int, state: str
) -> None:
    sample = Sample.objects.get()
    assignment = ben.lease()
    with CaptureQueriesContext(connection) as context:
        assert ben.score(assignment, bens).status_code == 200
    assert len(statements(context)) <= most
    sample.refresh_from_db()
    assert sample.state == state


@pytest.mark.parametrize("held", [1, 5])
def test_showing_what_is_held(study: Study, ann: Caller, held: int) -> None:
    for _ in range(held):
        make_sample(study, pictures=["red"])
    ann.post("studies/birds/assignments/", {"count": held})
    with CaptureQueriesContext(connection) as context:
        assert len(ann.get("studies/birds/assignments/").json()["assignments"]) == held
    assert len(statements(context)) <= 5


@pytest.mark.parametrize("past", [1, 5])
def test_showing_my_past(study: Study, ann: Caller, past: int) -> None:
    for _ in range(past):
        make_sample(study, pictures=["red"])
        ann.score(ann.lease(), GOOD)
    with CaptureQueriesContext(connection) as context:
        assert len(ann.get("studies/birds/assignments/?state=scored").json()["results"]) == past + 1
    assert len(statements(context)) <= 8
