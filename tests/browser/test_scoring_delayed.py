"""Ann locks her own values, sees the judge's beside them, and keeps or changes each."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from annotation.models import Assignment, Member, Revision, Study, Suggestion
from annotation.scoring import leases
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_study
from tests.suggestion_exposures import SAYS, make_judge, make_met_sample
from tests.suggestion_studies import let_time_to_revise_pass

from .scoring_page import Desk, ratings, standing
from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser

REVISIONS = "**/api/assignments/*/revision/"
SCORES = "**/api/assignments/*/score/"


@pytest.fixture
def study(transactional_db: None) -> Study:
    study = make_study("birds", k=2, title="Birds that sing")
    make_judge(study, "delayed")
    for number in range(4):
        make_met_sample(study, SuggestionArm.DELAYED, question=f"Question {number}?")
    return study


def lock(desk: Desk, digits: str = "4325") -> str:
    """Lock values of a sample and wait until the judge's are beside them; returns the question.

    The judge says 4, 3, 2 and 1.
    """
    question = desk.question
    desk.press(*digits, "Enter")
    seen(desk, question)
    return question


def seen(desk: Desk, question: str) -> None:
    """Wait until the judge's values of a sample are on the desk, and long enough to be answered."""
    expect(desk.page.locator("#judge-notice")).to_contain_text("Your values are locked since")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    expect(desk.page.locator("#panel")).not_to_have_class(re.compile("is-arriving"))


def decided(question: str) -> dict[str, float]:
    """The values that decide on a sample, by dimension."""
    rows = Suggestion.objects.filter(assignment__sample__content__turns__0__question=question, final__isnull=False)
    return dict(rows.values_list("dimension__key", "final__value"))


def test_ann_keeps_one_value_changes_another_and_sends_them_by_keyboard(desk: Desk) -> None:
    question = lock(desk, "5215")
    expect(desk.submit).to_have_text("Send, 4 to go Enter")
    assert desk.values() == {"TCC": "", "ICC": "", "IQ": "", "ITS": ""}
    here = desk.page.locator(".score-row.is-current .score-name b")
    expect(here).to_have_text("TCC")
    row = desk.row("TCC")
    expect(row.locator(".judge-answer")).to_contain_text(
        "The judge says 4. It expects 3.8, likely between 2.7 and 4.9."
    )
    expect(row.get_by_role("radio", name=re.compile("your own value"))).to_have_text(re.compile("^5"))
    expect(row.get_by_role("radio", name=re.compile("the judge says this"))).to_have_text(re.compile("^4"))
    desk.press("k")
    expect(here).to_have_text("ICC")
    desk.press("a")
    expect(here).to_have_text("IQ")
    desk.press("3")
    expect(desk.submit).to_have_text("Send, 1 to go Enter")
    desk.press("Enter")
    assert Revision.objects.count() == 0
    expect(desk.page.locator("#live-region")).to_have_text(
        "1 to go: where the judge says something else, keep your own value or change it."
    )
    desk.press("k")
    assert desk.values() == {"TCC": "5", "ICC": "3", "IQ": "3", "ITS": "5"}
    expect(row.locator(".judge-answer")).to_contain_text("You kept 5.")
    expect(desk.row("ICC").locator(".judge-answer")).to_contain_text("You changed 2 to 3.")
    desk.press("Enter")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    desk.eventually(lambda: Revision.objects.count() == 1)
    assert ratings(question) == {"TCC": 5, "ICC": 2, "IQ": 1, "ITS": 5}, "the locked values stay"
    assert decided(question) == {"TCC": 5, "ICC": 3, "IQ": 3, "ITS": 5}
    assert Assignment.objects.get(revisions__isnull=False).revise_until is None
    expect(desk.page.locator("#bottom-bar .bottom-bar-progress")).to_have_text("1 today")


def test_where_the_judge_says_the_same_nothing_is_to_be_answered(desk: Desk) -> None:
    question = lock(desk, "4325")
    expect(desk.submit).to_have_text("Send, 1 to go Enter")
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "2", "ITS": ""}
    expect(desk.page.locator(".score-row.is-current .score-name b")).to_have_text("ITS")
    expect(desk.row("TCC").locator(".judge-answer")).to_contain_text("The judge says 4 too.")
    desk.press("k", "Enter")
    desk.eventually(lambda: decided(question) == {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 5})
    same = lock(desk, "4321")
    expect(desk.page.locator("#judge-notice")).to_contain_text("Nothing is left to answer: Enter sends.")
    desk.press("Enter")
    desk.eventually(lambda: decided(same) == {key: float(value) for key, value in SAYS.items()})


def test_who_has_begun_on_the_next_sample_finishes_that_first(desk: Desk) -> None:
    held: list[Route] = []
    desk.page.route(SCORES, lambda route: held.append(route))
    first = desk.question
    desk.press("5", "5", "5", "5", "Enter")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(first)
    second = desk.question
    desk.press("2")
    desk.eventually(lambda: len(held) == 1)
    held.pop().continue_()
    desk.eventually(lambda: standing() == 1)
    expect(desk.saved).to_contain_text("saved")
    assert desk.question == second
    assert desk.values()["TCC"] == "2"
    desk.page.unroute(SCORES)
    desk.press("2", "2", "2", "Enter")
    seen(desk, first)
    expect(desk.page.locator("#live-region")).to_have_text(
        "Your values are locked. The judge’s are beside them now, and 4 differ."
    )
    desk.press("k", "k", "k", "k", "Enter")
    seen(desk, second)
    desk.eventually(lambda: len(decided(first)) == 4)


