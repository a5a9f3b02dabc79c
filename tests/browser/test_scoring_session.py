"""A session that ends costs nothing, and nobody's letters leave under another name."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from annotation.models import Member, Score
from tests.factories import PASSWORD

from .conftest import sign_in
from .scoring_page import Desk, standing

pytestmark = pytest.mark.browser


def test_ann_signs_in_in_place_and_loses_nothing(desk: Desk) -> None:
    Session.objects.all().delete()
    desk.press("4", "3", "2", "1", "Enter")
    dialog = desk.page.locator("#sign-in")
    expect(dialog).to_be_visible()
    expect(desk.saved).to_have_text("signed out, 1 waiting")
    dialog.get_by_label("Password").fill("wrong and wrong")
    desk.press("Enter")
    expect(dialog.locator(".field-error")).to_be_visible()
    dialog.get_by_label("Password").fill(PASSWORD)
    desk.press("Enter")
    expect(dialog).to_be_hidden()
    desk.eventually(lambda: standing() == 1)
    expect(desk.saved).to_contain_text("saved")
    expect(desk.tell).to_be_hidden()
    desk.score("1111")
    desk.eventually(lambda: standing() == 2)


def test_somebody_who_types_is_not_interrupted_by_the_dialog(desk: Desk) -> None:
    Session.objects.all().delete()
    desk.score()
    desk.page.locator("#sign-in").get_by_role("button", name="Later").click()
    desk.press("c")
    desk.page.keyboard.type("still here")
    expect(desk.tell).to_contain_text("You are signed out")
    expect(desk.page.locator("#sign-in")).to_be_hidden()
    desk.press("Escape")
    desk.tell.get_by_role("button", name="Sign in").click()
    expect(desk.page.locator("#sign-in")).to_be_visible()


def test_ben_signing_in_does_not_send_anns_letters(desk: Desk, ann: Member, ben: Member, server: str) -> None:
    desk.lose_connection()
    desk.score()
    expect(desk.saved).to_have_text("offline, 1 waiting")
    assert ben.user is not None
    assert ann.user is not None
    sign_in(desk.page.context, ben.user, server)
    desk.regain_connection()
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(desk.page.locator("#sign-in .other-person")).to_contain_text("Ben is signed in now.")
    desk.page.locator("#sign-in").get_by_role("button", name="Go on").click()
    expect(desk.page.locator("#panel")).to_be_visible()
    expect(desk.saved).not_to_contain_text("waiting")
    assert standing() == 0
    sign_in(desk.page.context, ann.user, server)
    desk.reload()
    desk.eventually(lambda: standing() == 1)
    assert Score.objects.get().member == ann


def test_a_refused_lease_under_a_lost_session_asks_to_sign_in(desk: Desk) -> None:
    Session.objects.all().delete()
    desk.page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(desk.page.locator("#sign-in")).to_be_visible()
    expect(desk.saved).to_have_text("signed out")


def test_ann_and_ben_keep_their_drafts_apart_in_one_browser(desk: Desk, ann: Member, ben: Member, server: str) -> None:
    desk.press("4", "4")
    assert ann.user is not None
    assert ben.user is not None
    sign_in(desk.page.context, ben.user, server)
    desk.reload()
    assert set(desk.values().values()) == {""}
    desk.press("2")
    owners = {name.split(":")[1] for name in desk.page.evaluate("() => Object.keys(localStorage)")}
    assert owners == {str(ann.user.pk), str(ben.user.pk)}
