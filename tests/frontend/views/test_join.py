"""The life of an invitation, as its bearer meets it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Invitation, Member, Study, User
from annotation.studies import invitations
from tests.factories import PASSWORD, make_member, make_study, make_user

pytestmark = pytest.mark.django_db
GOOD = {"name": "Sam Stranger", "username": "sam", "password": "a phrase of my own"}


@pytest.fixture
def study() -> Study:
    return make_study("birds", title="Birds that sing")


@pytest.fixture
def ada(study: Study) -> User:
    member = make_member(study, "ada", "admin")
    assert member.user is not None
    return member.user


def link(study: Study, ada: User, **options: object) -> str:
    _invitation, secret = invitations.create_invitation(by=ada, study=study, **{"role": "annotator", **options})
    return f"/join/{secret}/"


def test_sam_makes_an_account_and_is_in(client: Client, study: Study, ada: User) -> None:
    address = link(study, ada)
    page = client.get(address).content.decode()
    assert "Birds that sing" in page
    assert "annotator" in page
    answer = client.post(address, GOOD, follow=True)
    assert answer.redirect_chain[0][0] == "/studies/birds/"
    member = Member.objects.get(user__username="sam")
    assert (member.role, member.name, member.study) == ("annotator", "Sam Stranger", study)
    assert client.get("/account/").status_code == 200


def test_coming_back_to_a_used_link_leads_the_member_to_the_study(client: Client, study: Study, ada: User) -> None:
    address = link(study, ada)
    client.post(address, GOOD)
    assert client.get(address).headers["Location"] == "/studies/birds/"
    assert client.post(address, GOOD).headers["Location"] == "/studies/birds/"
    assert Member.objects.filter(study=study).count() == 2
    assert Invitation.objects.get().uses_left == 0


def test_a_used_link_lets_nobody_else_in(client: Client, study: Study, ada: User) -> None:
    address = link(study, ada)
    client.post(address, GOOD)
    other = Client()
    assert other.get(address).status_code == 409
    assert other.post(address, {**GOOD, "username": "zoe"}).status_code == 409
    assert not User.objects.filter(username="zoe").exists()


@pytest.mark.parametrize("worn", ["expired", "revoked"])
def test_a_worn_out_link_says_so_and_makes_no_account(client: Client, study: Study, ada: User, worn: str) -> None:
    address = link(study, ada)
    moment = timezone.now() - timedelta(seconds=1)
    Invitation.objects.update(**{"expired": {"expires_at": moment}, "revoked": {"revoked_at": moment}}[worn])
    answer = client.get(address)
    assert answer.status_code == 409
    assert {"expired": "has expired", "revoked": "was taken back"}[worn] in answer.content.decode()
    assert client.post(address, GOOD).status_code == 409
    assert not User.objects.filter(username="sam").exists()


def test_a_made_up_link_is_not_found(client: Client) -> None:
    assert client.get("/join/made-up/").status_code == 404
    assert client.post("/join/made-up/", GOOD).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "12345678901234"),
        ("password", "sam stranger"),
        ("username", ""),
        ("name", ""),
    ],
)
def test_the_rules_for_an_account_are_shown_and_kept(
    client: Client, study: Study, ada: User, field: str, value: str
) -> None:
    address = link(study, ada)
    assert "at least 10 characters" in client.get(address).content.decode()
    answer = client.post(address, {**GOOD, field: value})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert 'aria-invalid="true"' in page
    assert not User.objects.filter(username="sam").exists()
    assert Invitation.objects.get().uses_left == 1


def test_a_taken_username_costs_no_use_of_the_link(client: Client, study: Study, ada: User) -> None:
    make_user("sam")
    answer = client.post(link(study, ada), GOOD)
    assert answer.status_code == 409
    assert 'id="id_username_error"' in answer.content.decode()
    assert Invitation.objects.get().uses_left == 1


def test_somebody_with_an_account_signs_in_and_joins(client: Client, study: Study, ada: User) -> None:
    make_user("ben")
    address = link(study, ada, role="researcher")
    assert f"/login/?next={address}" in client.get(address).content.decode()
    client.post("/login/", {"username": "ben", "password": PASSWORD, "next": address})
    assert "Join as Ben" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    assert Member.objects.get(user__username="ben").role == "researcher"


def test_an_invitation_takes_over_the_scores_of_a_member_without_login(client: Client, study: Study, ada: User) -> None:
    ida = make_member(study, None, name="Ida")
    address = link(study, ada, member=ida)
    assert "Ida" in client.get(address).content.decode()
    client.post(address, GOOD)
    ida.refresh_from_db()
    assert ida.user is not None
    assert ida.user.username == "sam"


def test_an_invitation_does_not_change_what_a_member_is(client: Client, study: Study, ada: User) -> None:
    address = link(study, ada)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code == 302
    assert Member.objects.get(user=ada).role == "admin"
    assert Invitation.objects.get().uses_left == 1
