"""Logins, tokens, and being forgotten."""

from uuid import uuid4

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth import authenticate, get_user
from django.db.models import Model
from django.test import Client, RequestFactory

from annotation.core.errors import BadInput, NotAllowed, WrongState
from annotation.models import ApiToken, Assignment, HistoryEntry, Member, Score, User
from annotation.scoring import leasing, submitting
from annotation.studies import logins
from tests.factories import PASSWORD, make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("password", ["short", "1234567890123", "password12", "annabelle-o"])
def test_an_easy_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        logins.create_user(username="annabelle-o", password=password)
    assert "password" in refused.value.fields
    assert not User.objects.exists()


def test_without_a_password_nobody_can_sign_in() -> None:
    assert not logins.create_user(username="ann").has_usable_password()


def test_a_taken_username_is_refused() -> None:
    logins.create_user(username="ann")
    with pytest.raises(WrongState):
        logins.create_user(username="ann")


def test_a_token_is_stored_as_a_hash_and_can_be_revoked() -> None:
    ann = make_user("ann")
    token, secret = logins.create_token(by=ann, user=ann, name="laptop")
    assert secret not in str(ApiToken.objects.values())
    logins.revoke_token(by=ann, token=token)
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_nobody_makes_or_revokes_tokens_for_somebody_else() -> None:
    ann, ben = make_user("ann"), make_user("ben")
    with pytest.raises(NotAllowed):
        logins.create_token(by=ben, user=ann, name="mine now")
    token, _ = logins.create_token(by=ann, user=ann, name="laptop")
    with pytest.raises(NotAllowed):
        logins.revoke_token(by=ben, token=token)


def dump_rows(*models: type[Model]) -> str:
    return str([list(model._default_manager.values()) for model in models]).lower()


def test_an_erased_person_leaves_scores_and_no_name() -> None:
    study = make_study()
    member = make_member(study, make_user("annabelle", name="Annabelle Okafor", email="annabelle@example.org"))
    assert member.user is not None
    make_sample(study)
    make_sample(study)
    work = leasing.lease_samples(by=member.user, slug=study.slug, count=2).assignments
    submitting.submit_score(
        by=member.user,
        assignment_id=work[0].public_id,
        client_key=uuid4(),
        ratings={"TCC": 3},
        notes={},
        seconds=None,
    )
    logins.erase_user(by=member.user, user=member.user)
    assert "annabelle" not in dump_rows(User, Member, ApiToken, HistoryEntry)
    assert Score.objects.filter(member=member, voided_at=None).count() == 1
    assert not Assignment.objects.filter(state=Assignment.State.LEASED).exists()


def test_an_erased_person_is_signed_in_nowhere_and_leaves_no_trace_of_signing_in() -> None:
    ann, ben = make_user("annabelle", is_site_admin=True), make_user("ben")
    clients = [Client(), Client()]
    for user, client in zip((ann, ben), clients, strict=True):
        client.post("/login/", {"username": user.username, "password": PASSWORD})
        authenticate(RequestFactory().post("/login/"), username=user.username, password="mistyped")
    assert [get_user(client) for client in clients] == [ann, ben]
    logins.create_token(by=ann, user=ann, name="laptop")
    assert all("annabelle" in dump_rows(model) for model in (AccessAttempt, AccessLog))
    logins.erase_user(by=ann, user=ann)
    assert [get_user(client).is_anonymous for client in clients] == [True, False]
    assert not ApiToken.objects.exists()
    assert not User.objects.get(pk=ann.pk).is_site_admin
    assert "annabelle" not in dump_rows(User, AccessAttempt, AccessLog)
    assert all("ben" in dump_rows(model) for model in (AccessAttempt, AccessLog))


def test_people_erase_themselves_and_site_administrators_anybody() -> None:
    ann, ben, root = make_user("ann"), make_user("ben"), make_user("root", is_site_admin=True)
    with pytest.raises(NotAllowed):
        logins.erase_user(by=ben, user=ann)
    assert not logins.is_erased(User.objects.get(pk=ann.pk))
    for by, user in ((ben, ben), (root, ann)):
        logins.erase_user(by=by, user=user)
        assert logins.is_erased(User.objects.get(pk=user.pk))


def test_erasing_twice_is_erasing_once() -> None:
    study = make_study()
    member = make_member(study, make_user("ann"))
    for _ in range(2):
        logins.erase_user(by=None, user=User.objects.get(pk=member.user_id))
    assert HistoryEntry.objects.filter(event="member_erased", study=study, member=member).count() == 1


def test_nobody_takes_the_username_that_somebody_erased_will_have() -> None:
    with pytest.raises(BadInput) as refused:
        logins.create_user(username="erased-7")
    assert "username" in refused.value.fields
