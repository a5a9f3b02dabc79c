"""Who is asking, and what a request without a good answer to that gets."""

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from annotation.models import ApiToken, Study, User
from tests.factories import PASSWORD, make_sample, make_token, make_user

from .caller import Browser, Caller, refusal

pytestmark = pytest.mark.django_db


def test_nobody_is_asked_to_sign_in(nobody: Caller) -> None:
    response = nobody.get("me/")
    assert refusal(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token"])
def test_a_token_acts_as_its_user(study: Study, scheme: str) -> None:
    secret = make_token(make_user("ann"))
    response = Caller().get("me/", headers={"authorization": f"{scheme} {secret}"})
    assert response.json()["username"] == "ann"


@pytest.mark.parametrize("secret", ["", "x", "syn_unknown", "ü", "a b", "\x00", "x" * 10_000])
def test_an_unknown_token_is_refused(nobody: Caller, secret: str) -> None:
    response = nobody.get("me/", headers={"authorization": f"Token {secret}"})
    assert refusal(response) == (401, "bad_token")
    assert response["WWW-Authenticate"] == "Token"


def test_a_revoked_token_opens_nothing(ann: Caller) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())
    assert refusal(ann.get("me/")) == (401, "bad_token")


def test_the_token_of_somebody_who_was_shut_out_opens_nothing(ann: Caller) -> None:
    User.objects.update(is_active=False)
    assert refusal(ann.get("me/")) == (401, "bad_token")


def test_a_token_is_looked_up_in_one_statement_without_a_session(ann: Caller, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(3):  # who it is, which studies, and what waits in them
        response = ann.get("me/")
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_a_page_reads_with_its_session_and_writes_with_its_csrf_token(study: Study, ann: Caller) -> None:
    make_sample(study)
    page = Browser(make_user("ann"))
    assert page.get("me/").json()["username"] == "ann"
    assert refusal(page.post("studies/birds/assignments/")) == (403, "csrf_failed")
    page.with_csrf()
    assert len(page.post("studies/birds/assignments/").json()["assignments"]) == 1


def test_a_page_of_ann_gets_no_answer_under_the_session_of_ben(study: Study, ann: Caller, ben: Caller) -> None:
    make_sample(study)
    names = {person: str(User.objects.get(username=person).pk) for person in ("ann", "ben")}
    page = Browser(User.objects.get(username="ben")).with_csrf()
    for call in (page.get, page.post):
        refused = call("studies/birds/assignments/", headers={"X-Person": names["ann"]})
        assert refusal(refused) == (401, "not_authenticated")
    assert page.post("studies/birds/assignments/", headers={"X-Person": names["ben"]}).status_code == 200


def test_signing_in_in_place(study: Study, ann: Caller) -> None:
    page = Browser()
    credentials = {"username": "ann", "password": PASSWORD}
    assert refusal(page.post("session/", credentials)) == (403, "csrf_failed")
    page.with_csrf()
    response = page.post("session/", credentials)
    (place,) = response.json()["studies"]
    assert place == {"slug": "birds", "title": "Birds", "role": "annotator", "state": "running", "waiting": 0}
    assert "sessionid" in response.cookies
    page.headers["x-csrftoken"] = page.client.cookies["csrftoken"].value
    assert page.get("me/").json()["username"] == "ann"
    assert page.delete("session/").status_code == 204
    assert refusal(page.get("me/")) == (401, "not_authenticated")
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "credentials", [{"username": "ann", "password": "wrong"}, {"username": "who", "password": PASSWORD}]
)
def test_wrong_credentials_say_no_more_than_that(ann: Caller, credentials: dict[str, str]) -> None:
    assert refusal(Browser().with_csrf().post("session/", credentials)) == (400, "bad_credentials")


def test_guessing_is_locked_out(ann: Caller, settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    page = Browser().with_csrf()
    answers = [refusal(page.post("session/", {"username": "ann", "password": f"{n}"})) for n in range(3)]
    assert answers == [(400, "bad_credentials"), (400, "bad_credentials"), (429, "locked_out")]
    assert refusal(page.post("session/", {"username": "ann", "password": PASSWORD})) == (429, "locked_out")


def test_credentials_are_texts(nobody: Caller) -> None:
    page = Browser().with_csrf()
    response = page.post("session/", {"username": 4, "password": None, "next": "/"})
    assert set(response.json()["fields"]) == {"username", "password", "next"}
