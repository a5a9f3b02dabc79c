"""Samples as admins and researchers look into them."""

import pytest

from annotation.models import Exposure, Member, Study
from tests.factories import make_member, make_sample, make_study

from .caller import GOOD, Caller, fields, refusal

pytestmark = pytest.mark.django_db


def ids(caller: Caller, query: str = "") -> list[str]:
    found: list[str] = []
    path: str | None = f"studies/birds/samples/?{query}"
    while path:
        page = caller.get(path).json()
        found += [row["external_id"] for row in page["results"]]
        path = page["next"]
    return found


@pytest.fixture
def three(study: Study) -> None:
    make_sample(study, external_id="b-1", generator="gpt", domain="art", question="Why?")
    make_sample(study, external_id="a-2", generator="gpt", state="agreed", stage=0, scores_in=2, category="x%")
    make_sample(study, external_id="a-1", generator="emu", domain="art", scores_in=1)
    make_sample(make_study("boats"), external_id="boat")


@pytest.mark.usefixtures("three")
def test_the_list_is_for_admins_and_researchers(
    ada: Caller, rae: Caller, ann: Caller, sam: Caller, root: Caller
) -> None:
    for caller in (ada, rae, root):
        assert ids(caller) == ["a-1", "a-2", "b-1"]
    assert refusal(ann.get("studies/birds/samples/")) == (403, "not_allowed")
    assert refusal(sam.get("studies/birds/samples/")) == (404, "not_found")
    assert refusal(ada.get("studies/boats/samples/")) == (404, "not_found")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("generator=gpt", ["a-2", "b-1"]),
        ("state=agreed", ["a-2"]),
        ("domain=art&generator=emu", ["a-1"]),
        ("category=x%25", ["a-2"]),
        ("question=question-Why%3F", ["b-1"]),
        ("scored=1", ["a-1", "a-2"]),
        ("scored=2", ["a-2"]),
        ("search=a-", ["a-1", "a-2"]),
        ("search=%25", []),
        ("search=_-1", []),
        ("ordering=-external_id&limit=1", ["b-1", "a-2", "a-1"]),
        ("ordering=state&limit=1", ["a-2", "b-1", "a-1"]),
        ("ordering=-state&limit=1", ["a-1", "b-1", "a-2"]),
    ],
)
def test_the_list_is_filtered_and_ordered(ada: Caller, query: str, found: list[str]) -> None:
    assert ids(ada, query) == found


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=open", "state"),
        ("scored=-1", "scored"),
        ("scored=9223372036854775808", "scored"),
        ("ordering=id", "ordering"),
        ("ordering=generator", "ordering"),
        ("generatr=gpt", "generatr"),
        ("generator=%00", "generator"),
        ("search=%00", "search"),
        ("limit=9223372036854775808", "limit"),
        ("limit=201", "limit"),
        ("cursor=WyJ4Il0", "cursor"),
    ],
)
def test_a_filter_that_is_not_known_is_refused(ada: Caller, query: str, field: str) -> None:
    assert fields(ada.get(f"studies/birds/samples/?{query}")) == {field}


@pytest.mark.usefixtures("three")
def test_a_cursor_belongs_to_its_order(ada: Caller) -> None:
    path = ada.get("studies/birds/samples/?limit=1").json()["next"]
    assert fields(ada.get(path + "&ordering=state")) == {"cursor"}


def test_one_sample_is_shown_with_all_that_was_said(study: Study, ada: Caller, rae: Caller, ann: Caller) -> None:
    sample = make_sample(study, pictures=["red"], external_id="x-1", metadata={"seed": 7})
    ann.score(ann.lease(), GOOD, notes={"IQ": "blurred"})
    shown = ada.get(f"samples/{sample.public_id}/").json()
    assert (shown["external_id"], shown["generator"], shown["metadata"]) == ("x-1", "generator-x", {"seed": 7})
    assert shown["turns"][0]["blocks"][0]["text"] == "A robin sings at dawn."
    (score,) = shown["scores"]
    assert (score["annotator"], score["ratings"], score["notes"]) == ("Ann", GOOD, {"IQ": "blurred"})
    (score,) = rae.get(f"samples/{sample.public_id}/").json()["scores"]
    assert score["annotator"] == f"R-{Member.objects.get(user__username='ann').public_id}"
    assert refusal(ann.get(f"samples/{sample.public_id}/")) == (404, "not_found")


def test_the_history_is_the_admins(study: Study, ada: Caller, rae: Caller, ann: Caller) -> None:
    sample = make_sample(study)
    ann.score(ann.lease(), {"TCC": 1})
    steps = ada.get(f"samples/{sample.public_id}/history/").json()["results"]
    assert [(step["event"], step["by"]) for step in steps] == [("leased", "Ann"), ("scored", "Ann")]
    assert refusal(rae.get(f"samples/{sample.public_id}/history/")) == (403, "not_allowed")
    assert refusal(ann.get(f"samples/{sample.public_id}/history/")) == (404, "not_found")


def test_who_has_looked_is_not_given_the_sample_to_score(study: Study, ada: Caller) -> None:
    seen, unseen = make_sample(study, external_id="s"), make_sample(study, external_id="u")
    ada.get(f"samples/{seen.public_id}/")
    assert Exposure.objects.get().sample == seen
    leased = ada.post("studies/birds/assignments/", {"count": 2}).json()["assignments"]
    assert [work["sample"]["id"] for work in leased] == [unseen.public_id]
    ada.get("studies/birds/samples/")
    assert ada.post("studies/birds/assignments/", {"count": 2}).json()["assignments"] == []


def test_reading_a_page_of_samples_takes_as_many_statements_as_reading_one(
    study: Study, django_assert_max_num_queries, root: Caller
) -> None:
    for size in (1, 30):
        for _ in range(size):
            make_sample(study)
        with django_assert_max_num_queries(4):  # the token, the study, the place in it, the page
            assert root.get("studies/birds/samples/?limit=200").status_code == 200


def test_a_paused_admin_reads_no_results(study: Study) -> None:
    caller = Caller(make_member(study, "pat", "admin", state="paused"))
    assert refusal(caller.get("studies/birds/samples/")) == (403, "not_allowed")
