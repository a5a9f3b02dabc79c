"""What stands on the page when things are not as usual."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from annotation.models import Assignment, Member, Sample, Study
from tests.factories import make_member, make_sample, make_study

from .scoring_page import Desk, ratings, standing

pytestmark = pytest.mark.browser

Browsers = Callable[..., BrowserContext]


def open_desk(member: Member, browser_of: Browsers, study: Study) -> Desk:
    assert member.user is not None
    desk = Desk(browser_of(member.user).new_page(), study)
    desk.page.goto(f"/studies/{study.slug}/score/")
    return desk


def test_when_nothing_is_left_the_page_says_why_and_goes_on_when_something_comes(
    study: Study, ann: Member, browser_of: Browsers
) -> None:
    Sample.objects.update(stage=0)
    desk = open_desk(ann, browser_of, study)
    expect(desk.stage.locator("h1")).to_have_text("Nothing left to score")
    expect(desk.page.locator("#panel")).to_be_hidden()
    expect(desk.submit).to_have_attribute("aria-disabled", "true")
    Sample.objects.update(stage=1)
    expect(desk.page.locator("#live-region")).to_contain_text(
        "Nothing left to score. Every sample of this study has its annotators"
    )
    desk.page.get_by_role("button", name="Look again").click()
    expect(desk.page.locator("#panel")).to_be_visible()
    expect(desk.page.locator("#live-region")).to_have_text("Next sample, 1 turn, 1 picture")
    expect(desk.page.locator(".score-row.is-current .level-key").first).to_be_focused()
    desk.score()
    desk.eventually(lambda: standing() == 1)


def test_a_paused_study_is_named(study: Study, ann: Member, browser_of: Browsers) -> None:
    Study.objects.update(state="paused")
    desk = open_desk(ann, browser_of, study)
    expect(desk.stage.locator("h1")).to_have_text("This study takes no scores now")


def test_a_paused_person_is_told(study: Study, ann: Member, browser_of: Browsers) -> None:
    Member.objects.update(state="paused")
    desk = open_desk(ann, browser_of, study)
    expect(desk.stage.locator("h1")).to_have_text("Your work here is paused")


def test_the_last_sample_leads_to_nothing_left(study: Study, ann: Member, browser_of: Browsers) -> None:
    Sample.objects.exclude(pk=Sample.objects.earliest("pk").pk).update(stage=0)
    desk = open_desk(ann, browser_of, study)
    expect(desk.page.locator("#panel")).to_be_visible()
    desk.press("1", "1", "1", "1", "Enter")
    expect(desk.stage.locator("h1")).to_have_text("Nothing left to score")
    expect(desk.stage.locator("h1")).to_be_focused()
    expect(desk.page.locator("#live-region")).to_contain_text(
        "Nothing left to score. Every sample of this study has its annotators"
    )
    expect(desk.page.locator("#bottom-bar .bottom-bar-progress")).to_have_text("1 today")
    desk.press("u")
    expect(desk.page.locator("#panel")).to_be_visible()
    assert desk.values()["TCC"] == "1"
    expect(desk.page.locator("#bottom-bar .bottom-bar-progress")).to_have_text("0 today")


def test_why_there_is_nothing_is_read_out_once_however_often_the_page_asks(
    study: Study, ann: Member, browser_of: Browsers
) -> None:
    Sample.objects.update(stage=0)
    desk = open_desk(ann, browser_of, study)
    expect(desk.page.locator("#live-region")).to_contain_text("Nothing left to score.")
    desk.page.evaluate("() => { document.querySelector('#live-region').textContent = 'read'; }")
    with desk.page.expect_response("**/assignments/**"):
        desk.page.get_by_role("button", name="Look again").click()
    desk.page.wait_for_timeout(200)
    expect(desk.page.locator("#live-region")).to_have_text("read")


def test_a_missing_side_is_locked_with_its_reason(transactional_db: None, browser_of: Browsers) -> None:
    study = make_study("words")
    make_sample(study, "Only words.", question="What is a robin?")
    desk = open_desk(make_member(study, "ann"), browser_of, study)
    expect(desk.stage).to_contain_text("No image came with this answer.")
    expect(desk.row("ICC").locator(".score-chosen")).to_have_text("No image in this answer, so this is 0.")
    expect(desk.row("ITS").locator(".score-chosen")).to_have_text(
        "It takes a text and an image to score this; the image is missing, so this is 0."
    )
    expect(desk.row("IQ").locator(".level-key").first).to_be_disabled()
    expect(desk.submit).to_have_text("Submit, 1 to go Enter")
    desk.press("ArrowDown", "4", "Enter")
    desk.eventually(lambda: standing() == 1)
    assert ratings("What is a robin?") == {"TCC": 4}


def test_context_is_shown_and_not_judged(transactional_db: None, browser_of: Browsers) -> None:
    study = make_study("talk")
    turns = [
        {"question": "Hello?", "context": True, "blocks": [{"text": "Hello."}]},
        {
            "question": "And birds?",
            "context": False,
            "blocks": [{"text": "They sing."}, {"picture": 0}, {"text": "Loudly."}],
        },
    ]
    make_sample(study, "x", ["red"], turns=turns)
    desk = open_desk(make_member(study, "ann"), browser_of, study)
    expect(desk.stage.locator(".sample-turn.is-context")).to_contain_text("Context, not to be scored")
    expect(desk.stage.locator(".sample-header")).to_contain_text("1 turn")
    assert desk.stage.locator(".block-number").all_inner_texts() == ["Q1", "T1", "Q2", "T2", "I1", "I1", "T3"]


def test_a_lease_that_was_lost_is_told_and_may_still_be_used(desk: Desk) -> None:
    question = desk.question
    desk.press("4", "3")
    Assignment.objects.update(expires_at=timezone.now(), state=Assignment.State.RELEASED)
    desk.page.evaluate(
        """() => { const real = Date.now; Date.now = () => real() + 40 * 60_000; dispatchEvent(new Event("focus")); }"""
    )
    expect(desk.tell).to_contain_text("no longer reserved for you")
    assert desk.values() == {"TCC": "4", "ICC": "3", "IQ": "", "ITS": ""}
    desk.press("ArrowLeft")
    expect(desk.tell).to_contain_text("There is no earlier sample of yours.")
    desk.tell.get_by_role("button", name="Leave it and go on").click()
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)


def test_leases_are_renewed_while_the_page_is_open(desk: Desk) -> None:
    soon = timezone.now() + timezone.timedelta(minutes=5)
    Assignment.objects.update(expires_at=soon, leased_at=timezone.now() - timezone.timedelta(minutes=25))
    desk.reload()
    desk.page.evaluate("() => dispatchEvent(new Event('focus'))")
    desk.eventually(lambda: Assignment.objects.filter(expires_at__lte=soon).count() == 0)


def test_a_researcher_is_sent_away_and_a_stranger_finds_nothing(study: Study, browser_of: Browsers) -> None:
    rae, sam = make_member(study, "rae", "researcher"), make_member(make_study("other"), "sam")
    for person, status in ((rae, 403), (sam, 404)):
        assert person.user is not None
        answer = browser_of(person.user).new_page().goto(f"/studies/{study.slug}/score/")
        assert answer is not None
        assert answer.status == status
