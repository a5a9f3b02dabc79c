"""Going back: looking, and undoing."""

import pytest
from playwright.sync_api import Route, expect

from annotation.models import Score

from .scoring_page import LETTERS, Desk, ratings, standing

pytestmark = pytest.mark.browser


def test_left_shows_my_previous_samples_and_right_leads_back(desk: Desk) -> None:
    first, second = desk.score("4321"), desk.score("1234")
    now = desk.question
    desk.press("5")
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(second)
    assert desk.values() == {"TCC": "1", "ICC": "2", "IQ": "3", "ITS": "4"}
    expect(desk.tell).to_contain_text("You scored this at")
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(first)
    desk.press("9", "0", "Enter", "s")
    assert desk.values()["TCC"] == "4", "the past is only read"
    desk.press("ArrowRight")
    expect(desk.stage.locator(".question-text").first).to_have_text(second)
    desk.press("ArrowRight")
    expect(desk.stage.locator(".question-text").first).to_have_text(now)
    assert desk.values()["TCC"] == "5"
    expect(desk.tell).to_be_hidden()
    desk.eventually(lambda: standing() == 2)


def test_the_past_is_there_after_a_reload(desk: Desk) -> None:
    question = desk.score("4321")
    desk.eventually(lambda: standing() == 1)
    desk.reload()
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "2", "ITS": "1"}


def test_undo_brings_the_last_one_back_with_its_values(desk: Desk) -> None:
    question = desk.score("4321")
    desk.eventually(lambda: standing() == 1)
    expect(desk.page.locator("[data-do=undo]")).to_be_visible()
    desk.press("u")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "2", "ITS": "1"}
    desk.eventually(lambda: standing() == 0)
    desk.press("0", "Enter")
    desk.eventually(lambda: standing() == 1)
    assert ratings(question) == {"TCC": 0, "ICC": 3, "IQ": 2, "ITS": 1}
    assert Score.objects.count() == 2, "the undone one stays, voided"


def test_undo_before_the_letter_has_left_sends_nothing_twice(desk: Desk) -> None:
    desk.lose_connection()
    question = desk.score("4321")
    expect(desk.saved).to_have_text("offline, 1 waiting")
    desk.press("u")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    desk.press("5", "Enter")
    desk.regain_connection()
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: standing() == 1 and ratings(question).get("TCC") == 5)
    expect(desk.saved).to_contain_text("saved")
    assert standing() == 1


def test_undo_of_a_letter_whose_answer_was_lost_reaches_the_server_too(desk: Desk) -> None:
    """The score is stored, but the page cannot know it: the undo must follow, or the new score is refused."""
    tried: list[str] = []

    def swallow(route: Route) -> None:
        tried.append(route.request.method)
        if len(tried) == 1:
            route.fetch()
        route.abort("connectionreset")

    desk.page.route(LETTERS, swallow)
    question = desk.score("4321")
    expect(desk.saved).to_have_text("offline, 1 waiting")
    desk.eventually(lambda: standing() == 1)
    desk.press("u")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    desk.press("5", "Enter")
    desk.page.unroute(LETTERS)
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: ratings(question).get("TCC") == 5)
    assert Score.objects.count() == 2
    expect(desk.needs_me).to_be_hidden()


def test_undo_that_comes_too_late_is_told_and_the_score_stands(desk: Desk) -> None:
    question = desk.score("4321")
    desk.eventually(lambda: standing() == 1)
    late = {"code": "undo_too_late", "message": "The time to undo this score has passed.", "fields": {}}
    desk.page.route(LETTERS, lambda route: route.fulfill(status=409, json=late))
    desk.press("u")
    expect(desk.tell).to_contain_text("The time to undo this score has passed.")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    assert standing() == 1


def told(desk: Desk, words: str) -> None:
    """Wait until something is both shown and read out."""
    expect(desk.tell).to_contain_text(words)
    expect(desk.page.locator("#live-region")).to_contain_text(words)


def test_nothing_to_undo_is_said_until_the_next_sample(desk: Desk) -> None:
    desk.press("u")
    told(desk, "There is nothing to undo.")
    desk.score("4321")
    expect(desk.tell).to_be_hidden()


def test_the_beginning_of_the_past_is_told_until_the_next_sample_or_forward(desk: Desk) -> None:
    desk.press("ArrowLeft")
    told(desk, "There is no earlier sample of yours.")
    desk.press("ArrowRight")
    expect(desk.tell).to_be_hidden()
    desk.press("ArrowLeft")
    told(desk, "There is no earlier sample of yours.")
    desk.score("4321")
    expect(desk.tell).to_be_hidden()


def test_beside_the_first_sample_of_all_its_own_line_and_undo_stay(desk: Desk) -> None:
    desk.score("4321")
    desk.eventually(lambda: standing() == 1)
    desk.press("ArrowLeft", "ArrowLeft")
    told(desk, "There is no earlier sample of yours.")
    expect(desk.tell).to_contain_text("You scored this at")
    expect(desk.tell.get_by_role("button", name="Undo")).to_be_visible()
    desk.press("ArrowRight")
    expect(desk.tell).to_be_hidden()


def test_a_past_that_cannot_be_reached_is_told_until_the_next_sample(desk: Desk) -> None:
    desk.lose_connection()
    desk.press("ArrowLeft")
    told(desk, "Your earlier samples cannot be reached just now.")
    desk.regain_connection()
    desk.score("4321")
    expect(desk.tell).to_be_hidden()


def test_an_undo_that_is_refused_beside_a_past_sample_is_told_there_and_gone_with_it(desk: Desk) -> None:
    desk.score("4321")
    desk.eventually(lambda: standing() == 1)
    Score.objects.update(at="2026-01-01T00:00:00Z")
    desk.reload()
    desk.press("ArrowLeft")
    expect(desk.tell).to_contain_text("It stands.")
    desk.press("u")
    told(desk, "The time to undo this one has passed.")
    desk.press("ArrowRight")
    expect(desk.tell).to_be_hidden()


def test_after_a_refused_letter_was_reopened_the_past_begins_anew(desk: Desk) -> None:
    desk.score("4321")
    latest = desk.score("1234")
    desk.eventually(lambda: standing() == 2)
    refusal = {"code": "invalid", "message": "The values do not fit.", "fields": {}}
    desk.page.route(LETTERS, lambda route: route.fulfill(status=400, json=refusal))
    refused = desk.score("1111")
    desk.press("ArrowLeft", "ArrowLeft")
    expect(desk.tell).to_contain_text("You scored this at")
    desk.needs_me.click()
    desk.page.locator("#refused-writes").get_by_role("button", name="Open it again").click()
    expect(desk.stage.locator(".question-text").first).to_have_text(refused)
    expect(desk.tell).to_be_hidden()
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(latest)
