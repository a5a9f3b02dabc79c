"""Making a study in the browser: from nothing, or after another one."""

import re
from typing import Any

import pytest
from django.test import Client

from annotation.models import Member, Protocol, Rubric, Study, User
from annotation.studies import protocols
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db

COPY = "/studies/birds/copy/"


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2, title="Birds")
    make_member(study, "ann")
    make_member(study, "ben", state="paused")
    make_member(study, None, name="expert1")
    make_member(study, "rae", "researcher")
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(study: Study) -> Client:
    return client_of("ada")


def client_of(who: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(make_user(who, **fields), backend="django.contrib.auth.backends.ModelBackend")
    return client


def sent(study: Study, **changed: str) -> dict[str, str]:
    return {"title": "Stones", "slug": "stones", "rubric": str(study.rubric_id), "preset": "pair", **changed}


def roles(slug: str) -> dict[str, str]:
    return dict(Member.objects.filter(study__slug=slug).values_list("user__username", "role"))


def test_an_admin_of_any_study_makes_another_one_in_draft(ada: Client, study: Study) -> None:
    assert "/new-study/" in ada.get("/").content.decode()
    assert ada.post("/new-study/", sent(study)).headers["Location"] == "/studies/stones/"
    made = Study.objects.get(slug="stones")
    protocol = Protocol.objects.get(study=made)
    assert (made.state, made.rubric, protocol.preset, protocol.annotators_per_sample) == (
        "draft",
        study.rubric,
        "pair",
        2,
    )
    assert roles("stones") == {"ada": "admin"}
    board = ada.get("/studies/stones/").content.decode()
    assert "Before the study can start" in board
    assert "/studies/stones/imports/" in board


@pytest.mark.parametrize("who", ["ann", "rae", "sam"])
def test_nobody_else_does(study: Study, who: str) -> None:
    client = client_of(who)
    assert "/new-study/" not in client.get("/").content.decode()
    assert client.get("/new-study/").status_code == 403
    assert client.post("/new-study/", sent(study)).status_code == 403
    assert Study.objects.count() == 1


def test_a_paused_admin_leads_nothing_and_makes_nothing(ada: Client, study: Study) -> None:
    Member.objects.filter(user__username="ada").update(state="paused")
    assert ada.post("/new-study/", sent(study)).status_code == 403


def test_the_choices_say_what_is_scored_and_what_happens(ada: Client) -> None:
    page = ada.get("/new-study/").content.decode()
    assert "Text Content Completeness, Image Content Completeness, Image Quality, Image-Text Synergy" in page
    assert "levels from 0 to 5" in page
    assert "Answers that interleave text and images" in page, "a built-in rubric is there from the beginning"
    assert "any difference is discussed, the high-rated are reviewed by somebody new" in page


def test_a_built_in_rubric_that_nobody_has_used_is_brought_in(ada: Client, study: Study) -> None:
    assert ada.post("/new-study/", sent(study, rubric="interleaved-answer")).status_code == 302
    assert Study.objects.get(slug="stones").rubric == Rubric.objects.get(key="interleaved-answer")


def test_a_rubric_of_a_study_that_ada_is_not_in_is_not_offered(ada: Client, study: Study) -> None:
    secret = make_study("secret", rubric=make_rubric("secret-rubric")).rubric
    assert "secret-rubric" not in ada.get("/new-study/").content.decode()
    answer = ada.post("/new-study/", sent(study, rubric=str(secret.pk)))
    assert answer.status_code == 400
    assert 'id="id_rubric_error"' in answer.content.decode()
    sia = client_of("sia", is_site_admin=True)
    assert sia.post("/new-study/", sent(study, rubric=str(secret.pk))).status_code == 302


def test_a_preset_that_does_not_fit_the_rubric_is_refused_beside_it(ada: Client, study: Study) -> None:
    short = make_rubric("short", levels=(1, 2, 3))
    study.rubric = short
    study.save()
    answer = ada.post("/new-study/", sent(study, preset="paper"))
    assert answer.status_code == 400
    assert "from 1 to 3" in answer.content.decode().split('id="id_preset_error"')[1].split("</div>")[0]
    assert Study.objects.count() == 1


def test_the_active_people_of_another_study_come_along_in_their_roles(ada: Client, study: Study) -> None:
    ada.post("/new-study/", sent(study, people_of=str(study.pk)))
    assert roles("stones") == {"ada": "admin", "ann": "annotator", "rae": "researcher"}


def test_people_of_a_study_that_ada_does_not_lead_stay_where_they_are(ada: Client, study: Study) -> None:
    other = make_study("fishes")
    make_member(other, "olga")
    make_member(other, "ada")
    assert ada.post("/new-study/", sent(study, people_of=str(other.pk))).status_code == 400
    assert not Study.objects.filter(slug="stones").exists()


@pytest.mark.parametrize(
    ("field", "value"), [("title", ""), ("slug", "Two words"), ("rubric", ""), ("preset", "papre")]
)
def test_what_is_missing_is_named(ada: Client, study: Study, field: str, value: str) -> None:
    answer = ada.post("/new-study/", sent(study, **{field: value}))
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_a_copy_has_the_same_rubric_rules_and_instructions_and_nothing_else(ada: Client, study: Study) -> None:
    make_sample(study)
    protocols.change_protocol(by=User.objects.get(username="ada"), study=study, discussion_days=3)
    page = ada.get(COPY).content.decode()
    assert 'name="title" value="Birds, again"' in page
    assert "expert1" not in page, "somebody without a login only carries scores"
    # As a word: its letters may stand in a token.
    assert not re.search(r"\bBen\b", page)
    ann = Member.objects.get(user__username="ann")
    answer = ada.post(COPY, {"title": "More birds", "slug": "more-birds", "people": [ann.public_id]})
    assert answer.headers["Location"] == "/studies/more-birds/"
    made = Study.objects.get(slug="more-birds")
    protocol = Protocol.objects.get(study=made)
    assert (made.state, made.rubric, made.instructions) == ("draft", study.rubric, "Read all of it first.")
    assert (protocol.version, protocol.annotators_per_sample, protocol.discussion_days) == (1, 2, 3)
    assert not made.samples.exists()
    assert roles("more-birds") == {"ada": "admin", "ann": "annotator"}


def test_a_copy_without_anybody_is_led_by_who_made_it(ada: Client) -> None:
    ada.post(COPY, {"title": "More birds", "slug": "more-birds"})
    assert roles("more-birds") == {"ada": "admin"}


def test_a_name_that_is_taken_is_refused(ada: Client) -> None:
    answer = ada.post(COPY, {"title": "Birds", "slug": "birds"})
    assert answer.status_code == 409
    assert 'id="id_slug_error"' in answer.content.decode()
    assert Study.objects.count() == 1


def test_only_those_who_lead_a_study_copy_it(study: Study) -> None:
    assert client_of("ann").get(COPY).status_code == 403
    assert client_of("rae").post(COPY, {"title": "Birds", "slug": "mine"}).status_code == 403
    assert client_of("sam").post(COPY, {"title": "Birds", "slug": "mine"}).status_code == 404
    assert Study.objects.count() == 1