def test_a_digit_meant_for_the_next_sample_answers_nothing(desk: Desk) -> None:
    question = desk.question
    # Typed by the page itself, the moment the judge's values arrive: from outside it might be too late.
    desk.page.evaluate(
        """() => {
            const panel = document.getElementById("panel");
            window.type = (keys) => keys.forEach((key) => document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
            new MutationObserver((changes, observer) => {
                if (!panel.classList.contains("is-arriving")) return;
                observer.disconnect();
                window.type(["1", "a", "k", "Enter"]);
                window.typed = true;
            }).observe(panel, { attributeFilter: ["class"] });
        }"""
    )
    desk.press("5", "5", "5", "5", "Enter")
    desk.page.wait_for_function("() => window.typed")
    seen(desk, question)
    assert desk.values() == {"TCC": "", "ICC": "", "IQ": "", "ITS": ""}
    desk.page.wait_for_function("() => !document.querySelector('#panel.is-arriving')")
    desk.page.evaluate("() => window.type(['1'])")
    assert desk.values() == {"TCC": "1", "ICC": "", "IQ": "", "ITS": ""}


def test_an_outage_and_a_reload_between_lock_and_answer_cost_nothing(desk: Desk) -> None:
    desk.lose_connection()
    question = desk.score("5555")
    expect(desk.saved).to_have_text("offline, 1 waiting")
    desk.page.reload()
    desk.regain_connection()
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: standing() == 1)
    seen(desk, question)
    desk.press("a", "k")
    desk.page.reload()
    seen(desk, question)
    assert desk.values() == {"TCC": "4", "ICC": "5", "IQ": "", "ITS": ""}
    desk.lose_connection()
    desk.press("k", "k", "Enter")
    expect(desk.saved).to_have_text("offline, 1 waiting")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    desk.page.reload()
    expect(desk.saved).to_have_text("offline, 1 waiting")
    desk.regain_connection()
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    desk.eventually(lambda: decided(question) == {"TCC": 4, "ICC": 5, "IQ": 5, "ITS": 5})
    assert Revision.objects.count() == 1
    expect(desk.page.locator("#panel")).to_be_visible()
    assert desk.question != question


def test_a_lost_answer_is_asked_for_again_and_the_revision_stored_once(desk: Desk) -> None:
    tried: list[str] = []

    def swallow(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    desk.page.route(REVISIONS, swallow)
    question = lock(desk)
    desk.press("a", "Enter")
    desk.eventually(lambda: len(tried) == 2)
    expect(desk.saved).to_contain_text("saved")
    assert Revision.objects.count() == 1
    assert decided(question) == {key: float(value) for key, value in SAYS.items()}
    expect(desk.needs_me).to_be_hidden()


def test_locked_values_are_not_undone_while_the_judges_are_shown(desk: Desk) -> None:
    question = lock(desk)
    expect(desk.page.locator("[data-do=undo]")).to_be_hidden()
    desk.press("u")
    expect(desk.tell).to_contain_text("can no longer be undone: the judge’s values were shown to you")
    expect(desk.page.locator("#live-region")).to_contain_text("can no longer be undone")
    desk.press("s", "c")
    expect(desk.page.locator("dialog[open]")).to_have_count(0)
    assert desk.question == question
    assert standing() == 1


def test_the_past_shows_both_versions_and_undo_asks_for_the_answer_again(desk: Desk) -> None:
    question = lock(desk, "4325")
    desk.press("a", "Enter")
    desk.eventually(lambda: len(decided(question)) == 4)
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "2", "ITS": "1"}
    expect(desk.row("ITS").locator(".judge-answer")).to_contain_text("You changed 5 to 1.")
    expect(desk.row("ITS").locator(".level-key.is-own-value")).to_have_text(re.compile("^5"))
    desk.press("u")
    seen(desk, question)
    desk.eventually(lambda: decided(question) == {})
    assert standing() == 1, "the own values stay locked"
    desk.press("ArrowDown", "ArrowDown", "ArrowDown")
    expect(desk.page.locator(".score-row.is-current .score-name b")).to_have_text("ITS")
    desk.press("k", "Enter")
    desk.eventually(lambda: decided(question) == {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 5})
    desk.reload()
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    expect(desk.row("ITS").locator(".judge-answer")).to_contain_text("You kept 5.")


def test_the_past_claims_no_answer_where_none_came_in_time(desk: Desk) -> None:
    question = lock(desk, "4325")
    let_time_to_revise_pass(Assignment.objects.get(state=Assignment.State.SCORED).public_id)
    leases.expire_leases()
    desk.reload()
    desk.press("ArrowLeft")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    verdict = desk.row("ITS").locator(".judge-answer")
    expect(verdict).to_contain_text("The judge says 1.")
    expect(verdict).to_contain_text("You did not answer in time, so 5 stands.")
    expect(desk.row("TCC").locator(".judge-answer")).not_to_contain_text("stands")


