"""Studies, members, logins and tokens from the command line."""

import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import resolve

from annotation.models import ApiToken, HistoryEntry, Member, Study, User
from tests.factories import PASSWORD, make_member, make_rubric, make_study, make_user

pytestmark = pytest.mark.django_db


def manage(*arguments: str) -> str:
    """Run a command and return what it printed."""
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def path_of_link(printed: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", printed)
    assert found, printed
    return found[1]


def test_a_study_is_created_from_a_built_in_rubric_and_only_once() -> None:
    assert "Created" in manage("create_study", "birds", "--rubric", "interleaved-answer", "--title", "Our birds")
    study = Study.objects.get(slug="birds")
    assert (study.title, study.rubric.key, study.state) == ("Our birds", "interleaved-answer", "running")
    assert study.protocols.get(current=True).annotators_per_sample == 3
    assert "already" in manage("create_study", "birds", "--rubric", "interleaved-answer")
    assert Study.objects.count() == 1
    assert HistoryEntry.objects.filter(event="study_created").count() == 1


def test_a_study_takes_a_protocol_preset() -> None:
    manage("create_study", "birds", "--rubric", "interleaved-answer", "--protocol", "pair")
    assert Study.objects.get().protocols.get().annotators_per_sample == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["birds", "--rubric", "missing"], "no rubric 'missing'"),
        (["birds", "--rubric", "answer@7"], "no rubric 'answer@7'"),
        (["birds", "--rubric", "answer", "--protocol", "missing"], "no protocol preset 'missing'"),
        (["Birds of prey", "--rubric", "answer"], "a-z, 0-9 and hyphens"),
        (["taken", "--rubric", "interleaved-answer"], "it is another one"),
        (["taken", "--rubric", "answer", "--title", "Other"], "it is another one"),
        (["taken", "--rubric", "answer", "--protocol", "pair"], "it is another one"),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_words(arguments: list[str], complaint: str) -> None:
    make_rubric("answer")
    make_study("taken", rubric=make_rubric("answer"))
    with pytest.raises(CommandError, match=re.escape(complaint)):
        manage("create_study", *arguments)
    assert Study.objects.count() == 1


def test_a_new_member_gets_a_login_and_a_link_to_set_the_password(client: Client) -> None:
    make_study("birds")
    printed = manage("add_member", "birds", "ann", "--role", "annotator", "--email", "ann@example.org")
    member = Member.objects.get()
    assert (member.role, member.user.username, member.user.email) == ("annotator", "ann", "ann@example.org")
    path = path_of_link(printed)
    # A good link is exchanged for a session at once; a bad one is not.
    assert client.get(path).status_code == 302
    user = User.objects.get(username="ann")
    assert not user.has_usable_password()
    user.set_password(PASSWORD)
    user.save()
    again = resolve(path).kwargs
    assert not default_token_generator.check_token(user, again["token"])


def test_adding_the_same_member_again_changes_nothing() -> None:
    make_study("birds")
    manage("add_member", "birds", "ann", "--role", "annotator")
    again = manage("add_member", "birds", "ann", "--role", "annotator")
    assert "ann is annotator of birds" in again
    assert "Created" not in again
    assert Member.objects.count() == User.objects.count() == 1


def test_who_has_a_password_gets_no_link() -> None:
    make_study("birds")
    make_user("ann")
    assert "http" not in manage("add_member", "birds", "ann", "--role", "admin")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing", "ann", "--role", "annotator"], "There are: birds"),
        (["birds", "ann", "--role", "king"], "choose from annotator, admin, researcher"),
        (["birds", "ben", "--role", "admin"], "already annotator"),
        (["birds", "x" * 200, "--role", "admin"], "1 to 80 characters"),
        (["birds", "Imported", "--role", "admin"], "already a member called 'Imported'"),
    ],
)
def test_a_member_that_cannot_be_is_refused_in_words_and_leaves_no_login(arguments: list[str], complaint: str) -> None:
    study = make_study("birds")
    Member.objects.create(study=study, user=make_user("ben"), name="Ben", role="annotator")
    Member.objects.create(study=study, name="Imported", role="annotator")
    with pytest.raises(CommandError) as refusal:
        manage("add_member", *arguments)
    assert complaint in str(refusal.value).replace("'annotator', 'admin', 'researcher'", "annotator, admin, researcher")
    assert User.objects.count() == 1


