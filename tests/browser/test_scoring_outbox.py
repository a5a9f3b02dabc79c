"""Letters reach the server once, whatever happens on the way."""

import json
from uuid import uuid4

import pytest
from playwright.sync_api import Route, expect

from annotation.models import Assignment, Member, Score, Study
from annotation.scoring import leasing, submitting
from tests.factories import make_member

from .scoring_page import LETTERS, Desk, ratings, standing

pytestmark = pytest.mark.browser


def test_an_outage_costs_nothing_and_a_reload_in_it_neither(desk: Desk) -> None:
    desk.lose_connection()
    first, second = desk.score("4321"), desk.score("1234")
    expect(desk.saved).to_have_text("offline, 2 waiting")
    expect(desk.page.locator("#bottom-bar .pending-note")).to_contain_text("Kept in this browser since")
    assert standing() == 0
    desk.page.reload()
    expect(desk.saved).to_have_text("offline, 2 waiting")
    desk.regain_connection()
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: standing() == 2)
    expect(desk.saved).to_contain_text("saved")
    assert ratings(first) == {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 1}
    assert ratings(second) == {"TCC": 1, "ICC": 2, "IQ": 3, "ITS": 4}
    expect(desk.page.locator("#panel")).to_be_visible()
    assert desk.question not in (first, second)
    assert Score.objects.count() == 2


def test_what_waits_is_sent_by_itself_when_the_server_is_back(desk: Desk) -> None:
    desk.lose_connection()
    desk.score()
    expect(desk.saved).to_have_text("offline, 1 waiting")
    desk.regain_connection()
    desk.eventually(lambda: standing() == 1, seconds=30)


def test_a_lost_answer_is_asked_for_again_and_stored_once(desk: Desk) -> None:
    keys: list[str] = []

    def swallow(route: Route) -> None:
        keys.append(json.loads(route.request.post_data or "{}")["client_key"])
        if len(keys) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    desk.page.route(LETTERS, swallow)
    desk.score()
    desk.eventually(lambda: len(keys) == 2)
    expect(desk.saved).to_contain_text("saved")
    assert keys[0] == keys[1]
    assert Score.objects.count() == 1
    assert desk.needs_me.is_hidden()


def test_a_letter_that_the_server_refuses_is_set_aside_and_the_others_go_on(desk: Desk) -> None:
    sent: list[str] = []

    def refuse_first(route: Route) -> None:
        sent.append(route.request.url)
        if len(sent) > 1:
            return route.continue_()
        body = {"code": "invalid", "message": "The values do not fit.", "fields": {"ratings.TCC": "No such level."}}
        return route.fulfill(status=400, json=body)

    desk.page.route(LETTERS, refuse_first)
    refused, accepted = desk.score("4321"), desk.score("1234")
    desk.eventually(lambda: standing() == 1)
    assert ratings(accepted)
    expect(desk.needs_me).to_have_text("1 needs you")
    desk.reload()
    desk.needs_me.click()
    dialog = desk.page.locator("#refused-writes")
    expect(dialog).to_contain_text(refused)
    expect(dialog).to_contain_text("The values do not fit. ratings.TCC: No such level.")
    expect(dialog).to_contain_text("TCC 4, ICC 3, IQ 2, ITS 1")
    dialog.get_by_role("button", name="Open it again").click()
    expect(dialog).to_be_hidden()
    expect(desk.stage.locator(".question-text").first).to_have_text(refused)
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "2", "ITS": "1"}
    desk.press("Enter")
    desk.eventually(lambda: standing() == 2)
    expect(desk.needs_me).to_be_hidden()


def test_a_refused_skip_is_called_one_and_gives_its_reason_in_words(desk: Desk) -> None:
    refusal = {"code": "study_closed", "message": "This study takes no skips now.", "fields": {}}
    desk.page.route("**/api/assignments/*/skip/", lambda route: route.fulfill(status=409, json=refusal))
    desk.press("s")
    dialog = desk.page.locator("#skip")
    dialog.get_by_label("a picture does not load or is cut off").check()
    dialog.locator("textarea").fill("Only its upper half.")
    dialog.get_by_role("button", name="Skip").click()
    expect(desk.needs_me).to_have_text("1 needs you")
    expect(desk.page.locator("#live-region")).to_have_text(
        "The server refused a skip: This study takes no skips now. It is set aside and needs you."
    )
    desk.needs_me.click()
    aside = desk.page.locator("#refused-writes")
    expect(aside).to_contain_text("Your skip of")
    expect(aside).to_contain_text("a picture does not load or is cut off: Only its upper half.")
    expect(aside).not_to_contain_text("picture_broken")


