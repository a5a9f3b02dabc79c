"""What was said reaches the server once, whatever happens on the way."""

import json

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Route, expect

from annotation.models import Discussion, Post, Study, User
from tests.annotation.discussions.cases import reasons, stand
from tests.factories import PASSWORD, make_discussion

from .conftest import sign_in
from .discussing_page import LETTERS, Tables
from .test_discussing_keyboard import stop_the_clock, with_a_clock

pytestmark = pytest.mark.browser


def two_cases(study: Study) -> list[Discussion]:
    return [make_discussion(study, {"ann": {"ITS": 1}, "ben": {"ITS": high}, "cho": {"ITS": 1}}) for high in (5, 4)]


def test_an_outage_costs_nothing_and_a_reload_in_it_neither(discussed: Study, tables: Tables) -> None:
    two_cases(discussed)
    ann = tables("ann").open()
    expect(ann.page.locator(".sample-page")).to_have_count(2)
    ann.lose_connection()
    ann.press("i")
    expect(ann.topic("ITS")).to_contain_text("Your reason is on its way.")
    expect(ann.topic("ITS").locator(".turn-mark")).to_be_hidden()
    ann.press("Enter")
    ann.write("In words: see T1")
    ann.press("Enter")
    expect(ann.saved).to_have_text("offline, 2 waiting")
    expect(ann.page.locator("#bottom-bar .pending-note")).to_contain_text("Kept in this browser since")
    assert not Post.objects.exists()
    ann.page.reload()
    expect(ann.saved).to_have_text("offline, 2 waiting")
    ann.regain_connection()
    ann.page.evaluate("() => dispatchEvent(new Event('online'))")
    ann.eventually(lambda: Post.objects.count() == 2)
    expect(ann.saved).to_contain_text("saved")
    assert set(Post.objects.values_list("reason", "text")) == {("picture", ""), ("", "In words: see T1")}
    ann.page.wait_for_timeout(300)
    assert Post.objects.count() == 2


def test_a_lost_answer_is_asked_for_again_and_stored_once(discussed: Study, tables: Tables) -> None:
    two_cases(discussed)
    ann = tables("ann").open()
    keys: list[str] = []

    def swallow(route: Route) -> None:
        keys.append(json.loads(route.request.post_data or "{}")["client_key"])
        if len(keys) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    ann.page.route(LETTERS, swallow)
    ann.press("i")
    ann.eventually(lambda: len(keys) == 2)
    ann.settle()
    assert keys[0] == keys[1]
    assert Post.objects.count() == 1
    expect(ann.axis("ITS")).to_be_visible()
    expect(ann.needs_me).to_be_hidden()


def test_a_refused_letter_is_set_aside_and_can_be_opened_again(discussed: Study, tables: Tables) -> None:
    first, _ = two_cases(discussed)
    reasons(first, "ann", "ben", "cho")
    ann = tables("ann").open(first.public_id)
    refusal = {"code": "invalid", "message": "This cannot be stored.", "fields": {"reasons.ITS": "Too long."}}
    ann.page.route(LETTERS, lambda route: route.fulfill(status=400, json=refusal))
    ann.write("It is all in T1")
    ann.press("5")
    expect(ann.needs_me).to_have_text("1 needs you", timeout=15_000)
    ann.page.unroute(LETTERS)
    ann.press("ArrowRight", "i")
    ann.eventually(lambda: Post.objects.filter(kind="reason").count() == 4)
    ann.reload()
    ann.needs_me.click()
    dialog = ann.page.locator("#refused-writes")
    expect(dialog).to_contain_text("This cannot be stored. reasons.ITS: Too long.")
    expect(dialog).to_contain_text("It is all in T1")
    dialog.get_by_role("button", name="Open it again").click()
    expect(dialog).to_be_hidden()
    expect(ann.words).to_have_value("It is all in T1")
    expect(ann.say).to_have_text("Move to 5 Enter")
    assert first.public_id in ann.page.url
    ann.press("Enter")
    ann.eventually(lambda: Post.objects.filter(kind="move", text="It is all in T1").exists())


