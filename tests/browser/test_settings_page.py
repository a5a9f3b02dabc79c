"""The settings and the pages that make a study, in a real browser: words that follow the form, refusals, keyboard."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from annotation.models import Member, Protocol, Study
from tests.factories import make_member

from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(study: Study, ann: Member, ben: Member) -> Member:
    return make_member(study, "ada", "admin")


def settings(browser_of: Callable[..., BrowserContext], ada: Member, **options: Any) -> Page:
    assert ada.user is not None
    page = browser_of(ada.user, reduced_motion="reduce", **options).new_page()
    page.goto("/studies/birds/settings/")
    return page


def test_the_words_follow_the_form_and_nothing_is_stored(
    browser_of: Callable[..., BrowserContext], ada: Member
) -> None:
    page = settings(browser_of, ada)
    words = page.get_by_role("complementary", name="What this protocol will do")
    expect(words).to_contain_text("Two annotators score each sample")
    tie = page.get_by_role("radiogroup", name="Where the middle of values that pass is no level")
    expect(tie).to_be_hidden()
    page.get_by_label("Annotators per sample").fill("4")
    expect(words).to_contain_text("Four annotators score each sample")
    expect(words).to_contain_text("3 could score here")
    page.get_by_label("What counts as a difference").select_option("1")
    expect(tie).to_be_visible()
    expect(words).to_contain_text("would be discussed all the same")
    page.get_by_label("the lower value around it is final").check()
    expect(words).to_contain_text("the lower of the two values around it is final")
    expect(words).not_to_contain_text("would be discussed all the same")
    page.get_by_label("a random share of the agreed samples").check()
    page.get_by_label("Share reviewed, in per cent").fill("10")
    expect(words).to_contain_text("A random 10 % of the agreed samples")
    expect(words).to_contain_text("one more for the review")
    assert Protocol.objects.get().annotators_per_sample == 2


def test_what_people_meet_of_a_judge_is_asked_for_only_where_they_do(
    browser_of: Callable[..., BrowserContext], ada: Member
) -> None:
    page = settings(browser_of, ada)
    share = page.get_by_label("Samples without the judge, in per cent")
    expect(share).to_be_hidden()
    page.get_by_role("radio", name="once their own are locked").check()
    words = page.get_by_role("complementary", name="What this protocol will do")
    expect(words).to_contain_text("Of every 10 samples 3 are scored by people who do not meet the judge.")
    expect(words).to_contain_text("begin once a judge is active and has judged the study")
    expect(words.get_by_role("link", name="Judges")).to_be_visible()
    share.fill("40")
    expect(words).to_contain_text("Of every 10 samples 4")
    page.get_by_role("radio", name="samples that are likely to be disputed").check()
    expect(words).to_contain_text("those that are likely to be disputed come first")
    assert not faults(page)
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("status")).to_contain_text("Version 2 of the protocol")
    made = Protocol.objects.get(current=True)
    assert (made.suggestions, made.blind_share, made.work_order) == ("delayed", 0.4, "disputed")


def test_a_refusal_takes_the_focus_to_the_field_that_it_names(
    browser_of: Callable[..., BrowserContext], ada: Member
) -> None:
    page = settings(browser_of, ada)
    page.get_by_label("Annotators per sample").fill("9")
    page.keyboard.press("Enter")
    expect(page.locator("#protocol_annotators_per_sample_error")).to_contain_text("Invite 6 more")
    expect(page.get_by_label("Annotators per sample")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Version 2 of the protocol")
    assert Protocol.objects.get(current=True).annotators_per_sample == 3


def test_a_study_is_made_and_started_in_the_browser_alone(
    browser_of: Callable[..., BrowserContext], ada: Member
) -> None:
    page = settings(browser_of, ada)
    page.goto("/")
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Title").fill("Stones")
    page.get_by_label("Short name").fill("stones")
    page.get_by_role("radio", name="Answers that interleave text and images").check()
    page.get_by_role("radio", name="Two annotators").check()
    page.get_by_label("People").select_option(label="those of Birds that sing")
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("heading", name="Before the study can start")).to_be_visible()
    expect(page.get_by_text("3 could score, a sample may take 2")).to_be_visible()
    page.get_by_role("button", name="Start the study").click()
    expect(page.get_by_role("status")).to_contain_text("The study runs")
    assert Study.objects.get(slug="stones").state == "running"


@pytest.mark.parametrize(("scheme", "device"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_axe_finds_nothing_and_no_page_is_too_wide(
    browser_of: Callable[..., BrowserContext], ada: Member, scheme: str, device: dict[str, Any]
) -> None:
    page = settings(browser_of, ada, color_scheme=scheme, bypass_csp=True, **device)
    Study.objects.create(slug="draft", title="A draft", rubric=Study.objects.get().rubric, state="draft")
    study = Study.objects.get(slug="draft")
    Protocol.objects.create(study=study, version=1, preset="paper", cross_review="high", review_threshold=4)
    assert ada.user is not None
    make_member(study, ada.user, "admin")
    found = {}
    for address in (
        "/studies/birds/settings/?preset=paper",
        "/studies/draft/settings/",
        "/studies/draft/",
        "/studies/birds/copy/",
        "/new-study/",
        "/studies/birds/people/",
    ):
        page.goto(address)
        if wrong := faults(page):
            found[address] = wrong
    assert not found
