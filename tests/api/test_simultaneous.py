"""Eight people at one slot at the same moment, through the real server, on a file of SQLite and on PostgreSQL."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.databases import BOTH

from .served import Answer, Server, served

pytestmark = pytest.mark.slow
PEOPLE = 8

POPULATE = f"""
from tests.factories import *
study = make_study("pair", k=1)
result = [make_token(make_member(study, f"annotator-{{n}}").user) for n in range({PEOPLE})]
"""
SAMPLES = """
from annotation.models import *
from tests.factories import make_sample
Sample.objects.all().delete()
result = [make_sample(Study.objects.get()).pk for _ in range({})]
"""
ONE_SAMPLE = SAMPLES.format(1)
# Each in turn held the sample and let the lease run out: eight people have it open, and one slot is free.
EVERYBODY_WAS_LATE = """
from datetime import timedelta
from django.utils import timezone
from annotation.models import *
from annotation.services import assigning, leases
from tests.factories import make_sample
Sample.objects.all().delete()
make_sample(Study.objects.get())
result = []
for user in User.objects.order_by("pk"):
    lease = assigning.lease(by=user, slug="pair")
    result.append(lease.assignments[0].public_id)
    Assignment.objects.filter(state=1).update(expires_at=timezone.now() - timedelta(seconds=1))
    leases.expire_leases()
"""
STORED = """
from annotation.models import *
result = {
    "scores": Score.objects.filter(voided_at=None).count(),
    "ratings": Rating.objects.count(),
    "scored": Assignment.objects.filter(state=2).count(),
    "live": Assignment.objects.filter(state__lte=2).count(),
    "counted": sum(Sample.objects.values_list("scores_in", flat=True)),
}
"""


@pytest.fixture(scope="module", params=BOTH)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Any]]:
    folder: Path = tmp_path_factory.mktemp("served")
    with served(request.param, folder) as running:
        yield running, running.run(POPULATE)


def score(server: Server, token: str, assignment: str, key: Any = None) -> Answer:
    body = {"client_key": str(key or uuid4()), "ratings": {"TCC": 4}, "notes": {}, "seconds": 2}
    return server.call(token, "PUT", f"assignments/{assignment}/score/", body)


def test_eight_people_submitting_for_one_open_slot_leave_one_score(server: tuple[Server, Any]) -> None:
    running, tokens = server
    assignments = running.run(EVERYBODY_WAS_LATE)
    assert len(set(assignments)) == PEOPLE
    answers = running.at_once(
        [partial(score, running, token, work) for token, work in zip(tokens, assignments, strict=True)]
    )
    assert Counter(answer.code for answer in answers) == {"ok": 1, "lease_lost": PEOPLE - 1}
    assert running.run(STORED) == {"scores": 1, "ratings": 1, "scored": 1, "live": 1, "counted": 1}


def test_eight_people_asking_for_one_sample_give_it_to_one(server: tuple[Server, Any]) -> None:
    running, tokens = server
    running.run(ONE_SAMPLE)
    answers = running.at_once(
        [partial(running.call, token, "POST", "studies/pair/assignments/", {"count": 2}) for token in tokens]
    )
    assert [answer.status for answer in answers] == [200] * PEOPLE
    assert Counter(len(answer.body["assignments"]) for answer in answers) == {1: 1, 0: PEOPLE - 1}
    assert {answer.body["reason"] for answer in answers} == {"nothing_left"}


def test_one_letter_delivered_eight_times_is_one_score_and_one_answer(server: tuple[Server, Any]) -> None:
    running, tokens = server
    running.run(ONE_SAMPLE)
    work = running.call(tokens[0], "POST", "studies/pair/assignments/").body["assignments"][0]["id"]
    key = uuid4()
    answers = running.at_once([partial(score, running, tokens[0], work, key)] * PEOPLE)
    assert [answer.status for answer in answers] == [200] * PEOPLE
    assert len({str(answer.body) for answer in answers}) == 1
    assert running.run(STORED)["scores"] == 1


def test_eight_letters_for_one_assignment_leave_the_first(server: tuple[Server, Any]) -> None:
    running, tokens = server
    running.run(ONE_SAMPLE)
    work = running.call(tokens[0], "POST", "studies/pair/assignments/").body["assignments"][0]["id"]
    answers = running.at_once([partial(score, running, tokens[0], work) for _ in range(PEOPLE)])
    assert Counter(answer.code for answer in answers) == {"ok": 1, "already_scored": PEOPLE - 1}
    assert running.run(STORED)["scores"] == 1


def test_one_person_asking_eight_times_at_once_holds_each_sample_once(server: tuple[Server, Any]) -> None:
    running, tokens = server
    running.run(SAMPLES.format(3))
    answers = running.at_once(
        [partial(running.call, tokens[0], "POST", "studies/pair/assignments/", {"count": 2})] * PEOPLE
    )
    assert [answer.status for answer in answers] == [200] * PEOPLE
    for answer in answers:
        samples = [work["sample"]["id"] for work in answer.body["assignments"]]
        assert len(samples) == len(set(samples))
    assert running.run(STORED)["live"] <= 3
