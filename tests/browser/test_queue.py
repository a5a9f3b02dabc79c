"""The review queue in a real browser: read, pinned, dismissed and given to people, on every screen, by keyboard too."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page, expect

from annotation.jobs import running
from annotation.models import Assignment, Job, Member, Study
from tests.factories import make_sample
from tests.frontend.views.disputes import make_people, place_of
from tests.frontend.views.queue_entries import PAGE, QUESTIONS, entry_of, make_queue

from .scoring_page import Desk
from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser
Browsers = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def nothing_is_sent(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)


@pytest.fixture
def birds(transactional_db: None) -> Study:
    return make_people()


def open_page(browser_of: Browsers, study: Study, who: str, path: str = PAGE, **options: object) -> Page:
    user = place_of(study, who).user
    assert user is not None
    page = browser_of(user, reduced_motion="reduce", accept_downloads=True, **options).new_page()
    page.goto(path)
    return page


def names(page: Page) -> list[str]:
    """Return the external ids in the list, in order."""
    texts = page.locator(".queue li .queue-question .text-tiny").all_text_contents()
    return [text.strip().removeprefix("sample ").split(",")[0].split(" ")[0].strip() for text in texts]


def test_ada_pins_dismisses_and_gives_one_to_ben_who_gets_it_first(browser_of: Browsers, birds: Study) -> None:
    samples = make_queue(birds)
    # Ben is at work when Ada looks; she gives him one that is not before him.
    ben = place_of(birds, "ben")
    assert ben.user is not None
    theirs = Desk(browser_of(ben.user).new_page(), birds).open()
    before = theirs.question
    free = next(name for name in ("lens", "flower", "tea") if QUESTIONS[name] != before)

    page = open_page(browser_of, birds, "ada", "/studies/birds/")
    page.get_by_role("link", name="Review queue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review queue")
    expect(page.locator(".queue li").first).to_contain_text("ITS 1 and 5: a range of 4, the widest of those in order.")
    assert names(page)[0] == "heart"

    def menu(name: str) -> None:
        page.get_by_role("button", name=f"What to do with sample {name}").click()

    menu(free)
    page.get_by_role("button", name="Pin: put it first").click()
    expect(page.get_by_text("Pinned: it stands first.")).to_be_visible()
    expect(page.locator(".queue li").first).to_contain_text("pinned")
    assert names(page)[0] == free
    # The row and the message are both in view.
    expect(page.locator(".queue li:target")).to_contain_text("pinned")
    expect(page.locator(".queue li:target")).to_be_in_viewport()
    expect(page.get_by_text("Pinned: it stands first.")).to_be_in_viewport()

    menu("eclipse")
    page.get_by_role("link", name="Dismiss").click()
    # The form comes in where the menu was, ready to be written in.
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    reason.press_sequentially("Both have said why.")
    page.get_by_role("button", name="Dismiss", exact=True).click()
    expect(page.get_by_text("Dismissed. It can be put back")).to_be_visible()
    assert "eclipse" not in names(page)
    page.get_by_role("link", name="1 dismissed").click()
    expect(page.locator(".queue li")).to_contain_text("Both have said why.")
    page.get_by_role("link", name="Back to the queue").click()

    menu(free)
    page.get_by_role("link", name="Assign to people").click()
    page.get_by_label("Ben Bright").check()
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("Assigned: it comes first in what they hold (Ben Bright).")).to_be_visible()

    theirs.reload()
    assert theirs.question == QUESTIONS[free]
    held = Assignment.objects.get(member=ben, sample=samples[free])
    assert (held.state, held.assigned) == (1, True)


def test_everything_is_done_by_keyboard_alone(browser_of: Browsers, birds: Study) -> None:
    samples = make_queue(birds)
    page = open_page(browser_of, birds, "ada", PAGE, **DESK)
    opener = page.get_by_role("button", name="What to do with sample lens")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pin: put it first")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Pin: put it first")).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Open", exact=True)).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Dismiss")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Known.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Dismissed. It can be put back")).to_be_visible()
    assert entry_of(samples["lens"]).dismissed_because == "Known."


def test_a_step_that_cannot_be_done_says_why_where_the_keyboard_is(browser_of: Browsers, birds: Study) -> None:
    make_queue(birds)
    Member.objects.get(study=birds, user__username="cho").delete()
    page = open_page(browser_of, birds, "ada", f"{PAGE}?queue=audit", **DESK)
    opener = page.get_by_role("button", name="What to do with sample sourdough")
    opener.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Send to cross-review").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Invite somebody first")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_menu_opens_as_a_menu_again_after_a_step_was_put_off_or_refused(browser_of: Browsers, birds: Study) -> None:
    make_queue(birds)
    Member.objects.get(study=birds, user__username="cho").delete()
    page = open_page(browser_of, birds, "ada", f"{PAGE}?queue=audit", **DESK)
    opener = page.get_by_role("button", name="What to do with sample sourdough")
    pin = page.get_by_role("button", name="Pin: put it first")

    def put_off() -> None:
        page.get_by_role("button", name="Not now").click()

    for step, inside, leave in (
        ("Dismiss", page.get_by_label("Reason"), put_off),
        ("Dismiss", page.get_by_label("Reason"), lambda: page.keyboard.press("Escape")),
        ("Send to cross-review", page.get_by_text("Invite somebody first"), lambda: page.keyboard.press("Escape")),
    ):
        opener.click()
        page.get_by_role("link", name=step).click()
        expect(inside).to_be_focused()
        expect(pin).to_be_hidden()
        leave()
        expect(inside).to_be_hidden()
        expect(opener).to_be_focused()
    opener.click()
    expect(pin).to_be_visible()
    expect(page.get_by_role("link", name="Open", exact=True)).to_be_visible()
    expect(page.get_by_text("Invite somebody first")).to_be_hidden()
    pin.click()
    expect(page.get_by_text("Pinned: it stands first.")).to_be_visible()


def test_without_a_script_the_same_is_done_on_pages(browser_of: Browsers, birds: Study) -> None:
    samples = make_queue(birds)
    page = open_page(browser_of, birds, "ada", f"{PAGE}?place=order", java_script_enabled=False)
    page.get_by_role("button", name="What to do with sample tea").click()
    page.get_by_role("link", name="Assign to people").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Write the steps of a tea ceremony")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("Choose at least one.")).to_be_visible()
    page.get_by_label("Cho Calm").check()
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("Assigned: it comes first")).to_be_visible()
    assert Assignment.objects.get(sample=samples["tea"]).member == place_of(birds, "cho")


def test_a_refresh_is_watched_and_found_again(browser_of: Browsers, birds: Study) -> None:
    make_queue(birds)
    page = open_page(browser_of, birds, "ada")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#queue-age")).to_contain_text("waiting for a worker")
    page.goto("/studies/birds/")
    page.goto(PAGE)
    expect(page.locator("#queue-age")).to_contain_text("waiting for a worker")
    try:
        running.run_job(Job.objects.get(kind="refresh_queue").pk)
    finally:
        connection.close()
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    expect(page.locator(".queue li")).to_have_count(6)


def refresh_beneath(page: Page) -> None:
    """Let a refresh that a page waits for bring one more sample into the queue."""
    study = Study.objects.get(slug="birds")
    make_sample(study, external_id="newcomer")
    running.run_job(Job.objects.get(kind="refresh_queue").pk)
    connection.close()
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()


def test_a_new_order_comes_by_itself_and_the_keyboard_stays_where_it_is(browser_of: Browsers, birds: Study) -> None:
    make_queue(birds)
    page = open_page(browser_of, birds, "ada")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#queue-age")).to_contain_text("waiting for a worker")
    opener = page.get_by_role("button", name="What to do with sample lens")
    opener.focus()
    refresh_beneath(page)
    expect(page.locator(".queue li")).to_have_count(7)
    expect(opener).to_be_focused()
    expect(page.get_by_role("link", name="Show the new order")).to_be_hidden()


def test_a_new_order_waits_while_a_reason_is_written(browser_of: Browsers, birds: Study) -> None:
    samples = make_queue(birds)
    page = open_page(browser_of, birds, "ada")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#queue-age")).to_contain_text("waiting for a worker")
    page.get_by_role("button", name="What to do with sample lens").click()
    page.get_by_role("link", name="Dismiss").click()
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    page.keyboard.type("Known ")
    refresh_beneath(page)
    newer = page.get_by_role("link", name="Show the new order")
    expect(newer).to_be_visible()
    assert faults(page) == []
    page.keyboard.type("already.")
    expect(reason).to_have_value("Known already.")
    expect(page.locator(".queue li")).to_have_count(6)
    page.get_by_role("button", name="Dismiss", exact=True).click()
    expect(page.get_by_text("Dismissed. It can be put back")).to_be_visible()
    assert entry_of(samples["lens"]).dismissed_because == "Known already."


def test_a_new_order_waits_while_a_filter_is_chosen_and_is_shown_on_demand(browser_of: Browsers, birds: Study) -> None:
    make_queue(birds)
    page = open_page(browser_of, birds, "ada")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#queue-age")).to_contain_text("waiting for a worker")
    page.get_by_label("Range at least").select_option("3")
    refresh_beneath(page)
    newer = page.get_by_role("link", name="Show the new order")
    expect(newer).to_be_visible()
    expect(page.get_by_label("Range at least")).to_have_value("3")
    newer.click()
    expect(newer).to_be_hidden()
    expect(page.get_by_label("Range at least")).to_have_value("")
    assert "newcomer" in names(page)


def test_it_is_taken_away_as_csv(browser_of: Browsers, birds: Study) -> None:
    make_queue(birds)
    page = open_page(browser_of, birds, "ravi")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    assert waiting.value.suggested_filename == "birds-queue-disputed.csv"
    assert len(Path(waiting.value.path()).read_text().splitlines()) == 7


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_of_it_is_accessible_and_fits(
    browser_of: Browsers, birds: Study, options: dict[str, object], scheme: str
) -> None:
    samples = make_queue(birds)
    page = open_page(browser_of, birds, "ada", PAGE, color_scheme=scheme, **options)
    assert faults(page) == []
    page.get_by_role("button", name="What to do with sample lens").click()
    assert faults(page) == []
    page.get_by_role("link", name="Assign to people").click()
    expect(page.get_by_label("Ben Bright")).to_be_visible()
    assert faults(page) == []
    for query in ("?queue=label_next", "?queue=audit", "?queue=audit&spread=5", "?dismissed=1"):
        page.goto(PAGE + query)
        assert faults(page) == [], query
    page.goto(f"{PAGE}{entry_of(samples['sourdough'], 'audit').public_id}/?do=review")
    assert faults(page) == []


def test_before_there_is_anything_it_is_accessible_too(browser_of: Browsers, birds: Study) -> None:
    page = open_page(browser_of, birds, "ada", PAGE, **PHONE)
    expect(page.get_by_text("It has not been made yet.")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Make it now").click()
    expect(page.locator("#queue-age")).to_contain_text("waiting for a worker")
    assert faults(page) == []