def test_a_refused_letter_can_be_discarded(desk: Desk) -> None:
    desk.page.route(
        LETTERS,
        lambda route: route.fulfill(status=409, json={"code": "study_closed", "message": "Closed.", "fields": {}}),
    )
    desk.score()
    desk.needs_me.click()
    desk.page.locator("#refused-writes").get_by_role("button", name="Discard").click()
    expect(desk.page.locator("#refused-writes")).to_be_hidden()
    expect(desk.needs_me).to_be_hidden()
    assert not [name for name in desk.page.evaluate("() => Object.keys(localStorage)") if ":letter:" in name]


def test_a_server_that_fails_over_one_letter_still_gets_the_others(desk: Desk) -> None:
    sent: list[str] = []

    def fail_first(route: Route) -> None:
        sent.append(route.request.url)
        if route.request.url == sent[0] and sent.count(sent[0]) < 3:
            route.fulfill(status=500, json={"code": "server_error", "message": "Oh.", "fields": {}})
        else:
            route.continue_()

    desk.page.route(LETTERS, fail_first)
    failing, fine = desk.score("4321"), desk.score("1234")
    desk.eventually(lambda: standing() == 1)
    assert ratings(fine)
    assert not ratings(failing)
    desk.eventually(lambda: standing() == 2, seconds=15)


def test_a_double_click_is_one_score(desk: Desk) -> None:
    desk.press("4", "3", "2", "1")
    desk.submit.dblclick()
    desk.eventually(lambda: standing() == 1)
    desk.page.wait_for_timeout(300)
    assert Score.objects.count() == 1


def test_a_lost_lease_is_told_and_the_draft_stays(desk: Desk, study: Study, ben: Member) -> None:
    """Ben and Cleo took both places of Ann's sample while her computer slept."""
    desk.press("4", "3", "2", "1")
    question = desk.question
    desk.page.route("**/api/studies/**", lambda route: route.abort())
    Assignment.objects.update(expires_at="2020-01-01T00:00Z")
    leasing.expire_leases()
    for member in (ben, make_member(study, "cleo")):
        assert member.user is not None
        for work in leasing.lease_samples(by=member.user, slug=study.slug, count=6).assignments:
            if work.sample.turns[0].question == question:
                submitting.submit_score(
                    by=member.user,
                    assignment_id=work.public_id,
                    client_key=uuid4(),
                    ratings={"TCC": 1, "ICC": 1, "IQ": 1, "ITS": 1},
                    notes={},
                    seconds=None,
                )
    desk.press("Enter")
    expect(desk.needs_me).to_have_text("1 needs you")
    desk.needs_me.click()
    expect(desk.page.locator("#refused-writes")).to_contain_text("somebody else has taken its place")
    assert standing() == 2
    kept = desk.page.evaluate("() => Object.entries(localStorage).filter(([name]) => name.includes(':draft:'))")
    assert any('"TCC":4' in text for _, text in kept)


def test_two_tabs_send_a_letter_once_and_show_different_samples(desk: Desk) -> None:
    other = Desk(desk.page.context.new_page(), desk.study).open()
    assert other.question == desk.question
    desk.page.bring_to_front()
    first = desk.score()
    expect(other.stage.locator(".question-text").first).not_to_have_text(first)
    expect(other.tell).to_have_text("That sample was finished in another tab.")
    expect(other.page.locator("#live-region")).to_have_text(
        "That sample was finished in another tab. Next sample, 1 turn, 1 picture"
    )
    expect(desk.saved).to_contain_text("saved")
    desk.lose_connection()
    second = desk.score("1111")
    expect(other.saved).to_have_text("offline, 1 waiting")
    expect(other.stage.locator(".question-text").first).not_to_have_text(second)
    # What was answered: what is tried while the connection is still down reaches nobody.
    answered: list[str] = []
    desk.page.context.on(
        "response", lambda one: answered.append(one.request.method) if one.url.endswith("/score/") else None
    )
    desk.regain_connection()
    for page in (desk.page, other.page):
        page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: standing() == 2)
    desk.page.wait_for_timeout(300)
    assert answered == ["PUT"]
    expect(desk.saved).to_contain_text("saved")
    expect(other.saved).not_to_contain_text("waiting")


def test_a_draft_follows_into_the_other_tab(desk: Desk) -> None:
    other = Desk(desk.page.context.new_page(), desk.study).open()
    desk.page.bring_to_front()
    desk.press("4", "2")
    other.eventually(lambda: other.values() == {"TCC": "4", "ICC": "2", "IQ": "", "ITS": ""})


def test_leaving_the_page_sends_what_waits(desk: Desk) -> None:
    desk.press("4", "3", "2", "1", "Enter")
    desk.page.goto("about:blank")
    deadline = 60
    while standing() == 0 and deadline:
        desk.page.wait_for_timeout(50)
        deadline -= 1
    assert standing() == 1
