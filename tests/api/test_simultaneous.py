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
from annotation.scoring import leasing as assigning
from annotation.scoring import leases
from tests.factories import make_sample
Sample.objects.all().delete()
make_sample(Study.objects.get())
result = []
for user in User.objects.order_by("pk"):
    lease = assigning.lease_samples(by=user, slug="pair")
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
# One sample that the first annotator meets a judge on after locking their own values; the second's score stands.
TO_BE_REVISED = """
from uuid import uuid4
from annotation.models import *
from annotation.scoring import leasing as assigning
from annotation.scoring import submitting as scoring
from tests.suggestion_studies import drawn_sample, judge_saying
Sample.objects.all().delete()
JudgeRun.objects.all().delete()
Protocol.objects.update(annotators_per_sample=2, suggestions="delayed")
study = Study.objects.get()
ReservedPool.objects.get_or_create(study=study, share=0.25, calibration_share=0.05, seed=42, at="2026-01-01T00:00Z")
sample = drawn_sample(study, Arm.DELAYED, blind_slot=2, pictures=())
judge_saying(study, {sample: {"TCC": 5}})
first, second = User.objects.order_by("pk")[:2]
works = [assigning.lease_samples(by=user, slug="pair").assignments[0].public_id for user in (first, second)]
scoring.submit_score(by=second, assignment_id=works[1], client_key=uuid4(), ratings={"TCC": 5}, notes={}, seconds=2)
result = works[0]
"""
LOCK = """
from uuid import uuid4
from annotation.models import *
from annotation.scoring import submitting as scoring
user, mine = User.objects.order_by("pk")[0], Assignment.objects.get(state=1)
result = scoring.submit_score(
    by=user, assignment_id=mine.public_id, client_key=uuid4(), ratings={"TCC": 4}, notes={}, seconds=2).state
"""
OVERDUE = """
from django.utils import timezone
from annotation.models import *
result = Assignment.objects.filter(revise_until__isnull=False).update(revise_until=timezone.now())
"""
REVISED = """
from annotation.models import *
result = {
    "revisions": Revision.objects.count(),
    "pending": Assignment.objects.filter(revise_until__isnull=False).count(),
    "decided": HistoryEntry.objects.filter(event__in=("agreed", "disputed")).count(),
    "revised": HistoryEntry.objects.filter(event="revised").count(),
    "lapsed": HistoryEntry.objects.filter(event="revision_lapsed").count(),
    "state": Sample.objects.get().state,
    "final": list(Suggestion.objects.values_list("final__value", flat=True)),
    "scores": Score.objects.filter(voided_at=None, round=1).count(),
}
HistoryEntry.objects.all().delete()
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


def revise(server: Server, token: str, assignment: str, key: Any = None) -> Answer:
    body = {"client_key": str(key or uuid4()), "ratings": {"TCC": 5}, "seconds": 2}
    return server.call(token, "PUT", f"assignments/{assignment}/revision/", body)


class TestRevising:
    """Last in this file, as it changes the rules of the study."""

    def test_eight_letters_that_lock_own_values_lock_them_once(self, server: tuple[Server, Any]) -> None:
        running, tokens = server
        work = running.run(TO_BE_REVISED)
        answers = running.at_once([partial(score, running, tokens[0], work) for _ in range(PEOPLE)])
        assert Counter(answer.code for answer in answers) == {"ok": 1, "already_scored": PEOPLE - 1}
        found = running.run(REVISED)
        assert (found["state"], found["pending"], found["scores"], found["decided"]) == ("scoring", 1, 2, 0)

    def test_one_revision_delivered_eight_times_is_stored_once_and_answered_alike(
        self, server: tuple[Server, Any]
    ) -> None:
        running, tokens = server
        work = running.run(TO_BE_REVISED)
        assert running.run(LOCK) == "revising"
        key = uuid4()
        answers = running.at_once([partial(revise, running, tokens[0], work, key)] * PEOPLE)
        assert [answer.status for answer in answers] == [200] * PEOPLE
        assert len({str(answer.body) for answer in answers}) == 1
        found = running.run(REVISED)
        assert (found["revisions"], found["revised"], found["decided"]) == (1, 1, 1)
        assert (found["state"], found["pending"], found["final"]) == ("agreed", 0, [5])

    def test_a_revision_beside_those_that_end_it_is_stored_or_refused_as_a_whole(
        self, server: tuple[Server, Any]
    ) -> None:
        running, tokens = server
        work = running.run(TO_BE_REVISED)
        assert running.run(LOCK) == "revising"
        assert running.run(OVERDUE) == 1
        # Whoever asks for work ends what is overdue.
        sweeps = [partial(running.call, token, "POST", "studies/pair/assignments/", {}) for token in tokens[2:]]
        mine, *others = running.at_once([partial(revise, running, tokens[0], work), *sweeps])
        assert [answer.status for answer in others] == [200] * len(sweeps)
        found = running.run(REVISED)
        assert (found["pending"], found["decided"], found["revised"] + found["lapsed"]) == (0, 1, 1)
        if mine.code == "ok":
            assert (found["revisions"], found["state"], found["final"]) == (1, "agreed", [5])
        else:
            assert mine.code == "revision_over"
            assert (found["revisions"], found["state"], found["final"]) == (0, "in_discussion", [4])
