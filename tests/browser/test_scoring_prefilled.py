"""Ann finds a judge's values marked, and answers each dimension by her own hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from annotation.models import Member, Score, Study, Suggestion
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_member, make_sample, make_study
from tests.suggestion_exposures import make_judge, make_met_sample

from .scoring_page import LETTERS, Desk, ratings, standing
from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser


@pytest.fixture
def study(transactional_db: None) -> Study:
    study = make_study("birds", k=2, title="Birds that sing")
    make_judge(study, "prefilled")
    for number in range(3):
        make_met_sample(study, SuggestionArm.PREFILLED, question=f"Question {number}?")
    return study


def marked(desk: Desk) -> dict[str, str]:
    """Which key carries the judge's mark, by dimension."""
    found: dict[str, str] = desk.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".score-row")].map((dim) => [
            dim.querySelector(".score-name b").textContent,
            dim.querySelector(".level-key.is-judge-value")?.firstChild.textContent ?? ""]))"""
    )
    return found


def test_what_the_judge_says_is_marked_and_counts_for_nothing(desk: Desk) -> None:
    assert marked(desk) == {"TCC": "4", "ICC": "3", "IQ": "2", "ITS": "1"}
    assert desk.values() == {"TCC": "", "ICC": "", "IQ": "", "ITS": ""}
    expect(desk.page.locator("#judge-notice")).to_contain_text("Nothing counts until you answer it yourself.")
    expect(desk.row("TCC").locator(".judge-answer")).to_contain_text("The judge says 4.")
    suggested = desk.row("TCC").get_by_role("radio", name="4, the judge says this", exact=True)
    expect(suggested).to_have_attribute("aria-checked", "false")
    expect(desk.submit).to_have_text("Submit, 4 to go Enter")
    question = desk.question
    desk.press("Enter")
    expect(desk.page.locator("#live-region")).to_contain_text("answer yourself")
    assert desk.question == question
    assert standing() == 0


def test_ann_answers_by_digit_by_taking_the_value_over_and_by_click(desk: Desk) -> None:
    question = desk.question
    here = desk.page.locator(".score-row.is-current .score-name b")
    desk.press("a")
    expect(here).to_have_text("ICC")
    desk.press("5")
    expect(here).to_have_text("IQ")
    desk.press("2")
    assert desk.values() == {"TCC": "4", "ICC": "5", "IQ": "2", "ITS": ""}
    desk.press("Enter")
    expect(here).to_have_text("ITS")
    assert desk.question == question, "three of four were answered"
    desk.row("ITS").locator(".level-key.is-judge-value").click()
    desk.press("Enter")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    desk.eventually(lambda: standing() == 1)
    assert ratings(question) == {"TCC": 4, "ICC": 5, "IQ": 2, "ITS": 1}
    assert set(Suggestion.objects.filter(first__isnull=False).values_list("touched", flat=True)) == {True}
    assert Score.objects.get().arm == SuggestionArm.PREFILLED


def test_the_letter_names_what_was_answered_by_hand_and_no_key_answers_all(desk: Desk) -> None:
    sent: list[dict[str, Any]] = []

    def look(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}"))
        route.continue_()

    desk.page.route(LETTERS, look)
    for key in ("Shift+A", "Control+a", "k"):
        desk.press(key)
        assert sum(value != "" for value in desk.values().values()) <= 1, key
    desk.press("ArrowDown", "ArrowUp")
    while "" in desk.values().values():
        desk.press("a")
    desk.press("Enter")
    desk.eventually(lambda: standing() == 1)
    assert sorted(sent[0]["touched"]) == ["ICC", "IQ", "ITS", "TCC"]


def test_what_was_answered_survives_an_outage_and_a_reload(desk: Desk) -> None:
    question = desk.question
    desk.press("a", "0")
    desk.reload()
    assert desk.question == question
    assert desk.values() == {"TCC": "4", "ICC": "0", "IQ": "", "ITS": ""}
    assert marked(desk)["ITS"] == "1"
    desk.lose_connection()
    desk.press("a", "a", "Enter")
    expect(desk.saved).to_have_text("offline, 1 waiting")
    desk.page.reload()
    desk.regain_connection()
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: ratings(question) == {"TCC": 4, "ICC": 0, "IQ": 2, "ITS": 1})
    expect(desk.needs_me).to_be_hidden()


def test_undo_gives_the_answers_back_and_the_past_shows_what_was_marked(desk: Desk) -> None:
    question = desk.question
    desk.press("5", "5", "5", "5", "Enter")
    desk.eventually(lambda: standing() == 1)
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    expect(desk.page.locator("#judge-notice")).to_contain_text("what the judge had said beforehand")
    assert marked(desk)["TCC"] == "4"
    desk.press("a")
    assert desk.values()["TCC"] == "5", "the past is only read"
    desk.press("u")
    expect(desk.tell).to_be_hidden()
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    assert desk.values() == {"TCC": "5", "ICC": "5", "IQ": "5", "ITS": "5"}
    desk.eventually(lambda: standing() == 0)
    desk.press("a", "Enter")
    desk.eventually(lambda: ratings(question) == {"TCC": 4, "ICC": 5, "IQ": 5, "ITS": 5})


def test_a_dimension_on_which_the_judge_says_nothing_is_scored_as_ever(
    browser_of: Callable[..., BrowserContext], study: Study
) -> None:
    other = make_study("stones", k=2)
    make_judge(other, "prefilled")
    make_met_sample(other, SuggestionArm.PREFILLED, says={"TCC": 4})
    member = make_member(other, "cho")
    assert member.user is not None
    desk = Desk(browser_of(member.user).new_page(), other).open()
    desk.press("a")
    assert desk.values() == {"TCC": "4", "ICC": "", "IQ": "", "ITS": ""}
    desk.press("a")
    assert desk.values()["ICC"] == ""
    desk.press("1", "2", "3", "Enter")
    desk.eventually(lambda: standing() == 1)


def test_help_and_hints_name_the_key_only_where_there_is_something_to_take(
    browser_of: Callable[..., BrowserContext], desk: Desk
) -> None:
    taking = desk.page.locator("#help [data-judge-mode]", has_text="take the judge")
    keeping = desk.page.locator("#help [data-judge-mode]", has_text="keep your own value")
    expect(desk.page.locator(".key-hints")).to_contain_text("take the judge’s")
    desk.press("?")
    expect(taking).to_be_visible()
    expect(keeping).to_be_hidden()
    plain = make_study("plain", k=2)
    make_sample(plain, pictures=["red"])
    member = make_member(plain, "cho")
    assert member.user is not None
    other = Desk(browser_of(member.user).new_page(), plain).open()
    expect(other.page.locator("#judge-notice")).to_be_hidden()
    other.press("a", "k")
    assert other.values()["TCC"] == ""
    other.press("?")
    expect(other.page.locator("#help")).to_be_visible()
    expect(other.page.locator("#help [data-judge-mode]", has_text="take the judge")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "device"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_axe_finds_nothing_and_the_page_is_not_too_wide(
    browser_of: Callable[..., BrowserContext], study: Study, ann: Member, scheme: str, device: dict[str, Any]
) -> None:
    assert ann.user is not None
    desk = Desk(browser_of(ann.user, color_scheme=scheme, bypass_csp=True, **device).new_page(), study).open()
    assert not faults(desk.page)
    desk.press("a", "0")
    assert not faults(desk.page)
