"""What an admin does with a discussion in a real browser: by keyboard alone, and while others go on talking."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from annotation.discussions import participating
from annotation.models import Discussion, FinalScore, User
from tests.frontend.views.disputes import dispute, give_reason, hand_over, make_people

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@pytest.fixture
def case(transactional_db: None) -> Discussion:
    """A sample on which Ann and Ben differ by 2 on ITS; both have said why."""
    case = dispute(make_people(), question="Why do robins sing?", external_id="robin-1")
    give_reason(case, "ann", "T1 and I1 match.")
    give_reason(case, "ben", "They do not.")
    return case


def ada(browser_of: Callable[..., BrowserContext], **options: Any) -> Page:
    return browser_of(User.objects.get(username="ada"), **options).new_page()


def faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


def test_ada_decides_by_keyboard_alone_after_a_slip(
    case: Discussion, browser_of: Callable[..., BrowserContext]
) -> None:
    hand_over(case)
    page = ada(browser_of, bypass_csp=True)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.goto("/")
    page.get_by_role("link", name="1 discussion to decide").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 discussion is yours to decide")).to_be_visible()
    page.get_by_role("link", name="Why do robins sing?").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="ITS: yours to decide")).to_be_visible()
    form = page.locator("form", has=page.get_by_role("button", name="Override"))
    form.get_by_label("leave open").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(form.get_by_label("4", exact=True)).to_be_checked()
    page.keyboard.press("Enter")
    reason = form.get_by_label("Reason")
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("4", exact=True)).to_be_checked()
    assert faults(page) == []
    page.keyboard.type("The picture shows it.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Decided: ITS 4.")).to_be_visible()
    expect(page.get_by_role("heading", name="This discussion is closed")).to_be_visible()
    final = FinalScore.objects.get(sample=case.sample, dimension__key="ITS", current=True)
    assert (final.outcome, final.reason) == ("overridden", "The picture shows it.")
    assert [said for said in complaints if "400" not in said] == [], "nothing but the refusal is complained about"


def test_what_others_say_appears_while_ada_writes_and_her_words_stay(
    case: Discussion, browser_of: Callable[..., BrowserContext]
) -> None:
    page = ada(browser_of)
    page.clock.install()
    page.goto(f"/studies/birds/discussions/{case.public_id}/")
    page.get_by_text("Change the deadline").click()
    reason = page.locator("#deadline_reason")
    reason.fill("They need more ti")
    comment_again(case)
    page.clock.run_for(21_000)
    expect(page.get_by_text("I have looked again.")).to_be_visible()
    expect(reason).to_have_value("They need more ti")
    expect(reason).to_be_focused()


def comment_again(case: Discussion) -> None:
    """Let Ben comment."""
    participating.post_comment(
        by=User.objects.get(username="ben"),
        discussion_id=case.public_id,
        client_key=uuid4(),
        dimension="ITS",
        text="I have looked again.",
    )


def test_a_reference_in_a_post_leads_to_its_block(case: Discussion, browser_of: Callable[..., BrowserContext]) -> None:
    page = ada(browser_of)
    page.goto(f"/studies/birds/discussions/{case.public_id}/")
    page.get_by_role("link", name="T1").click()
    expect(page).to_have_url(re.compile("#T1$"))
    expect(page.locator("#T1")).to_be_in_viewport()


def test_axe_finds_nothing_in_the_forms_of_a_case_and_of_a_sample(
    case: Discussion, browser_of: Callable[..., BrowserContext]
) -> None:
    page = ada(browser_of, bypass_csp=True, viewport={"width": 390, "height": 844}, color_scheme="dark")
    for address in (f"discussions/{case.public_id}/", f"samples/{case.sample.public_id}/"):
        page.goto(f"/studies/birds/{address}")
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert faults(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), "nothing is too wide"
