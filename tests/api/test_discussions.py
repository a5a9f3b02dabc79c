"""Discussions by the API: found, read, reasoned, moved, closed, and decided by admins."""

import json
import zlib
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from django.core import signing
from django.utils import timezone

from annotation.models import Discussion, Exposure, FinalScore, Member, Participant, Post, Sample, Study
from tests.factories import make_discussion, make_member, make_study

from .caller import GOOD, Caller, fields, refusal
from .discussing import comment, give_reasons, key, make_dispute, move, path, topic, without_version

pytestmark = pytest.mark.django_db
CASE_NAMES = {
    *("id", "study", "state", "because", "opened_at", "due_at", "closed_at", "version", "me", "waits_for_me"),
    *("sample", "participants", "topics", "settled"),
}


@pytest.fixture
def case(study: Study, ann: Caller, ben: Caller) -> Discussion:
    return make_dispute(study, ann, ben, external_id="external-1")


def waiting(caller: Caller, query: str = "") -> list[str]:
    return [row["id"] for row in caller.get(f"studies/birds/discussions/{query}").json()["results"]]


def test_scores_that_differ_wait_for_both_who_gave_them(case: Discussion, ann: Caller, ben: Caller) -> None:
    for caller in (ann, ben):
        (row,) = caller.get("studies/birds/discussions/").json()["results"]
        assert (row["id"], row["sample"]) == (case.public_id, case.sample.public_id)
        assert (row["state"], row["because"], row["dimensions"]) == ("open", "scores", ["IQ", "ITS"])
        assert (row["waits_for_me"], row["me"] in ("R1", "R2")) == (True, True)
        # The range would tell two people each other's values.
        assert (row["external_id"], row["spread"], row["waits_for"]) == (None, None, None)
        assert caller.get("me/").json()["waiting"] == 1
        assert caller.get("studies/birds/progress/").json()["waiting"] == 1


def test_a_case_has_the_sample_and_only_ones_own_part_until_the_reason_is_given(
    case: Discussion, ann: Caller, ben: Caller
) -> None:
    shown = ann.get(path(case)).json()
    assert set(shown) == CASE_NAMES
    assert (shown["study"], shown["state"], shown["waits_for_me"]) == ("birds", "open", True)
    assert shown["sample"]["turns"][0]["blocks"][0]["text"] == "A robin sings at dawn."
    assert [each["key"] for each in shown["topics"]] == ["IQ", "ITS"]
    for each in shown["topics"]:
        assert (each["revealed"], each["stances"], each["posts"], each["waits_for"]) == (False, None, [], None)
        assert each["mine"]["first"] == each["mine"]["current"] == GOOD[each["key"]]
    # Not even how many others there are.
    (myself,) = shown["participants"]
    assert (myself["alias"], myself["me"], myself["name"], myself["member"]) == (shown["me"], True, None, None)
    assert [each["key"] for each in shown["settled"]] == ["TCC", "ICC"]

    shown = give_reasons(ann, case, IQ="Sharp enough.").json()
    quality, synergy = shown["topics"]
    assert (quality["revealed"], synergy["revealed"]) == (True, False)
    assert sorted(each["first"] for each in quality["stances"]) == [2, 4]
    assert [each["waits"] for each in shown["participants"] if not each["me"]] == [None]
    (post,) = quality["posts"]
    assert (post["kind"], post["text"], post["value"], post["alias"]) == ("reason", "Sharp enough.", 2, shown["me"])


def test_what_a_review_confirmed_is_told_as_if_there_had_been_none(case: Discussion, ann: Caller, ada: Caller) -> None:
    before = without_version(ann.get(path(case)).json())
    Discussion.objects.filter(pk=case.pk).update(because="review")
    FinalScore.objects.filter(sample=case.sample).update(outcome="reviewed")
    assert without_version(ann.get(path(case)).json()) == before
    assert {each["value"] for each in before["settled"]} == {4, 3}
    assert {each["outcome"] for each in ann.get(path(case)).json()["settled"]} == {"unanimous"}
    assert {each["outcome"] for each in ada.get(path(case)).json()["settled"]} == {"reviewed"}


def test_texts_come_rendered_where_asked_for(case: Discussion, ann: Caller) -> None:
    shown = ann.get(path(case, "?render=html")).json()
    assert shown["sample"]["turns"][0]["blocks"][0]["html"] == "<p>A robin sings at dawn.</p>\n"
    assert fields(ann.get(path(case, "?render=pdf"))) == {"render"}


