"""Getting in, being kept out, and getting out."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from annotation.core.errors import NotAllowed
from annotation.models import User
from annotation.studies import accounts
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return make_user("ann")


def sign_in(client: Client, password: str = PASSWORD, username: str = "ann", **extra: str) -> int:
    return client.post("/login/", {"username": username, "password": password, **extra}).status_code


def test_ann_signs_in_and_comes_to_the_page_that_she_asked_for(client: Client, ann: User) -> None:
    asked = client.get("/account/")
    assert asked.headers["Location"] == "/login/?next=/account/"
    answer = client.post("/login/", {"username": "ann", "password": PASSWORD, "next": "/account/"})
    assert answer.headers["Location"] == "/account/"
    assert client.get("/account/").status_code == 200


def test_signing_in_leads_nowhere_outside(client: Client, ann: User) -> None:
    answer = client.post("/login/", {"username": "ann", "password": PASSWORD, "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_is_told_beside_the_form_and_says_nothing_of_who_exists(client: Client, ann: User) -> None:
    known = client.post("/login/", {"username": "ann", "password": "wrong"})
    unknown = client.post("/login/", {"username": "zoe", "password": "wrong"})
    assert known.status_code == unknown.status_code == 400
    refusal = re.compile(r'<p class="error-message".*?</p>', re.DOTALL)
    assert refusal.findall(known.content.decode()) == refusal.findall(unknown.content.decode()) != []


def test_ten_wrong_passwords_lock_ann_out_for_a_quarter_of_an_hour(client: Client, ann: User) -> None:
    for _ in range(9):
        assert sign_in(client, "wrong") == 400
    answer = client.post("/login/", {"username": "ann", "password": "wrong"})
    assert answer.status_code == 429
    assert "15 minutes" in answer.content.decode()
    assert answer.headers["Retry-After"] == "900"
    assert sign_in(client) == 429, "even the right password is refused now"


def test_trying_again_while_locked_out_does_not_make_it_longer(client: Client, ann: User) -> None:
    for _ in range(10):
        sign_in(client, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=9, seconds=30))
    assert "6 minutes" in client.post("/login/", {"username": "ann", "password": "wrong"}).content.decode()
    assert "6 minutes" in client.post("/login/", {"username": "ann", "password": "wrong"}).content.decode()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(client) == 302


def test_being_locked_out_keeps_nobody_else_out(client: Client, ann: User) -> None:
    make_user("ben")
    for _ in range(11):
        sign_in(client, "wrong")
    assert sign_in(client, username="ben") == 302


def test_the_api_says_the_same_of_a_lock_out(client: Client, ann: User) -> None:
    for _ in range(10):
        sign_in(client, "wrong")
    answer = client.post("/api/session/", {"username": "ann", "password": PASSWORD}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")


def test_a_session_ends_by_itself(client: Client, ann: User, settings: LazySettings) -> None:
    sign_in(client)
    assert client.get("/account/").status_code == 200
    lasts = Session.objects.get().expire_date - timezone.now()
    assert timedelta(hours=11) < lasts <= timedelta(seconds=settings.SESSION_COOKIE_AGE)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/account/").headers["Location"] == "/login/?next=/account/"


def test_signing_out_needs_a_post_and_ends_the_session(client: Client, ann: User) -> None:
    sign_in(client)
    assert client.get("/logout/").status_code == 405
    assert client.get("/account/").status_code == 200
    client.post("/logout/")
    assert client.get("/account/").status_code == 302
    assert not Session.objects.exists()


def test_somebody_whose_account_is_closed_does_not_come_in_and_is_put_out(client: Client, ann: User) -> None:
    sign_in(client)
    User.objects.update(is_active=False)
    assert client.get("/account/").status_code == 302
    assert sign_in(Client()) == 400


def test_a_form_without_its_token_is_refused(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login/", {"username": "ann", "password": PASSWORD})
    assert answer.status_code == 403
    assert "out of date" in answer.content.decode()


def test_a_site_administrators_link_sets_a_password_once(client: Client, ann: User) -> None:
    sia = make_user("sia", is_site_admin=True)
    sign_in(other := Client())
    ann.refresh_from_db()
    uid, token = accounts.make_password_link(by=sia, user=ann)
    page = client.get(f"/password/{uid}/{token}/")
    form = page.headers["Location"]
    assert token not in form, "the secret leaves the address bar"
    weak = client.post(form, {"new": "12345"})
    assert weak.status_code == 400
    assert "at least 10 characters" in weak.content.decode()
    assert client.post(form, {"new": "quite another phrase"}).headers["Location"] == "/login/"
    assert sign_in(Client()) == 400
    assert sign_in(Client(), "quite another phrase") == 302
    assert other.get("/account/").status_code == 302, "sessions under the old password are over"
    assert Client().get(f"/password/{uid}/{token}/").status_code == 410


def test_signing_in_makes_an_unused_link_worthless(client: Client, ann: User) -> None:
    uid, token = accounts.make_password_link(by=make_user("sia", is_site_admin=True), user=ann)
    sign_in(Client())
    assert client.get(f"/password/{uid}/{token}/").status_code == 410


def test_nobody_else_makes_a_link_to_set_a_password(ann: User) -> None:
    with pytest.raises(NotAllowed):
        accounts.make_password_link(by=make_user("ada"), user=ann)


def test_no_page_is_kept_by_a_cache_or_put_into_a_frame(client: Client, ann: User) -> None:
    sign_in(client)
    answer = client.get("/account/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
