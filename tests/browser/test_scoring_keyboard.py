"""Ann scores with the keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from annotation.models import Rating, Skip
from tests.factories import make_member, make_rubric, make_sample, make_study

from .scoring_page import Desk, ratings, standing

pytestmark = pytest.mark.browser


def test_ann_scores_a_sample_without_touching_the_mouse(desk: Desk) -> None:
    question = desk.question
    desk.press("4", "3", "0", "5")
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "0", "ITS": "5"}
    desk.press("Enter")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    assert desk.values() == {"TCC": "", "ICC": "", "IQ": "", "ITS": ""}
    desk.eventually(lambda: standing() == 1)
    assert ratings(question) == {"TCC": 4, "ICC": 3, "IQ": 0, "ITS": 5}
    expect(desk.saved).to_contain_text("saved")


def test_a_digit_goes_on_to_the_next_open_dimension_and_arrows_change_it(desk: Desk) -> None:
    here = desk.page.locator(".score-row.is-current .score-name b")
    expect(here).to_have_text("TCC")
    desk.press("ArrowDown", "ArrowDown")
    expect(here).to_have_text("IQ")
    desk.press("2")
    expect(here).to_have_text("ITS")
    desk.press("2")
    expect(here).to_have_text("TCC")
    desk.press("ArrowUp")
    expect(here).to_have_text("ITS")
    desk.press("5")
    assert desk.values() == {"TCC": "", "ICC": "", "IQ": "2", "ITS": "5"}


def test_enter_submits_nothing_while_a_dimension_is_open(desk: Desk) -> None:
    question = desk.question
    desk.press("1", "1", "1")
    expect(desk.submit).to_have_text("Submit, 1 to go Enter")
    expect(desk.submit).to_have_attribute("aria-disabled", "true")
    desk.press("Enter")
    assert desk.question == question
    desk.page.wait_for_timeout(200)
    assert standing() == 0


def test_keys_are_letters_inside_a_note_and_rest_in_chords(desk: Desk) -> None:
    desk.press("c")
    desk.page.keyboard.type("4 zebras? u s [")
    assert desk.values()["TCC"] == ""
    desk.press("Escape")
    expect(desk.page.locator(".score-row.is-current .score-note")).to_have_text("4 zebras? u s [")
    for chord in ("Control+1", "Alt+2", "Meta+3"):
        desk.press(chord)
    assert desk.values()["TCC"] == ""
    desk.press("3")
    assert desk.values()["TCC"] == "3"


def test_a_note_is_stored_with_its_dimension(desk: Desk) -> None:
    desk.press("ArrowDown", "c")
    desk.page.keyboard.type("The beak is missing.")
    desk.press("Escape", "ArrowUp", "4", "3", "2", "1", "Enter")
    desk.eventually(lambda: standing() == 1)
    assert dict(Rating.objects.exclude(note="").values_list("dimension__key", "note")) == {
        "ICC": "The beak is missing."
    }


def test_levels_that_are_no_digits_are_chosen_by_their_place(
    browser_of: Callable[..., BrowserContext], transactional_db: None
) -> None:
    study = make_study("halves", rubric=make_rubric("halves", levels=(0, 0.5, 1)))
    make_sample(study, question="Half?")
    make_sample(study, question="Other?")
    member = make_member(study, "ann")
    assert member.user is not None
    desk = Desk(browser_of(member.user).new_page(), study).open()
    question = desk.question
    desk.press("2")
    assert desk.values()["TCC"] == "0.5"
    assert desk.values()["ICC"] == "0", "no picture came, so this is settled"
    desk.press("Enter")
    desk.eventually(lambda: standing() == 1)
    assert ratings(question) == {"TCC": 0.5}


def test_ann_skips_with_a_reason(desk: Desk) -> None:
    question = desk.question
    desk.press("s")
    dialog = desk.page.locator("#skip")
    expect(dialog).to_be_visible()
    desk.press("Enter")
    expect(dialog.locator(".field-error")).to_have_text("Choose a reason.")
    dialog.get_by_label("not in a language I read").check()
    desk.press("Enter")
    expect(dialog).to_be_hidden()
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)
    desk.eventually(lambda: Skip.objects.filter(reason="language").count() == 1)


def test_skipping_for_something_else_takes_words(desk: Desk) -> None:
    desk.press("s")
    dialog = desk.page.locator("#skip")
    dialog.get_by_role("radio", name="something else").check()
    dialog.get_by_role("button", name="Skip").click()
    expect(dialog.locator(".field-error")).to_have_text("Say in a few words why.")
    dialog.locator("textarea").fill("It is about my own house.")
    dialog.get_by_role("button", name="Skip").click()
    desk.eventually(lambda: Skip.objects.filter(reason="other", note="It is about my own house.").exists())


def test_help_opens_by_key_and_closes_by_escape_with_the_focus_back(desk: Desk) -> None:
    desk.press("?")
    expect(desk.page.locator("#help")).to_be_visible()
    desk.press("4")
    assert desk.values()["TCC"] == ""
    desk.press("Escape")
    expect(desk.page.locator("#help")).to_be_hidden()
    expect(desk.page.locator(".score-row.is-current .level-key").first).to_be_focused()


def test_each_group_is_one_stop_for_tab_and_shift_arrows_walk_the_levels(desk: Desk) -> None:
    groups = desk.page.locator("[role=radiogroup].level-keys")
    for index in range(groups.count()):
        expect(groups.nth(index).locator("[role=radio][tabindex='0']")).to_have_count(1)
    desk.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft")
    assert desk.values()["TCC"] == "1"
    expect(desk.page.locator(".score-row.is-current .level-key[aria-checked=true]")).to_be_focused()


def test_a_key_held_down_counts_once(desk: Desk) -> None:
    for _ in range(4):
        desk.page.keyboard.down("4")
    desk.page.keyboard.up("4")
    assert desk.values() == {"TCC": "4", "ICC": "", "IQ": "", "ITS": ""}
    desk.press("1", "1", "1")
    for _ in range(4):
        desk.page.keyboard.down("Enter")
    desk.page.keyboard.up("Enter")
    desk.eventually(lambda: standing() == 1)
    desk.page.wait_for_timeout(300)
    assert standing() == 1