def test_a_token_is_printed_once_and_alone_and_only_its_hash_is_kept(capsys: Any) -> None:
    ann = make_user("ann")
    secret = manage("create_token", "ann", "--label", "notebook").strip()
    token = ApiToken.objects.get(user=ann, name="notebook")
    assert token.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    with pytest.raises(CommandError, match="already a token 'notebook'"):
        manage("create_token", "ann", "--label", "notebook")
    with pytest.raises(CommandError, match="nobody with the username 'sam'"):
        manage("create_token", "sam")
    assert ApiToken.objects.count() == 1


def test_the_first_site_administrator_is_made_here() -> None:
    assert "http" in manage("create_user", "root", "--site-admin")
    assert User.objects.get(username="root").is_site_admin
    assert "http" in manage("create_user", "ann")
    assert not User.objects.get(username="ann").is_site_admin
    assert "administrates the site now" in manage("create_user", "ann", "--site-admin")
    assert User.objects.get(username="ann").is_site_admin


@pytest.fixture
def annabelle() -> Member:
    """The only admin of birds."""
    user = make_user("annabelle", name="Annabelle Okafor", email="annabelle@example.org")
    return make_member(make_study("birds"), user, "admin")


def test_a_person_is_erased_and_it_is_said_what_is_left(annabelle: Member) -> None:
    printed = manage("erase_user", "annabelle", "--yes")
    user = User.objects.get()
    assert (user.username, user.name, user.email) == (f"erased-{user.pk}", "", "")
    assert f"Erased annabelle: name, mail, login, tokens and sign-ins. Left is erased-{user.pk}." in printed
    assert f"In birds they are R-{annabelle.public_id}, with 0 scores." in printed
    assert "Nobody leads birds any more" in printed


def test_a_study_with_another_admin_goes_on_being_led(annabelle: Member) -> None:
    make_member(annabelle.study, "ben", "admin")
    assert "Nobody leads" not in manage("erase_user", "annabelle", "--yes")


@pytest.mark.parametrize("answer", ["", "y", "no", None])
def test_nobody_is_erased_without_a_yes(answer: str | None, annabelle: Member, monkeypatch: Any) -> None:
    monkeypatch.setattr("builtins.input", said(answer))
    with pytest.raises(CommandError, match="Nothing is changed"):
        manage("erase_user", "annabelle")
    assert User.objects.get().username == "annabelle"


def test_who_asks_for_it_sees_whom_it_is_about_first(annabelle: Member, monkeypatch: Any) -> None:
    monkeypatch.setattr("builtins.input", said("yes"))
    printed = manage("erase_user", "annabelle")
    assert printed.startswith("annabelle (Annabelle Okafor, annabelle@example.org), in birds.\n")
    assert "Erased annabelle" in printed


def test_erasing_again_changes_nothing_and_says_so(annabelle: Member) -> None:
    manage("erase_user", "annabelle", "--yes")
    before = list(User.objects.values()), list(Member.objects.values()), HistoryEntry.objects.count()
    with pytest.raises(CommandError, match="nobody with the username 'annabelle'; nothing is changed"):
        manage("erase_user", "annabelle", "--yes")
    assert "was erased before; nothing is changed" in manage("erase_user", User.objects.get().username)
    assert before == (list(User.objects.values()), list(Member.objects.values()), HistoryEntry.objects.count())


def said(answer: str | None) -> Callable[[str], str]:
    """Return what answers a question at the terminal; None: there is nobody at it."""

    def answered(question: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    return answered
