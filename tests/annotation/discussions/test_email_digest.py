"""Mail about what waits."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from annotation.discussions import email_digest, moderating
from annotation.models import Discussion, Study, User
from tests.factories import make_discussion, make_member, make_study, make_user

from .cases import reason

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _server(settings: LazySettings) -> None:
    settings.SENDS_MAIL = True
    settings.SITE_URL = "https://annotation.example"


@pytest.fixture
def case() -> Discussion:
    for who in ("ann", "ben"):
        make_user(who, email=f"{who}@lab.example", digest="daily" if who == "ann" else "")
    return make_discussion(make_study(title="Birds of the north"))


def test_who_asked_for_it_is_told_what_waits_and_nobody_else(case: Discussion) -> None:
    assert email_digest.send_digests() == 1
    (message,) = mail.outbox
    assert message.to == ["ann@lab.example"]
    assert message.subject == "1 discussion waits for you"
    assert "Birds of the north\n  1 waits for your answer" in message.body
    assert "https://annotation.example" in message.body


def test_it_says_nothing_of_the_samples_or_of_others(case: Discussion) -> None:
    reason("ben", case, "A secret remark.")
    email_digest.send_digests()
    body = mail.outbox[0].body
    for secret in (case.sample.public_id, case.sample.external_id, "Ben", "ITS", "secret", "robin"):
        assert secret not in body


def test_once_a_day(case: Discussion) -> None:
    assert email_digest.send_digests() == 1
    assert email_digest.send_digests() == 0
    User.objects.update(digested_at=timezone.now() - timedelta(hours=24))
    assert email_digest.send_digests() == 1


def test_nothing_waits_nothing_is_sent(case: Discussion) -> None:
    reason("ann", case)
    assert email_digest.send_digests() == 0
    assert User.objects.get(username="ann").digested_at is None


def test_admins_are_told_what_is_theirs_to_decide(case: Discussion) -> None:
    make_user("ada", email="ada@lab.example", digest="daily")
    make_member(Study.objects.get(), "ada", "admin")
    Discussion.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    moderating.hand_over_overdue()
    assert email_digest.send_digests() == 1
    assert mail.outbox[0].to == ["ada@lab.example"]
    assert "1 is past its deadline and waits for an admin to decide" in mail.outbox[0].body


def test_without_a_mail_server_nothing_is_tried(case: Discussion, settings: LazySettings) -> None:
    settings.SENDS_MAIL = False
    assert email_digest.send_digests() == 0
    assert User.objects.get(username="ann").digested_at is None


def test_when_the_server_does_not_answer_it_is_tried_again(case: Discussion, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(self: EmailMessage, **options: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", down)
        assert email_digest.send_digests() == 0
    assert User.objects.get(username="ann").digested_at is None
    assert email_digest.send_digests() == 1


def test_a_refused_address_holds_up_nobody(case: Discussion, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(username="ben").update(digest="daily")
    send = EmailMessage.send

    def picky(self: EmailMessage, **options: Any) -> int:
        if self.to == ["ann@lab.example"]:
            raise SMTPRecipientsRefused({})
        return send(self, **options)

    monkeypatch.setattr(EmailMessage, "send", picky)
    assert email_digest.send_digests() == 1
    assert [message.to for message in mail.outbox] == [["ben@lab.example"]]