def test_two_people_come_to_one_value_and_the_sample_is_agreed(case: Discussion, ann: Caller, ben: Caller) -> None:
    assert give_reasons(ann, case).status_code == 200
    shown = give_reasons(ben, case, IQ={"code": "picture"}, ITS={"code": "text", "text": "As T1 says."}).json()
    assert topic(shown, "ITS")["posts"][-1]["reason"] == "text"
    assert comment(ben, case, "Look at the edges.").status_code == 200
    shown = move(ann, case, IQ=4).json()
    quality = topic(shown, "IQ")
    assert (quality["state"], quality["value"], quality["outcome"]) == ("closed", 4, "discussed")
    assert [post["kind"] for post in quality["posts"]] == ["reason", "reason", "comment", "move"]
    last = quality["posts"][-1]
    assert (last["before"], last["value"], last["reason"], last["text"]) == (2, 4, "convinced", "")
    assert shown["state"] == "open"
    shown = move(ben, case, ITS=1).json()
    assert (shown["state"], shown["waits_for_me"]) == ("closed", False)
    assert Sample.objects.get().state == "agreed"
    assert waiting(ann) == []
    assert waiting(ann, "?state=closed") == [case.public_id]
    assert refusal(comment(ann, case)) == (409, "closed")


def test_the_same_client_key_is_stored_once_and_answers_the_same(case: Discussion, ann: Caller, ben: Caller) -> None:
    give_reasons(ben, case)
    body = {"client_key": key(), "reasons": {"IQ": "a", "ITS": "b"}}
    answers = [ann.put(path(case, "reason/"), body).json() for _ in range(2)]
    say = {"client_key": key(), "dimension": "IQ", "text": "once"}
    answers += [ann.post(path(case, "posts/"), say).json() for _ in range(2)]
    stand = {"client_key": key(), "stances": {"IQ": 4}, "reasons": {"IQ": {"code": "overlooked"}}}
    answers += [ann.put(path(case, "stances/"), stand).json() for _ in range(2)]
    for first, second in (answers[:2], answers[2:4], answers[4:]):
        assert without_version(first) == without_version(second)
    assert Post.objects.filter(client_key=UUID(str(body["client_key"]))).count() == 2
    assert Post.objects.filter(text="once").count() == 1
    assert Post.objects.filter(kind="move").count() == 1


def test_nothing_can_be_said_before_the_own_reason(case: Discussion, ann: Caller) -> None:
    assert refusal(comment(ann, case)) == (409, "reason_first")
    assert refusal(move(ann, case, IQ=4)) == (409, "reason_first")
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("method", "what", "body", "wrong"),
    [
        ("PUT", "reason/", {"reasons": {"IQ": "x"}}, {"client_key"}),
        ("PUT", "reason/", {"client_key": "1", "reasons": {"IQ": "x"}}, {"client_key"}),
        ("PUT", "reason/", {"client_key": key()}, {"reasons"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"IQ": 5}}, {"reasons.IQ"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"IQ": {"code": "mood"}}}, {"reasons.IQ.code"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"IQ": {"word": "x"}}}, {"reasons.IQ.word"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"IQ": ""}}, {"reasons.IQ"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"TCC": "x"}}, {"reasons.TCC"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"nope": "x"}}, {"reasons.nope"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"IQ": "x"}, "seconds": -1}, {"seconds"}),
        ("PUT", "reason/", {"client_key": key(), "reasons": {"IQ": "x"}, "why": 1}, {"why"}),
        ("POST", "posts/", {"client_key": key(), "dimension": "IQ"}, {"text"}),
        ("POST", "posts/", {"client_key": key(), "dimension": "IQ", "text": ""}, {"text"}),
        ("POST", "posts/", {"client_key": key(), "dimension": "IQ", "text": "x" * 4001}, {"text"}),
        ("POST", "posts/", {"client_key": key(), "dimension": "TCC", "text": "x"}, {"dimension"}),
        ("PUT", "stances/", {"client_key": key(), "stances": {"IQ": "4"}}, {"stances.IQ"}),
        ("PUT", "stances/", {"client_key": key(), "stances": {"IQ": 4}}, {"reasons.IQ"}),
        ("PUT", "stances/", {"client_key": key(), "stances": {"IQ": 7}, "reasons": {"IQ": "x"}}, {"stances.IQ"}),
        (
            "PUT",
            "stances/",
            {"client_key": key(), "stances": {"TCC": 4}, "reasons": {"TCC": "x"}},
            {"stances.TCC", "reasons.TCC"},
        ),
        ("PUT", "stances/", {"client_key": key(), "stances": [4]}, {"stances"}),
    ],
)
def test_what_cannot_be_stored_is_named(
    case: Discussion, ann: Caller, method: str, what: str, body: Any, wrong: set[str]
) -> None:
    if what != "reason/":
        give_reasons(ann, case)
    stored = Post.objects.count()
    assert fields(ann.call(method, path(case, what), body)) == wrong
    assert Post.objects.count() == stored


