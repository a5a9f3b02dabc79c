"""Studies and rubrics."""

import pytest

from annotation.models import HistoryEntry, Rubric, Study
from tests.factories import make_rubric, make_study

from .caller import Caller, fields, refusal

pytestmark = pytest.mark.django_db

RUBRIC = """
key = "short"
title = "Short"
[[dimensions]]
key = "OK"
name = "Is it fine?"
needs = ["text"]
levels = [0, 1]
anchors = ["no", "yes"]
"""


def test_a_study_shows_its_rubric_and_rules_to_its_members(ann: Caller, sam: Caller) -> None:
    study = ann.get("studies/birds/").json()
    assert (study["slug"], study["state"], study["my_role"]) == ("birds", "running", "annotator")
    assert study["protocol"]["annotators_per_sample"] == 2
    dimension = study["rubric"]["dimensions"][0]
    assert (dimension["key"], dimension["needs"], dimension["missing"]) == ("TCC", ["text"], 0)
    assert dimension["levels"][5] == {"value": 5, "label": "", "anchor": "TCC at 5"}
    assert refusal(sam.get("studies/birds/")) == (404, "not_found")


def test_everybody_lists_their_own_studies(ann: Caller, sam: Caller, root: Caller) -> None:
    make_study("boats")
    assert [row["slug"] for row in ann.get("studies/").json()["results"]] == ["birds"]
    assert sam.get("studies/").json()["results"] == []
    assert [(row["slug"], row["my_role"]) for row in root.get("studies/").json()["results"]] == [
        ("birds", None),
        ("boats", None),
    ]


def test_an_admin_changes_a_study_and_nobody_else_does(ada: Caller, ann: Caller, rae: Caller, sam: Caller) -> None:
    change = {"title": "Birds of Europe", "instructions": "Zoom in.", "state": "paused"}
    assert ada.patch("studies/birds/", change).json()["title"] == "Birds of Europe"
    assert HistoryEntry.objects.filter(event="study_changed", user__username="ada").count() == 1
    assert refusal(ann.patch("studies/birds/", change)) == (403, "not_allowed")
    assert refusal(rae.patch("studies/birds/", {"state": "nonsense"})) == (403, "not_allowed")
    assert refusal(sam.patch("studies/birds/", change)) == (404, "not_found")
    wrong = {"title": "", "instructions": 4, "state": "open", "slug": "x"}
    assert fields(ada.patch("studies/birds/", wrong)) == {"title", "instructions", "state", "slug"}
    assert fields(ada.patch("studies/birds/", {"title": "x" * 201})) == {"title"}
    assert Study.objects.get().title == "Birds of Europe"


def test_a_site_administrator_makes_a_study_and_leads_it(root: Caller, ann: Caller, sam: Caller) -> None:
    make_rubric()
    body = {"slug": "boats", "title": "Boats", "rubric": "answer", "protocol": "single"}
    for caller in (ann, sam):
        assert refusal(caller.post("studies/", body)) == (403, "not_allowed")
    made = root.post("studies/", body)
    assert made.status_code == 201
    assert (made.json()["my_role"], made.json()["protocol"]["annotators_per_sample"]) == ("admin", 1)
    assert refusal(root.post("studies/", body)) == (409, "exists")
    assert fields(root.post("studies/", body | {"slug": "Ü b"})) == {"slug"}
    assert fields(root.post("studies/", body | {"rubric": "none"})) == {"rubric"}
    assert fields(root.post("studies/", body | {"rubric": "answer@" + "9" * 50})) == {"rubric"}
    assert fields(root.post("studies/", {"protocol": "mine"})) == {"slug", "rubric", "protocol"}


def test_rubrics_come_in_as_the_text_of_a_file(root: Caller, ada: Caller) -> None:
    made = root.post("rubrics/", {"toml": RUBRIC}).json()
    assert (made["key"], made["version"]) == ("short", 1)
    assert made["dimensions"][0]["levels"][1]["anchor"] == "yes"
    assert root.post("rubrics/", {"toml": RUBRIC}).json()["version"] == 1
    assert refusal(ada.post("rubrics/", {"toml": RUBRIC})) == (403, "not_allowed")
    assert refusal(root.post("rubrics/", {"toml": "key = "})) == (400, "invalid")
    assert fields(root.post("rubrics/", {"toml": "key = 'x'\ntitle = 'X'"})) == {"dimensions"}
    assert Rubric.objects.filter(key="short").count() == 1


def test_rubrics_are_listed_where_they_are_used(root: Caller, ann: Caller, sam: Caller) -> None:
    make_rubric("other")
    assert [row["key"] for row in ann.get("rubrics/").json()["results"]] == ["answer"]
    assert [row["key"] for row in root.get("rubrics/").json()["results"]] == ["answer", "other"]
    assert sam.get("rubrics/").json()["results"] == []
