"""Samples as admins and researchers look into them."""

import pytest

from annotation.models import Discussion, Exposure, Member, Study
from tests.factories import make_member, make_sample, make_study

from .caller import GOOD, Caller, fields, refusal
from .discussing import comment, give_reasons, make_dispute, move

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
        ("search=question-Why%3F", ["b-1"]),
        ("outcome=unanimous", []),
        ("disputed=ITS", []),
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
        ("spread=x", "spread"),
        ("spread=1e9", "spread"),
        ("outcome=lucky", "outcome"),
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


def test_the_history_is_told_with_names_to_admins_and_with_pseudonyms_to_researchers(
    study: Study, ada: Caller, rae: Caller, ann: Caller
) -> None:
    sample = make_sample(study)
    ann.score(ann.lease(), {"TCC": 1})
    path = f"samples/{sample.public_id}/history/"
    steps = ada.get(path).json()["results"]
    assert [(step["event"], step["who"], step["from_state"], step["to_state"]) for step in steps] == [
        ("imported", "", "waiting", "waiting"),
        ("leased", "Ann", "waiting", "scoring"),
        ("scored", "Ann", "scoring", "scoring"),
    ]
    assert steps[-1]["values"] == {"TCC": 1}
    assert "Ann" not in rae.get(path).content.decode()
    assert [step["event"] for step in rae.get(path).json()["results"]] == [step["event"] for step in steps]
    assert refusal(ann.get(path)) == (404, "not_found")


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


# What was disputed, and what admins do about it


@pytest.fixture
def disputed(study: Study, ann: Caller, ben: Caller) -> Discussion:
    return make_dispute(study, ann, ben, external_id="disputed-1")


def test_disputed_samples_are_found_by_dimension_and_range(study: Study, disputed: Discussion, ada: Caller) -> None:
    make_sample(study, external_id="calm-1")
    for query, found in (
        ("disputed=ITS", ["disputed-1"]),
        ("disputed=TCC", []),
        ("disputed=nope", []),
        ("spread=2", ["disputed-1"]),
        ("spread=2.5", []),
        ("disputed=IQ&spread=1&state=in_discussion", ["disputed-1"]),
        ("outcome=unanimous", ["disputed-1"]),
        (f"search={disputed.sample.public_id}", ["disputed-1"]),
    ):
        assert ids(ada, query) == found, query


def test_a_disputed_sample_is_shown_with_its_discussion_and_what_was_signed(
    disputed: Discussion, ann: Caller, ben: Caller, ada: Caller, rae: Caller
) -> None:
    path = f"samples/{disputed.sample.public_id}/"
    shown = ada.get(path).json()
    (case,) = shown["discussions"]
    assert (case["id"], case["state"], case["dimensions"]) == (disputed.public_id, "open", ["IQ", "ITS"])
    assert {key: final["outcome"] for key, final in shown["final"].items()} == {"TCC": "unanimous", "ICC": "unanimous"}
    for caller in (ann, ben):
        give_reasons(caller, disputed)
    move(ann, disputed, IQ=4, ITS=3)
    shown = ada.get(path).json()
    assert (shown["state"], shown["discussions"][0]["state"]) == ("agreed", "closed")
    final = shown["final"]["ITS"]
    assert (final["value"], final["outcome"], final["discussion"]) == (3, "discussed", disputed.public_id)
    signed = [score for score in shown["scores"] if score["round"] == 2]
    assert {score["annotator"] for score in signed} == {"Ann", "Ben"}
    for score in signed:
        assert (score["origin"], score["discussion"]) == ("signed", disputed.public_id)
        assert score["ratings"] == {"IQ": 4, "ITS": 3}
    assert [score["ratings"]["ITS"] for score in shown["scores"] if score["round"] == 1] == [1, 3]
    events = [step["event"] for step in rae.get(f"{path}history/").json()["results"]]
    expected = ["scored", "disputed", "discussion_reason", "stance_moved", "topic_closed", "discussed"]
    assert [event for event in expected if event in events] == expected
    moved = next(step for step in ada.get(f"{path}history/").json()["results"] if step["event"] == "stance_moved")
    assert (moved["who"], moved["dimension"], moved["before"], moved["value"]) == ("Ann", "IQ", 2, 4)
    assert (moved["reason"], moved["discussion"]) == ("convinced", disputed.public_id)


def test_an_agreed_sample_is_reopened_with_a_reason(study: Study, ann: Caller, ben: Caller, ada: Caller) -> None:
    sample = make_sample(study, pictures=["red"])
    for caller in (ann, ben):
        caller.score(caller.lease(), GOOD)
    path = f"samples/{sample.public_id}/reopen/"
    assert fields(ada.post(path, {})) == {"reason"}
    assert fields(ada.post(path, {"reason": " "})) == {"reason"}
    assert fields(ada.post(path, {"reason": "x", "dimensions": []})) == {"dimensions"}
    assert fields(ada.post(path, {"reason": "x", "dimensions": ["nope"]})) == {"dimensions"}
    assert fields(ada.post(path, {"reason": "x", "dimensions": "ITS"})) == {"dimensions"}
    shown = ada.post(path, {"reason": "The rubric was misread.", "dimensions": ["ITS"]})
    assert (shown.status_code, shown.json()["state"]) == (200, "in_discussion")
    (case,) = ann.get("studies/birds/discussions/").json()["results"]
    assert (case["because"], case["dimensions"]) == ("reopened", ["ITS"])
    assert set(ada.get(f"samples/{sample.public_id}/").json()["final"]) == {"TCC", "ICC", "IQ"}
    assert refusal(ada.post(path, {"reason": "Again."})) == (409, "wrong_state")