def test_who_does_not_take_part_learns_of_no_case(
    study: Study, case: Discussion, ann: Caller, sam: Caller, nobody: Caller
) -> None:
    cho = Caller(make_member(study, "cho"))
    for caller in (cho, sam):
        assert refusal(caller.get(path(case))) == (404, "not_found")
        assert refusal(give_reasons(caller, case)) == (404, "not_found")
        assert refusal(comment(caller, case)) == (404, "not_found")
        assert refusal(move(caller, case, IQ=4)) == (404, "not_found")
        for what in ("override/", "excuse/", "deadline/"):
            assert refusal(caller.post(path(case, what), BODIES[what])) == (404, "not_found")
    assert waiting(cho, "?state=all") == []
    assert refusal(sam.get("studies/birds/discussions/")) == (404, "not_found")
    assert refusal(nobody.get(path(case))) == (401, "not_authenticated")


BODIES: dict[str, dict[str, Any]] = {
    "override/": {"values": {"IQ": 4, "ITS": 3}, "reason": "They will not agree."},
    "excuse/": {"participant": "R1", "reason": "On leave."},
    "deadline/": {"due_at": None, "reason": "It takes longer."},
}


def test_only_admins_decide_and_excuse(case: Discussion, ann: Caller, rae: Caller) -> None:
    for caller in (ann, rae):
        for what, body in BODIES.items():
            assert refusal(caller.post(path(case, what), body)) == (403, "not_allowed"), what


def test_admins_see_names_and_researchers_pseudonyms(
    case: Discussion, ann_member: Member, ada: Caller, rae: Caller, root: Caller
) -> None:
    for caller in (ada, root):
        shown = caller.get(path(case)).json()
        assert {each["name"] for each in shown["participants"]} == {"Ann", "Ben"}
        assert ann_member.public_id in {each["member"] for each in shown["participants"]}
        assert sorted(each["first"] for each in topic(shown, "IQ")["stances"]) == [2, 4]
        assert (shown["me"], shown["waits_for_me"], topic(shown, "IQ")["mine"]) == (None, False, None)
        (row,) = caller.get("studies/birds/discussions/?state=all").json()["results"]
        assert (row["external_id"], row["spread"], sorted(row["waits_for"])) == ("external-1", 2, ["Ann", "Ben"])
    shown = rae.get(path(case)).json()
    assert {each["name"] for each in shown["participants"]} == {None}
    assert sorted(each["first"] for each in topic(shown, "IQ")["stances"]) == [2, 4]
    listed = rae.get("studies/birds/discussions/?state=all").content.decode()
    assert "Ann" not in listed
    assert "Ben" not in listed


def test_who_reads_a_discussion_without_taking_part_scores_its_sample_never_as_independent(
    study: Study, case: Discussion, ada: Caller, rae: Caller, ann: Caller
) -> None:
    ann.get(path(case))
    assert not Exposure.objects.exists()
    ada.get(path(case))
    rae.get("studies/birds/discussions/?state=all")
    assert {(seen.member.name, seen.sample) for seen in Exposure.objects.all()} == {
        ("Ada", case.sample),
        ("Rae", case.sample),
    }
    # Nor can she come in for somebody who has left, with a reason of her own first.
    admin = Member.objects.get(study=study, user__username="ada").public_id
    body = {"participant": "R1", "reason": "Has left.", "replacement": admin}
    assert fields(ada.post(path(case, "excuse/"), body)) == {"replacement"}


