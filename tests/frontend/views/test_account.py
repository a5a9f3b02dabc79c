"""A person's own page."""

import pytest
from django.test import Client

from annotation.models import ApiToken, User
from annotation.studies.studies import hash_secret
from tests.factories import PASSWORD, make_member, make_study, make_user

pytestmark = pytest.mark.django_db
NEW = "a phrase that is new"


@pytest.fixture
def ann() -> User:
    return make_user("ann")


@pytest.fixture
def browser(ann: User) -> Client:
    return signed_in()


def signed_in(password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/login/", {"username": "ann", "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_ann_changes_her_details_and_sees_her_own_time_and_theme(browser: Client) -> None:
    sent = {"name": "Ann Okafor", "email": "ann@example.org", "time_zone": "Asia/Tokyo", "theme": "dark"}
    assert browser.post("/account/", sent).status_code == 302
    page = browser.get("/account/").content.decode()
    assert 'data-theme="dark"' in page
    assert "Ann Okafor" in page
    User.objects.update(created_at="2026-11-19T23:30:00Z")
    assert "20 November 2026" in browser.get("/account/").content.decode(), "in Tokyo it is tomorrow"


@pytest.mark.parametrize(
    ("field", "value"), [("email", "no mail"), ("time_zone", "Mars/Olympus"), ("theme", "pink"), ("name", "n" * 121)]
)
def test_what_makes_no_sense_is_refused_beside_its_field(browser: Client, field: str, value: str) -> None:
    sent = {"name": "Ann", "email": "", "time_zone": "", "theme": "", field: value}
    answer = browser.post("/account/", sent)
    assert answer.status_code == 400
    assert f'id="details_{field}_error"' in answer.content.decode()
    assert User.objects.get().name == "Ann"


def test_ann_changes_her_password_and_stays_in_here_only(browser: Client) -> None:
    elsewhere = signed_in()
    assert browser.post("/account/password/", {"old": PASSWORD, "new": NEW}).status_code == 302
    assert is_in(browser)
    assert not is_in(elsewhere)
    assert is_in(signed_in(NEW))
    assert not is_in(signed_in())


@pytest.mark.parametrize("new", ["short", "1234567890123", "password12"])
def test_a_password_that_breaks_a_rule_is_refused_and_the_rule_named(browser: Client, new: str) -> None:
    answer = browser.post("/account/password/", {"old": PASSWORD, "new": new})
    assert answer.status_code == 400
    assert 'id="password_new_error"' in answer.content.decode()
    assert is_in(signed_in())


def test_the_old_password_is_asked_for(browser: Client) -> None:
    answer = browser.post("/account/password/", {"old": "wrong", "new": NEW})
    assert answer.status_code == 400
    assert 'id="password_old_error"' in answer.content.decode()
    assert not is_in(signed_in(NEW))


def test_ann_signs_out_everywhere_else(browser: Client) -> None:
    elsewhere = signed_in()
    assert browser.post("/account/sessions/", {"password": "wrong"}).status_code == 400
    assert is_in(elsewhere)
    assert browser.post("/account/sessions/", {"password": PASSWORD}).status_code == 302
    assert is_in(browser)
    assert not is_in(elsewhere)
    assert is_in(signed_in())


def test_a_token_is_shown_once_works_and_is_revoked(browser: Client, ann: User) -> None:
    page = browser.post("/account/tokens/", {"name": "my laptop"}).content.decode()
    secret = page.split('value="syn_')[1].split('"')[0]
    token = ApiToken.objects.get(name="my laptop")
    assert token.secret_hash == hash_secret("syn_" + secret)
    assert secret not in browser.get("/account/").content.decode()
    program = Client(headers={"authorization": f"Bearer syn_{secret}"})
    assert program.get("/api/me/").status_code == 200
    browser.post(f"/account/tokens/{token.pk}/revoke/")
    assert program.get("/api/me/").status_code == 401
    assert "my laptop" not in browser.get("/account/").content.decode().split("h-tokens")[1]


def test_two_tokens_do_not_share_a_name(browser: Client) -> None:
    browser.post("/account/tokens/", {"name": "my laptop"})
    again = browser.post("/account/tokens/", {"name": "my laptop"})
    assert again.status_code == 409
    assert 'id="token_name_error"' in again.content.decode()
    assert ApiToken.objects.count() == 1


def test_nobody_revokes_somebody_elses_token(browser: Client) -> None:
    token = ApiToken.objects.create(user=make_user("ben"), name="ben's", secret_hash="x")
    assert browser.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_front_page_tells_a_newcomer_what_to_do(browser: Client) -> None:
    assert "invitation" in browser.get("/").content.decode()
    User.objects.update(is_site_admin=True)
    assert "create_study" in browser.get("/").content.decode()


def test_the_front_page_lists_my_studies_with_role_and_state(browser: Client, ann: User) -> None:
    make_member(make_study("birds", title="Birds that sing"), ann)
    make_member(make_study("fishes", title="Fishes", state="paused"), ann, "researcher")
    make_study("stones", title="Stones")
    page = browser.get("/").content.decode()
    assert "Birds that sing" in page
    assert "annotator · running" in page
    assert "researcher · <span" in page
    assert "Stones" not in page
    User.objects.update(is_site_admin=True)
    assert "Stones" in browser.get("/").content.decode()
