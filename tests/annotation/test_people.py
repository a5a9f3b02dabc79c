"""Logins, tokens, and being forgotten."""

import pytest

from annotation.errors import BadInput, NotAllowed, WrongState
from annotation.models import ApiToken, Assignment, HistoryEntry, Member, Score, User
from annotation.services import assigning, people, scoring
from tests.factories import make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("password", ["short", "1234567890123", "password12", "annabelle-o"])
def test_an_easy_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        people.create_user(username="annabelle-o", password=password)
    assert "password" in refused.value.fields
    assert not User.objects.exists()


def test_without_a_password_nobody_can_sign_in() -> None:
    assert not people.create_user(username="ann").has_usable_password()


def test_a_taken_username_is_refused() -> None:
    people.create_user(username="ann")
    with pytest.raises(WrongState):
        people.create_user(username="ann")


def test_a_token_is_stored_as_a_hash_and_can_be_revoked() -> None:
    ann = make_user("ann")
    token, secret = people.create_token(by=ann, user=ann, name="laptop")
    assert secret not in str(ApiToken.objects.values())
    people.revoke_token(by=ann, token=token)
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_nobody_makes_or_revokes_tokens_for_somebody_else() -> None:
    ann, ben = make_user("ann"), make_user("ben")
    with pytest.raises(NotAllowed):
        people.create_token(by=ben, user=ann, name="mine now")
    token, _ = people.create_token(by=ann, user=ann, name="laptop")
    with pytest.raises(NotAllowed):
        people.revoke_token(by=ben, token=token)


def test_an_erased_person_leaves_scores_and_no_name() -> None:
    from uuid import uuid4

    study = make_study()
    member = make_member(study, make_user("annabelle", name="Annabelle Okafor", email="annabelle@example.org"))
    assert member.user is not None
    make_sample(study)
    make_sample(study)
    work = assigning.lease(by=member.user, slug=study.slug, count=2).assignments
    scoring.submit(
        by=member.user,
        assignment_id=work[0].public_id,
        client_key=uuid4(),
        ratings={"TCC": 3},
        notes={},
        seconds=None,
    )
    people.erase(by=member.user, user=member.user)
    everything = str([list(model.objects.values()) for model in (User, Member, ApiToken, HistoryEntry)])
    assert "annabelle" not in everything.lower()
    assert Score.objects.filter(member=member, voided_at=None).count() == 1
    assert not Assignment.objects.filter(state=Assignment.State.LEASED).exists()
