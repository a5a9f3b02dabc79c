"""People who discuss at the same moment, through the real server, on a file of SQLite and on PostgreSQL."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.databases import BOTH

from .served import Answer, Server, served

pytestmark = pytest.mark.slow
PEOPLE = ("ann", "ben", "cho")

POPULATE = """
from tests.factories import *
study = make_study()
result = {who: make_token(make_member(study, who).user) for who in ("ann", "ben", "cho")}
"""
CASE = """
from annotation.models import Study
from annotation.models.fields import opaque_id
from tests.factories import make_discussion, make_sample
study = Study.objects.get()
sample = make_sample(study, pictures=["red"], external_id=opaque_id())
values = {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 3}}
result = make_discussion(study, values, sample=sample).public_id
"""
STORED = """
from annotation.models import *
case = Discussion.objects.get(public_id="{}")
result = {{
    "state": case.state,
    "sample": case.sample.state,
    "version": case.version,
    "posts": Post.objects.filter(discussion=case).count(),
    "finals": FinalScore.objects.filter(discussion=case).count(),
    "signed": Score.objects.filter(discussion=case).count(),
    "stands": dict(Participant.objects.filter(discussion=case).values_list("member__name", "stances__level__value")),
}}
"""


@pytest.fixture(scope="module", params=BOTH)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Any]]:
    folder: Path = tmp_path_factory.mktemp("served")
    with served(request.param, folder) as running:
        yield running, running.run(POPULATE)


@pytest.fixture
def case(server: tuple[Server, Any]) -> str:
    return str(server[0].run(CASE))


def reason(server: Server, token: str, case: str, key: str = "") -> Answer:
    body = {"client_key": key or str(uuid4()), "reasons": {"ITS": "So it looks."}}
    return server.call(token, "PUT", f"discussions/{case}/reason/", body)


def move(server: Server, token: str, case: str, value: int) -> Answer:
    why = {"ITS": {"code": "convinced"}}
    body = {"client_key": str(uuid4()), "stances": {"ITS": value}, "reasons": why}
    return server.call(token, "PUT", f"discussions/{case}/stances/", body)


def test_one_reason_sent_six_times_at_once_is_stored_once_and_answered_the_same(
    server: tuple[Server, Any], case: str
) -> None:
    running, tokens = server
    answers = running.at_once([partial(reason, running, tokens["ann"], case, str(uuid4()))] * 6)
    assert {answer.status for answer in answers} == {200}
    assert len({str(answer.body["topics"]) for answer in answers}) == 1
    stored = running.run(STORED.format(case))
    assert (stored["posts"], stored["version"]) == (1, 2)


def test_all_who_come_to_one_value_at_once_close_it_once(server: tuple[Server, Any], case: str) -> None:
    running, tokens = server
    given = running.at_once([partial(reason, running, tokens[who], case) for who in PEOPLE])
    assert [answer.status for answer in given] == [200] * 3
    moved = running.at_once([partial(move, running, tokens[who], case, 5) for who in PEOPLE])
    assert [answer.status for answer in moved] == [200] * 3
    stored = running.run(STORED.format(case))
    assert (stored["state"], stored["sample"], stored["finals"], stored["signed"]) == ("closed", "agreed", 1, 3)


def test_two_who_swap_their_values_at_once_are_both_heard_and_nothing_closes(
    server: tuple[Server, Any], case: str
) -> None:
    running, tokens = server
    running.at_once([partial(reason, running, tokens[who], case) for who in PEOPLE])
    swapped = running.at_once(
        [partial(move, running, tokens["ann"], case, 4), partial(move, running, tokens["ben"], case, 2)]
    )
    assert [answer.status for answer in swapped] == [200, 200]
    stored = running.run(STORED.format(case))
    assert stored["stands"] == {"Ann": 4, "Ben": 2, "Cho": 3}
    assert (stored["state"], stored["posts"], stored["finals"]) == ("open", 5, 0)