def test_a_dimension_that_closed_meanwhile_refuses_and_nothing_is_lost(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}})
    reasons(case, "ann", "ben")
    ann = tables("ann").open()
    ann.write("But T1 says more")
    ann.press("5")
    stand("ben", case, 2)
    ann.press("Enter")
    expect(ann.needs_me).to_have_text("1 needs you", timeout=15_000)
    expect(ann.fold("ITS")).to_be_visible()
    ann.needs_me.click()
    dialog = ann.page.locator("#refused-writes")
    expect(dialog).to_contain_text("But T1 says more")
    dialog.get_by_role("button", name="Open it again").click()
    expect(dialog).to_contain_text("ITS is settled meanwhile")
    dialog.get_by_role("button", name="Discard").click()
    expect(ann.needs_me).to_be_hidden()


def test_ann_signs_in_in_place_and_loses_nothing(discussed: Study, tables: Tables) -> None:
    two_cases(discussed)
    ann = tables("ann").open()
    ann.write("In my own words")
    Session.objects.all().delete()
    ann.press("Enter")
    dialog = ann.page.locator("#sign-in")
    expect(dialog).to_be_visible()
    expect(ann.saved).to_have_text("signed out, 1 waiting")
    dialog.get_by_label("Password").fill(PASSWORD)
    ann.press("Enter")
    expect(dialog).to_be_hidden()
    ann.eventually(lambda: Post.objects.filter(text="In my own words").exists())
    expect(ann.axis("ITS")).to_be_visible()


def test_ben_signing_in_does_not_send_anns_words(discussed: Study, tables: Tables, server: str) -> None:
    two_cases(discussed)
    ann = tables("ann").open()
    ann.lose_connection()
    ann.press("i")
    expect(ann.saved).to_have_text("offline, 1 waiting")
    sign_in(ann.page.context, User.objects.get(username="ben"), server)
    ann.regain_connection()
    ann.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(ann.page.locator("#sign-in .other-person")).to_contain_text("Ben is signed in now.")
    assert not Post.objects.exists()
    sign_in(ann.page.context, User.objects.get(username="ann"), server)
    ann.reload()
    ann.eventually(Post.objects.exists)
    assert Post.objects.get().participant.member.name == "Ann"


def test_drafts_are_kept_by_case_and_by_person(discussed: Study, tables: Tables, server: str) -> None:
    first, second = two_cases(discussed)
    ann = tables("ann").open(first.public_id)
    ann.write("For the first")
    ann.press("ArrowRight")
    expect(ann.words).to_have_value("")
    ann.write("For the second")
    ann.reload()
    expect(ann.words).to_have_value("For the second")
    ann.open(first.public_id)
    expect(ann.words).to_have_value("For the first")
    sign_in(ann.page.context, User.objects.get(username="ben"), server)
    ann.open(first.public_id)
    expect(ann.words).to_have_value("")
    assert second.public_id


def test_leaving_the_page_sends_what_could_still_be_taken_back(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    reasons(case, "ann", "ben", "cho")
    ann = with_a_clock(tables("ann"))
    stop_the_clock(ann)
    ann.press("4")
    ann.page.goto("about:blank")
    ann.eventually(lambda: Post.objects.filter(kind="move").exists())


def test_two_tabs_send_a_letter_once(discussed: Study, tables: Tables) -> None:
    two_cases(discussed)
    ann = tables("ann").open()
    other = type(ann)(ann.page.context.new_page(), discussed).open()
    ann.page.bring_to_front()
    sent: list[str] = []
    ann.page.context.on("request", lambda request: sent.append(request.url) if "/reason/" in request.url else None)
    ann.press("i")
    ann.settle()
    other.eventually(lambda: other.axis("ITS").is_visible() or "on its way" in other.topic("ITS").inner_text())
    ann.page.wait_for_timeout(300)
    assert len(sent) == 1
    assert Post.objects.count() == 1
