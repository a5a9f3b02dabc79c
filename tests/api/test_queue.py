"""The review queue through the API: read by those who read results, acted on by those who lead."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Exposure, QueueEntry, Sample, Study
from annotation.review_queue.storage import recount_entries
from tests.annotation.reports.rating_rows import rate, rated_sample
from tests.annotation.review_queue.queue_studies import (
    make_active_judge,
    make_dimension_prediction,
    read_order,
    rebuild_queues,
    store_prediction,
)
from tests.factories import make_discussion, make_member, make_sample

from .caller import Caller, fields, refusal

pytestmark = pytest.mark.django_db
QUEUE = "/api/studies/birds/queue/"


@pytest.fixture(autouse=True)
def _nothing_is_sent() -> Any:
    with patch("annotation.jobs.queueing.send_job"):
        yield


@pytest.fixture
def queued(study: Study) -> Study:
    """Twelve samples that Xan and Yan differ on, more and more."""
    run = make_active_judge(study)
    for number in range(12):
        sample = rated_sample(study, state="scoring", domain="anatomy" if number % 2 else "", Xan=0, Yan=number % 6)
        store_prediction(run, sample, {"TCC": make_dimension_prediction(4.5, unlike=number / 24, interval=(3.5, 5.0))})
    rebuild_queues(study)
    return study


def test_pages_follow_one_another_and_together_are_the_order(queued: Study, ada: Caller) -> None:
    order = list(Sample.objects.in_bulk(read_order(queued)).values())
    names = {sample.pk: sample.public_id for sample in order}
    found, address, places = [], f"{QUEUE}?limit=5", []
    while address:
        page = ada.get(address).json()
        found += [row["sample"]["id"] for row in page["results"]]
        places += [row["place"] for row in page["results"]]
        previous, address = page["previous"], page["next"]
    assert found == [names[pk] for pk in read_order(queued)]
    assert places == list(range(1, 13))
    assert [row["place"] for row in ada.get(previous).json()["results"]] == [6, 7, 8, 9, 10]
    assert page["count"] == 12
    assert page["random"] == QueueEntry.objects.filter(kind="disputed", random=True).count()
    assert page["counts"]["disputed"]["total"] == 12
    assert page["proof"]["lacking"] == 20


def test_an_entry_says_why_it_stands_there_in_figures(queued: Study, ada: Caller) -> None:
    rows = ada.get(f"{QUEUE}?spread=5&place=order").json()["results"]
    rows += ada.get(f"{QUEUE}?spread=5&place=random").json()["results"]
    assert len(rows) == 2
    for row in rows:
        assert row["ratings"] == {"TCC": [0.0, 5.0]}
        assert row["dimension"] == "TCC"
        assert row["reason"]["kind"] == ("random" if row["random"] else "spread")
        assert row["reason"]["range"] == row["spread"] == 5.0
        assert row["reason"]["expected"] == row["judge"]["TCC"]["expected"] == 4.5
        assert row["reason"]["gap"] == 2.0
        assert row["judge"]["TCC"]["interval"] == [3.5, 5.0]
        assert row["question"] == "Why do birds sing?"
        assert (row["pinned"], row["dismissed"]) == (False, None)


def test_a_list_is_narrowed_and_what_makes_no_sense_is_refused(queued: Study, ada: Caller) -> None:
    assert ada.get(f"{QUEUE}?domain=anatomy").json()["count"] == 6
    assert ada.get(f"{QUEUE}?scores=2&dimension=TCC").json()["count"] == 12
    assert ada.get(f"{QUEUE}?scores=1").json()["count"] == 0
    assert ada.get(f"{QUEUE}?kind=label_next").json()["count"] == 12
    assert ada.get(f"{QUEUE}?kind=audit").json()["results"] == []
    for query, field in (
        ("kind=x", "kind"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("start=0", "start"),
        ("x=1", "x"),
    ):
        assert field in fields(ada.get(f"{QUEUE}?{query}")), query
    assert ada.get(f"{QUEUE}?start=900").json()["results"] == []


def test_who_looks_never_scores_what_they_have_seen(queued: Study, ada: Caller, rae: Caller) -> None:
    shown = ada.get(f"{QUEUE}?limit=3").json()["results"]
    seen = Exposure.objects.filter(member__user__username="ada").values_list("sample__public_id", flat=True)
    assert set(seen) == {row["sample"]["id"] for row in shown}


def test_whoever_owes_a_discussion_a_reason_finds_its_entry_in_no_list(queued: Study, ada: Caller, rae: Caller) -> None:
    case = make_discussion(queued, {"ada": {"ITS": 1}, "ann": {"ITS": 5}})
    rebuild_queues(queued)
    found = case.sample.public_id

    def page(caller: Caller, query: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = caller.get(f"{QUEUE}?{query}").json()
        return answer

    def listed(answer: dict[str, Any]) -> list[str]:
        return [row["sample"]["id"] for row in answer["results"]]

    assert found in listed(page(rae, "dimension=ITS&spread=4"))
    mine, theirs = page(ada), page(rae)
    assert (mine["count"], mine["left_out"]) == (12, 1)
    assert (theirs["count"], theirs["left_out"]) == (13, 0)
    assert set(listed(mine)) == set(listed(theirs)) - {found}
    assert [row["place"] for row in mine["results"]] == list(range(1, 13))
    assert mine["random"] == sum(row["random"] for row in mine["results"]) == mine["counts"]["disputed"]["random"]
    assert (mine["counts"]["disputed"]["total"], theirs["counts"]["disputed"]["total"]) == (12, 13)
    # Narrowed by what the others said, it neither comes nor goes.
    for query in ("dimension=ITS&spread=4", "dimension=ITS", "spread=4", "scores=2", "spread=5"):
        answer = page(ada, query)
        assert found not in listed(answer)
        assert (answer["count"], answer["left_out"]) == (len(answer["results"]), 1), query
    QueueEntry.objects.filter(sample=case.sample).update(dismissed_at=timezone.now())
    recount_entries(queued)
    gone = page(ada, "dismissed=true&spread=4")
    assert (gone["results"], gone["count"], gone["left_out"]) == ([], 0, 1)
    assert page(ada)["counts"]["disputed"] == page(ada)["counts"]["disputed"] | {"total": 12, "dismissed": 0}


def test_once_the_reason_is_given_the_entry_is_listed_where_it_stands(queued: Study, ada: Caller) -> None:
    case = make_discussion(queued, {"ada": {"ITS": 1}, "ann": {"ITS": 5}})
    rebuild_queues(queued)
    case.participants.get(member__user__username="ada").stances.update(reasoned_at=timezone.now())
    answer = ada.get(f"{QUEUE}?dimension=ITS&spread=4").json()
    assert ([row["discussion"] for row in answer["results"]], answer["left_out"]) == ([case.public_id], 0)


def test_ada_pins_and_dismisses_and_rae_may_only_look(queued: Study, ada: Caller, rae: Caller) -> None:
    rows = ada.get(QUEUE).json()["results"]
    last = rows[-1]["id"]
    assert ada.post(f"/api/queue/{last}/pin/", {}).json()["pinned_at"] is not None
    first = rae.get(QUEUE).json()["results"][0]
    assert (first["id"], first["pinned"], first["place"]) == (last, True, 1)
    assert ada.post(f"/api/queue/{last}/pin/", {"pinned": False}).json()["pinned_at"] is None
    assert "reason" in fields(ada.post(f"/api/queue/{last}/dismiss/", {}))
    assert ada.post(f"/api/queue/{last}/dismiss/", {"reason": "A slip."}).json()["dismissed_because"] == "A slip."
    assert refusal(ada.post(f"/api/queue/{last}/pin/", {})) == (409, "entry_dismissed")
    assert ada.get(QUEUE).json()["count"] == 11
    (gone,) = ada.get(f"{QUEUE}?dismissed=true").json()["results"]
    assert gone["dismissed"] == gone["dismissed"] | {"by": "Ada", "reason": "A slip."}
    assert rae.get(f"{QUEUE}?dismissed=true").json()["results"][0]["dismissed"]["by"] == ""
    assert ada.post(f"/api/queue/{last}/dismiss/", {"dismissed": False}).json()["dismissed_at"] is None
    assert ada.get(QUEUE).json()["count"] == 12
    for path, body in (("pin", {}), ("dismiss", {"reason": "Why not."})):
        assert refusal(rae.post(f"/api/queue/{last}/{path}/", body)) == (403, "not_allowed")


def test_a_refresh_is_a_job_and_one_that_waits_is_enough(queued: Study, ada: Caller, rae: Caller) -> None:
    answer = ada.post(f"{QUEUE}refresh/", {})
    assert answer.status_code == 202
    assert answer.json()["kind"] == "refresh_queue"
    assert ada.post(f"{QUEUE}refresh/", {}).json()["id"] == answer.json()["id"]
    assert ada.get(QUEUE).json()["job"] == answer.json()["id"]
    assert refusal(rae.post(f"{QUEUE}refresh/", {})) == (403, "not_allowed")


def test_before_it_was_made_a_queue_is_empty(study: Study, ada: Caller) -> None:
    page = ada.get(QUEUE).json()
    assert (page["refreshed_at"], page["judge"], page["job"], page["results"]) == (None, None, None, [])


def test_a_page_takes_as_many_queries_for_fifty_entries_as_for_five(queued: Study, ada: Caller) -> None:
    for number in range(40):
        rate(make_sample(queued, state="scoring"), "Xan", {"TCC": number % 6})
    rebuild_queues(queued)

    def queries(limit: int) -> int:
        ada.get(f"{QUEUE}?limit={limit}")
        with CaptureQueriesContext(connection) as taken:
            assert len(ada.get(f"{QUEUE}?limit={limit}").json()["results"]) == limit
        return len(taken)

    assert queries(50) == queries(5)


def test_an_audited_sample_is_sent_to_somebody_new_from_its_entry(
    study: Study, ann: Caller, ben: Caller, ada: Caller, rae: Caller
) -> None:
    sample = make_sample(study, pictures=["red"])
    for caller in (ann, ben):
        assert caller.score(caller.lease()).status_code == 200
    make_member(study, "cho")
    store_prediction(make_active_judge(study), sample, {"TCC": make_dimension_prediction(0.5)})
    rebuild_queues(study)
    (entry,) = ada.get(f"{QUEUE}?kind=audit").json()["results"]
    path = f"/api/queue/{entry['id']}/review/"
    assert refusal(rae.post(path, {"reason": "Far off."})) == (403, "not_allowed")
    assert refusal(ann.post(path, {"reason": "Far off."})) == (404, "not_found")
    assert fields(ada.post(path, {})) == {"reason"}
    assert (ada.post(path, {"reason": "Far off."}).json()["state"]) == "in_review"
    assert refusal(ada.post(path, {"reason": "Far off."})) == (409, "wrong_state")