def test_an_admin_decides_what_cannot_be_agreed_on(case: Discussion, ann: Caller, ada: Caller) -> None:
    assert fields(ada.post(path(case, "override/"), {"values": {"IQ": 4}})) == {"reason"}
    wrong = {"values": {"IQ": 9, "TCC": 1}, "reason": "x"}
    assert fields(ada.post(path(case, "override/"), wrong)) == {"values.IQ", "values.TCC"}
    shown = ada.post(path(case, "override/"), BODIES["override/"]).json()
    assert shown["state"] == "closed"
    assert {(each["value"], each["outcome"]) for each in shown["topics"]} == {(4, "overridden"), (3, "overridden")}
    assert refusal(ada.post(path(case, "override/"), BODIES["override/"])) == (409, "closed")
    final = ada.get(f"samples/{case.sample.public_id}/").json()["final"]["IQ"]
    assert (final["value"], final["outcome"], final["reason"]) == (4, "overridden", "They will not agree.")
    assert final["discussion"] == case.public_id


def test_an_admin_replaces_somebody_who_has_left(study: Study, case: Discussion, ann: Caller, ada: Caller) -> None:
    (bens,) = [each["alias"] for each in ada.get(path(case)).json()["participants"] if each["name"] == "Ben"]
    body = {"participant": bens, "reason": "Has left."}
    # Two remain.
    assert ada.post(path(case, "excuse/"), body).status_code in (400, 409)
    cho_member = make_member(study, "cho")
    shown = ada.post(path(case, "excuse/"), {**body, "replacement": cho_member.public_id}).json()
    assert {(each["name"], each["state"]) for each in shown["participants"]} == {
        ("Ann", "active"),
        ("Ben", "excused"),
        ("Cho", "active"),
    }
    assert fields(ada.post(path(case, "excuse/"), {"participant": "R9", "reason": "x"})) == {"participant"}
    cho = Caller(cho_member)
    shown = cho.get(path(case)).json()
    assert topic(shown, "IQ")["mine"]["first"] is None
    body = {"client_key": key(), "reasons": {"IQ": "a", "ITS": "b"}, "stances": {"IQ": 2, "ITS": 1}}
    assert cho.put(path(case, "reason/"), body).status_code == 200
    # Ann and Cho stand on the same values.
    assert Sample.objects.get().state == "agreed"
    picture = shown["sample"]["turns"][0]["blocks"][1]["url"]
    assert cho.get(picture).status_code == 200


def test_a_deadline_is_set_moved_and_taken_away(case: Discussion, ann: Caller, ada: Caller) -> None:
    later = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    shown = ada.post(path(case, "deadline/"), {"due_at": later.isoformat(), "reason": "A holiday."}).json()
    assert shown["due_at"] == later.isoformat().replace("+00:00", "Z")
    assert ann.get(path(case)).json()["due_at"] == shown["due_at"]
    shown = ada.post(path(case, "deadline/"), {"due_at": None, "reason": "Never mind."}).json()
    assert shown["due_at"] is None
    for wrong in ("tomorrow", "2026-11-21T10:00:00", 5, "9999-12-31T23:59:59-23:59", ""):
        assert fields(ada.post(path(case, "deadline/"), {"due_at": wrong, "reason": "x"})) == {"due_at"}, wrong


def test_a_case_whose_day_has_come_is_the_admins(case: Discussion, ann: Caller, ada: Caller) -> None:
    give_reasons(ann, case)
    Discussion.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert refusal(move(ann, case, IQ=4)) == (409, "handed_over")
    assert refusal(comment(ann, case)) == (409, "handed_over")
    assert ada.post(path(case, "override/"), BODIES["override/"]).json()["state"] == "closed"


def test_a_study_at_rest_takes_no_words(study: Study, case: Discussion, ann: Caller) -> None:
    for state, code in (("paused", "study_paused"), ("closed", "study_closed")):
        Study.objects.update(state=state)
        assert refusal(give_reasons(ann, case)) == (409, code)
        assert ann.get(path(case)).status_code == 200


@pytest.fixture
def many(study: Study, ann: Caller, ben: Caller) -> list[str]:
    return [make_dispute(study, ann, ben).public_id for _ in range(5)]


def test_the_list_comes_in_pages(many: list[str], ann: Caller, ada: Caller) -> None:
    for caller, query in ((ann, ""), (ann, "state=all"), (ada, "state=open"), (ada, "state=all")):
        found: list[str] = []
        at: str | None = f"studies/birds/discussions/?limit=2&{query}"
        while at:
            page = caller.get(at).json()
            assert len(page["results"]) <= 2
            found += [row["id"] for row in page["results"]]
            at = page["next"]
        assert sorted(found) == sorted(many), query