def test_a_sample_that_cannot_be_scored_is_withdrawn_and_comes_back(
    study: Study, disputed: Discussion, ann: Caller, ada: Caller
) -> None:
    path = f"samples/{disputed.sample.public_id}"
    assert fields(ada.post(f"{path}/withdraw/", {"reason": ""})) == {"reason"}
    shown = ada.post(f"{path}/withdraw/", {"reason": "Its picture is broken."}).json()
    assert (shown["state"], shown["state_reason"]) == ("withdrawn", "Its picture is broken.")
    assert ada.get(f"{path}/").json()["final"] == {}
    assert ann.get("studies/birds/discussions/").json()["results"] == []
    assert refusal(ada.post(f"{path}/withdraw/", {"reason": "Twice."})) == (409, "wrong_state")
    step = ada.get(f"{path}/history/").json()["results"][-1]
    assert (step["event"], step["text"], step["to_state"]) == ("withdrawn", "Its picture is broken.", "withdrawn")
    assert ada.post(f"{path}/reopen/", {"reason": "Mended."}).json()["state"] != "withdrawn"


def test_only_admins_reopen_and_withdraw(
    disputed: Discussion, ann: Caller, rae: Caller, sam: Caller, root: Caller
) -> None:
    for what in ("reopen", "withdraw"):
        path = f"samples/{disputed.sample.public_id}/{what}/"
        for caller, expected in ((ann, 404), (sam, 404), (rae, 403)):
            assert caller.post(path, {"reason": "x"}).status_code == expected
    assert root.post(f"samples/{disputed.sample.public_id}/withdraw/", {"reason": "x"}).status_code == 200


def test_one_sample_takes_as_many_statements_however_much_was_said(
    disputed: Discussion, ann: Caller, ben: Caller, ada: Caller, django_assert_max_num_queries
) -> None:
    path = f"samples/{disputed.sample.public_id}/"
    for caller in (ann, ben):
        give_reasons(caller, disputed)
    ada.get(path)
    for _ in range(2):
        with django_assert_max_num_queries(15):
            ada.get(path)
        with django_assert_max_num_queries(15):
            ada.get(f"{path}history/")
        for number in range(5):
            comment(ben, disputed, f"Look at T{number}.")


def test_an_agreed_sample_is_sent_to_somebody_new(
    study: Study, ann: Caller, ben: Caller, ada: Caller, rae: Caller
) -> None:
    sample = make_sample(study, pictures=["red"])
    path = f"samples/{sample.public_id}"
    assert refusal(ada.post(f"{path}/review/", {"reason": "Too good."})) == (409, "wrong_state")
    for caller in (ann, ben):
        caller.score(caller.lease(), GOOD)
    cho = Caller(make_member(study, "cho"))
    assert fields(ada.post(f"{path}/review/", {})) == {"reason"}
    assert fields(ada.post(f"{path}/review/", {"reason": "x", "slots": 2})) == {"slots"}
    shown = ada.post(f"{path}/review/", {"reason": "Too good."}).json()
    assert (shown["id"], shown["state"], shown["scores_in"]) == (sample.public_id, "in_review", 2)
    assert ada.get(f"{path}/").json()["final"] == {}
    step = rae.get(f"{path}/history/").json()["results"][-1]
    assert (step["event"], step["text"], step["to_state"]) == ("review_asked", "Too good.", "in_review")
    make_sample(study, pictures=["red"])
    first, second = cho.post("studies/birds/assignments/", {"count": 2}).json()["assignments"]
    assert sample.public_id in (first["sample"]["id"], second["sample"]["id"])
    # Nothing tells the one that is reviewed from the one that nobody has scored.
    assert [sorted(first), sorted(first["sample"])] == [sorted(second), sorted(second["sample"])]
    for name in set(first) - {"id", "sample"}:
        assert first[name] == second[name], name


@pytest.mark.usefixtures("ann")
def test_a_sample_is_given_to_people_and_comes_first(study: Study, ben: Caller, ada: Caller) -> None:
    for number in range(2):
        make_sample(study, pictures=["red"], shuffle=number)
    held = ben.lease()
    sample = make_sample(study, pictures=["red"])
    path = f"samples/{sample.public_id}/assign/"
    own = Member.objects.get(name="Ben").public_id
    assert fields(ada.post(path, {"members": []})) == {"members"}
    assert fields(ada.post(path, {"members": own})) == {"members"}
    assert fields(ada.post(path, {"members": [own], "days": 31})) == {"days"}
    assert fields(ada.post(path, {"members": [own], "days": "3"})) == {"days"}
    assert fields(ada.post(path, {"members": ["nobodyatall2"]})) == {"members"}
    shown = ada.post(path, {"members": [own], "days": 5}).json()
    (given,) = shown["assigned"]
    assert (shown["state"], given["member"], given["name"], given["new"]) == ("scoring", own, "Ben", True)
    assert ada.post(path, {"members": [own], "days": 5}).json()["assigned"] == [{**given, "new": False}]
    got = ben.get("studies/birds/assignments/").json()["assignments"]
    assert [got[0]["sample"]["id"], got[1]["id"]] == [sample.public_id, held]
    assert got[0]["expires_at"] == given["expires_at"]
    make_member(study, "cho")
    everybody = list(Member.objects.filter(role="annotator").values_list("public_id", flat=True))
    assert refusal(ada.post(path, {"members": everybody})) == (409, "no_slot")


def test_only_admins_send_to_review_and_assign(disputed: Discussion, ann: Caller, rae: Caller, sam: Caller) -> None:
    for what, body in (("review", {"reason": "x"}), ("assign", {"members": ["nobodyatall2"]})):
        path = f"samples/{disputed.sample.public_id}/{what}/"
        for caller, expected in ((ann, 404), (sam, 404), (rae, 403)):
            assert caller.post(path, body).status_code == expected
