"""Before own values are locked nothing of a judge is in the browser: not on the page, not stored, not on the wire."""

import json
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Response, expect

from annotation.models import Study
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_study
from tests.leak_search import leaked
from tests.suggestion_exposures import FIGURES, make_judge, make_met_sample

from .scoring_page import LETTERS, Desk, standing
from .test_scoring_delayed import lock

pytestmark = pytest.mark.browser

KEPT = """async () => {
    const bases = await indexedDB.databases();
    return JSON.stringify([document.documentElement.outerHTML, {...localStorage}, {...sessionStorage},
                           bases.map(({name}) => name), await caches.keys()]);
}"""


@pytest.fixture
def study(transactional_db: None) -> Study:
    """Two samples for the delayed arm and two for the blind one, all judged; four are fetched ahead."""
    study = make_study("birds", k=2, title="Birds that sing")
    make_judge(study, "delayed")
    for number, arm in enumerate(
        (SuggestionArm.DELAYED, SuggestionArm.BLIND, SuggestionArm.DELAYED, SuggestionArm.BLIND)
    ):
        make_met_sample(study, arm, question=f"Question {number}?")
    return study


@pytest.fixture
def wire(desk: Desk) -> list[str]:
    """What the server has answered to this browser, from the page itself on."""
    heard: list[str] = []

    def hear(response: Response) -> None:
        if "/api/pictures/" not in response.url and "/static/" not in response.url:
            # Of an answer that a page did not wait for nothing came into it.
            with suppress(Error):
                heard.append(response.text())

    desk.page.goto("about:blank")
    desk.page.context.on("response", hear)
    desk.open()
    desk.page.wait_for_load_state("networkidle")
    return heard


def told(desk: Desk, wire: list[str]) -> set[str]:
    """The judge's figures that have come into this browser."""
    there = desk.page.evaluate(KEPT) + "".join(wire)
    return set(leaked(FIGURES, there))


def marks(desk: Desk) -> int:
    return desk.page.locator(
        ".level-key.is-judge-value, .is-judge-shown, .judge-answer:visible, #judge-notice:visible"
    ).count()


def leased(wire: list[str]) -> list[dict[str, object]]:
    """The leases that came, as they came."""
    answers = [json.loads(text) for text in wire if text.startswith('{"assignments"')]
    return [work for answer in answers for work in answer["assignments"]]


def test_blind_and_delayed_leases_look_alike_until_the_own_values_are_locked(desk: Desk, wire: list[str]) -> None:
    ahead = leased(wire)
    assert len(ahead) == 4
    assert {json.dumps(work["suggestion"]) for work in ahead} == {"null"}
    assert {tuple(work) for work in ahead} == {tuple(ahead[0])}
    assert told(desk, wire) == set()
    assert marks(desk) == 0
    desk.press("5", "3", "2")
    assert told(desk, wire) == set()
    for _ in range(4):
        question = desk.question
        delayed = question in ("Question 0?", "Question 2?")
        if delayed:
            break
        with desk.page.expect_response(LETTERS):
            desk.press("5", "5", "5", "5", "Enter")
        expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
        assert told(desk, wire) == set(), "a blind score is followed by nothing"
    before = standing()
    lock(desk, "5555")
    assert standing() == before + 1
    assert marks(desk) > 0
    assert told(desk, wire) == set(FIGURES)
    others = [work for work in leased(wire) if work["state"] == "leased"]
    assert {json.dumps(work["suggestion"]) for work in others} == {"null"}


def test_a_blind_sample_in_ones_past_shows_nothing_of_the_judge(desk: Desk, wire: list[str]) -> None:
    for _ in range(4):
        question = desk.question
        if question in ("Question 1?", "Question 3?"):
            break
        lock(desk, "5555")
        desk.press("k", "k", "k", "k", "Enter")
        expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    blind = desk.question
    desk.press("5", "5", "5", "5", "Enter")
    expect(desk.saved).to_contain_text("saved")
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(blind)
    assert marks(desk) == 0
    desk.page.goto("/studies/birds/mine/")
    desk.page.get_by_role("link", name=blind).click()
    expect(desk.page.get_by_role("heading", name="Your values")).to_be_visible()
    assert "judge" not in desk.page.locator("main").inner_text().lower()