def walked(caller: Caller, query: str = "state=open") -> list[str]:
    """Return a list, read forwards and backwards one at a time."""
    found, pages = [], []
    at: str | None = f"studies/birds/discussions/?limit=1&{query}"
    while at:
        pages.append(caller.get(at).json())
        found += [row["id"] for row in pages[-1]["results"]]
        at = pages[-1]["next"]
    back, at = found[-1:], pages[-1]["previous"]
    while at:
        page = caller.get(at).json()
        back = [row["id"] for row in page["results"]] + back
        at = page["previous"]
    assert back == found
    return found


def test_who_takes_part_finds_the_oldest_first_and_an_admin_the_widest_difference(
    study: Study, ann: Caller, ada: Caller
) -> None:
    values = ((3, 4), (0, 5), (1, 3), (2, 4))
    made = [make_discussion(study, {"ann": {"ITS": one}, "ben": {"ITS": other}}) for one, other in values]
    narrow, wide, early, late = (case.public_id for case in made)
    assert walked(ann) == [narrow, wide, early, late]
    assert walked(ada) == [wide, early, late, narrow]


def test_what_an_admin_owes_a_reason_in_comes_last_page_by_page(study: Study, ada: Caller) -> None:
    narrow = make_discussion(study, {"ann": {"ITS": 3}, "ben": {"ITS": 4}})
    owed, most = (make_discussion(study, {"ada": {"ITS": one}, "ben": {"ITS": 5}}) for one in (4, 0))
    wide = make_discussion(study, {"ann": {"ITS": 1}, "ben": {"ITS": 5}})
    assert walked(ada) == [case.public_id for case in (wide, narrow, owed, most)]
    assert walked(ada, "state=waiting") == [owed.public_id, most.public_id]
    following = ada.get("studies/birds/discussions/?limit=1&state=waiting").json()["next"]
    Discussion.objects.filter(pk=owed.pk).update(state="closed", closed_at=timezone.now())
    Participant.objects.filter(discussion=owed).update(waits=False)
    (row,) = ada.get(following).json()["results"]
    assert row["id"] == most.public_id


def test_a_list_takes_only_what_it_knows(many: list[str], ann: Caller, ada: Caller) -> None:
    for query, field in (("state=shut", "state"), ("limit=0", "limit"), ("cursor=abc", "cursor"), ("page=2", "page")):
        assert fields(ann.get(f"studies/birds/discussions/?{query}")) == {field}
    cursor = _cursor(ada.get("studies/birds/members/?limit=1").json()["next"])
    assert fields(ann.get(f"studies/birds/discussions/?cursor={cursor}")) == {"cursor"}


def test_a_cursor_tells_nothing_of_the_range(many: list[str], ann: Caller) -> None:
    following = ann.get("studies/birds/discussions/?limit=1").json()
    readable = signing.b64_decode(unquote(_cursor(following["next"])).split(":")[0].lstrip(".").encode())
    with suppress(zlib.error):
        readable = zlib.decompress(readable)
    assert json.loads(readable) == [["id", "by public_id"], False, [following["results"][0]["id"]]]


# The admin who takes part


def test_an_admin_who_scored_the_sample_gives_a_reason_before_looking_into_it(
    study: Study, ann: Caller, ada: Caller
) -> None:
    case = make_dispute(study, ada, ann, external_id="mine")
    for what in ("", "history/"):
        assert refusal(ada.get(f"samples/{case.sample.public_id}/{what}")) == (403, "reason_first")
    shown = ada.get(path(case)).json()
    assert {each["name"] for each in shown["participants"]} == {None}
    assert topic(shown, "IQ")["stances"] is None
    assert give_reasons(ada, case).status_code == 200
    assert ada.get(f"samples/{case.sample.public_id}/").status_code == 200
    assert "Ann" in {each["name"] for each in ada.get(path(case)).json()["participants"]}


def test_another_study_has_its_own_cases(study: Study, case: Discussion, ada: Caller) -> None:
    boats = make_study("boats", k=2)
    make_member(boats, "ada", "admin")
    assert ada.get("studies/boats/discussions/?state=all").json()["results"] == []
    assert waiting(ada, "?state=all") == [case.public_id]


def _cursor(following: str) -> str:
    return following.partition("cursor=")[2].partition("&")[0]
