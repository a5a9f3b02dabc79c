"""The rules of a study by the API: read, changed in versions, forecast, and moved to."""

from typing import Any

import pytest

from annotation.models import Protocol, Sample, Study
from tests.factories import make_member, make_sample

from .caller import GOOD, Caller, fields, refusal
from .discussing import OTHERWISE, make_dispute

pytestmark = pytest.mark.django_db
PATH = "studies/birds/protocol/"


def test_every_member_reads_the_rules_and_admins_change_them(
    study: Study, ann: Caller, ben: Caller, rae: Caller, ada: Caller, sam: Caller
) -> None:
    shown = ann.get(PATH).json()
    assert (shown["version"], shown["annotators_per_sample"], shown["tolerance"]) == (1, 2, 0)
    assert (shown["reason_first"], shown["discussion_days"]) == (True, 7)
    changed = ada.put(PATH, {"tolerance": 1, "tie_rule": "lower", "discussion_days": None, "reason_first": False})
    assert changed.status_code == 200
    assert (changed.json()["version"], changed.json()["tolerance"], changed.json()["discussion_days"]) == (2, 1, None)
    assert rae.get(PATH).json() == changed.json()
    assert ann.get("studies/birds/").json()["protocol"] == changed.json()
    for caller in (ann, rae):
        assert refusal(caller.put(PATH, {"tolerance": 0})) == (403, "not_allowed")
    assert refusal(sam.get(PATH)) == (404, "not_found")
    assert Protocol.objects.filter(study=study).count() == 2


def test_rules_that_are_as_they_were_make_no_version(study: Study, ada: Caller) -> None:
    shown = ada.get(PATH).json()
    rules = {name: value for name, value in shown.items() if name not in ("version", "preset")}
    assert ada.put(PATH, rules).json()["version"] == 1
    assert ada.put(PATH, {}).json()["version"] == 1


def test_named_rules_are_where_a_change_begins(study: Study, ada: Caller) -> None:
    changed = ada.put(PATH, {"preset": "single", "lease_minutes": 45}).json()
    assert (changed["preset"], changed["annotators_per_sample"], changed["lease_minutes"]) == ("single", 1, 45)


def test_what_people_meet_of_a_judge_is_a_rule_like_any_other(study: Study, ada: Caller, ann: Caller) -> None:
    shown = ann.get(PATH).json()
    names = ("suggestions", "blind_share", "pull_limit", "work_order")
    assert [shown[name] for name in names] == ["none", 0.3, 0.2, "even"]
    body = {"suggestions": "both", "blind_share": 0.5, "pull_limit": 1, "work_order": "disputed"}
    changed = ada.put(PATH, body)
    assert [changed.json()[name] for name in names] == ["both", 0.5, 1, "disputed"]
    assert ann.get(PATH).json() == changed.json()
    off = ada.put(PATH, {"suggestions": "none"}).json()
    assert [off[name] for name in names] == ["none", 0.3, 0.2, "disputed"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"tolerance": -1}, {"tolerance"}),
        ({"tolerance": "1"}, {"tolerance"}),
        ({"annotators_per_sample": 1.5}, {"annotators_per_sample"}),
        ({"annotators_per_sample": 99}, {"annotators_per_sample"}),
        ({"annotators_per_sample": 10**30}, {"annotators_per_sample"}),
        ({"tolerance": 1}, {"tie_rule"}),
        ({"annotators_per_sample": 4}, {"annotators_per_sample"}),
        ({"cross_review": "share"}, {"review_share"}),
        ({"cross_review": "high"}, {"review_threshold"}),
        ({"cross_review": "some"}, {"cross_review"}),
        ({"reason_first": 1}, {"reason_first"}),
        ({"discussion_days": 0}, {"discussion_days"}),
        ({"suggestions": "some"}, {"suggestions"}),
        ({"suggestions": "delayed", "annotators_per_sample": 1}, {"suggestions"}),
        ({"suggestions": "delayed", "blind_share": 0.1}, {"blind_share"}),
        ({"suggestions": "delayed", "blind_share": "0.5"}, {"blind_share"}),
        ({"suggestions": "delayed", "pull_limit": 0}, {"pull_limit"}),
        ({"work_order": True}, {"work_order"}),
        ({"version": 7}, {"version"}),
        ({"preset": "papers"}, {"preset"}),
    ],
)
def test_what_cannot_work_is_refused_by_field(
    study: Study, ann: Caller, ben: Caller, ada: Caller, body: dict[str, Any], wrong: set[str]
) -> None:
    assert fields(ada.put(PATH, body)) == wrong
    assert Protocol.objects.filter(study=study).count() == 1