def test_an_undo_on_its_way_when_the_judge_is_shown_is_refused_with_the_reason(desk: Desk) -> None:
    """Ann presses undo while her submit is on its way: the server has shown her the judge's values already."""
    held: list[Route] = []
    desk.page.route(SCORES, lambda route: held.append(route) if route.request.method == "PUT" else route.continue_())
    question = desk.score("5555")
    desk.eventually(lambda: len(held) == 1)
    desk.press("u")
    expect(desk.stage.locator(".question-text").first).to_have_text(question)
    held.pop().continue_()
    seen(desk, question)
    expect(desk.tell).to_contain_text("Not undone.")
    assert standing() == 1
    desk.press("k", "k", "k", "k", "Enter")
    desk.eventually(lambda: len(decided(question)) == 4)


def test_a_time_that_has_passed_is_told_and_the_own_values_stand(desk: Desk) -> None:
    over = {"code": "revision_over", "message": "The time to revise has passed.", "fields": {}}
    desk.page.route(REVISIONS, lambda route: route.fulfill(status=409, json=over))
    question = lock(desk)
    desk.press("a", "Enter")
    expect(desk.needs_me).to_have_text("1 needs you")
    Assignment.objects.filter(revise_until__isnull=False).update(revise_until=None)
    desk.needs_me.click()
    dialog = desk.page.locator("#refused-writes")
    expect(dialog).to_contain_text(question)
    expect(dialog).to_contain_text("The time to revise has passed.")
    dialog.get_by_role("button", name="Open it again").click()
    expect(dialog).to_contain_text("your own values stand")
    dialog.get_by_role("button", name="Discard").click()
    expect(desk.needs_me).to_be_hidden()


def test_two_tabs_answer_a_judge_once(desk: Desk) -> None:
    question = lock(desk)
    other = Desk(desk.page.context.new_page(), desk.study)
    other.page.goto("/studies/birds/score/")
    seen(other, question)
    desk.page.bring_to_front()
    desk.press("a")
    other.eventually(lambda: other.values()["ITS"] == "1")
    desk.press("Enter")
    expect(other.stage.locator(".question-text").first).not_to_have_text(question)
    desk.eventually(lambda: len(decided(question)) == 4)
    assert Revision.objects.count() == 1


def test_signed_out_in_between_the_answer_waits_for_its_writer(desk: Desk) -> None:
    question = lock(desk)
    cookies = desk.page.context.cookies()
    desk.page.context.clear_cookies()
    desk.press("k", "Enter")
    expect(desk.saved).to_have_text("signed out, 1 waiting")
    assert Revision.objects.count() == 0
    desk.page.context.add_cookies(cookies)  # type: ignore[arg-type]
    desk.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    desk.eventually(lambda: len(decided(question)) == 4)


def test_the_keys_for_it_are_in_the_help_only_while_there_is_something_to_answer(desk: Desk) -> None:
    keeping = desk.page.locator("#help [data-judge-mode]", has_text="keep your own value")
    desk.press("?")
    expect(desk.page.locator("#help")).to_be_visible()
    expect(keeping).to_be_hidden()
    desk.press("Escape")
    lock(desk)
    desk.press("?")
    expect(keeping).to_be_visible()
    desk.press("Escape")
    hints = desk.page.locator(".key-hints")
    expect(hints.get_by_text("keep yours")).to_be_visible()
    expect(hints.get_by_text("skip", exact=True)).to_be_hidden()


def test_by_touch_a_tap_keeps_or_changes(browser_of: Callable[..., BrowserContext], study: Study, ann: Member) -> None:
    assert ann.user is not None
    desk = Desk(browser_of(ann.user, **PHONE).new_page(), study).open()
    question = lock(desk, "4355")
    desk.page.locator(".score-row.is-current").get_by_role("button", name="Keep 5").tap()
    expect(desk.page.locator(".score-row.is-current .score-name b")).to_have_text("ITS")
    desk.page.locator(".score-row.is-current .level-key.is-judge-value").tap()
    desk.submit.tap()
    desk.eventually(lambda: decided(question) == {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 1})


@pytest.mark.parametrize(("scheme", "device"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_axe_finds_nothing_and_the_page_is_not_too_wide(
    browser_of: Callable[..., BrowserContext], study: Study, ann: Member, scheme: str, device: dict[str, Any]
) -> None:
    assert ann.user is not None
    options = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce", **device}
    desk = Desk(browser_of(ann.user, **options).new_page(), study).open()
    lock(desk, "4315")
    assert not faults(desk.page)
    desk.press("a", "k")
    assert not faults(desk.page)
    desk.press("Enter")
    desk.eventually(lambda: Revision.objects.count() == 1)
    desk.press("ArrowLeft")
    expect(desk.tell).to_contain_text("You scored this at")
    assert not faults(desk.page)