def test_a_forecast_rests_on_the_scores_so_far(study: Study, ann: Caller, ben: Caller, ada: Caller) -> None:
    empty = ada.get(f"{PATH}forecast/").json()
    assert empty["rows"] == []
    assert "2 scores" in empty["needed"]
    make_dispute(study, ann, ben)
    make_sample(study, pictures=["red"])
    for caller in (ann, ben):
        caller.score(caller.lease(), GOOD, seconds=40)
    shown = ada.get(f"{PATH}forecast/").json()
    assert shown["basis"]["samples"] == 2
    shares = {row["tolerance"]: row["disputed_share"] for row in shown["rows"]}
    assert (shares[0], shares[2]) == (0.5, 0)
    assert refusal(ann.get(f"{PATH}forecast/")) == (403, "not_allowed")


def test_begun_samples_move_to_the_rules_of_now_after_a_look(
    study: Study, ann: Caller, ben: Caller, ada: Caller
) -> None:
    make_sample(study, pictures=["red"])
    ann.score(ann.lease(), GOOD)
    assert ada.put(PATH, {"preset": "single"}).status_code == 200
    assert ada.get(f"{PATH}move/").json() == {
        "samples": 1,
        "decided_now": 1,
        "more_slots": 0,
        "fewer_slots": 1,
        "leases_back": 0,
        "staying": 0,
    }
    assert Sample.objects.get().state == "scoring"
    assert refusal(ann.post(f"{PATH}move/")) == (403, "not_allowed")
    assert ada.post(f"{PATH}move/").json() == {"moved": 1}
    assert Sample.objects.get().state == "agreed"
    assert ada.post(f"{PATH}move/").json() == {"moved": 0}


def test_who_leads_a_study_may_make_one_and_copy_one(study: Study, ada: Caller, ann: Caller, rae: Caller) -> None:
    ada.put(PATH, {"lease_minutes": 50})
    make_sample(study)
    body = {"slug": "birds-again", "title": "Birds again", "members": True}
    copied = ada.post("studies/birds/copy/", body)
    assert copied.status_code == 201
    shown = copied.json()
    assert (shown["slug"], shown["state"], shown["my_role"]) == ("birds-again", "draft", "admin")
    assert shown["protocol"]["lease_minutes"] == 50
    assert {row["name"] for row in ada.get("studies/birds-again/members/").json()["results"]} == {"Ada", "Ann", "Rae"}
    assert ada.get("studies/birds-again/samples/").json()["results"] == []
    assert refusal(ada.post("studies/birds/copy/", body)) == (409, "exists")
    assert fields(ada.post("studies/birds/copy/", {"slug": "Not a slug"})) == {"slug"}
    for caller in (ann, rae):
        assert refusal(caller.post("studies/birds/copy/", {"slug": "mine"})) == (403, "not_allowed")
    assert ada.post("studies/", {"slug": "fishes", "rubric": "answer", "state": "draft"}).status_code == 201
    assert refusal(ann.post("studies/", {"slug": "frogs", "rubric": "answer"})) == (403, "not_allowed")


def test_a_study_with_too_few_people_does_not_start(study: Study, ada: Caller) -> None:
    Study.objects.update(state="draft")
    assert refusal(ada.patch("studies/birds/", {"state": "running"})) == (409, "too_few_people")
    for name in ("ann", "ben"):
        make_member(study, name)
    assert ada.patch("studies/birds/", {"state": "running"}).json()["state"] == "running"


def test_scores_under_a_tolerance_agree(study: Study, ann: Caller, ben: Caller, ada: Caller) -> None:
    ada.put(PATH, {"tolerance": 2, "tie_rule": "lower"})
    sample = make_sample(study, pictures=["red"])
    ann.score(ann.lease(), GOOD)
    ben.score(ben.lease(), OTHERWISE)
    final = ada.get(f"samples/{sample.public_id}/").json()["final"]
    assert (final["IQ"]["value"], final["IQ"]["outcome"]) == (3, "within_tolerance")
