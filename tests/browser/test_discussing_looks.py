"""The discussion page for everybody: assistive technology, small screens, both themes, its own content policy."""

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.models import Discussion, Study
from tests.annotation.discussions.cases import reason, reasons, say, stand
from tests.factories import make_discussion

from .discussing_page import LETTERS, Tables
from .test_scoring_looks import PHONE, faults

pytestmark = pytest.mark.browser


@pytest.fixture
def case(discussed: Study) -> Discussion:
    """A case with everything in it: a settled dimension, one with a thread, one where the own reason is missing."""
    case = make_discussion(
        discussed,
        {
            "ann": {"ICC": 4, "IQ": 4, "ITS": 4},
            "ben": {"ICC": 3, "IQ": 2, "ITS": 1},
            "cho": {"ICC": 4, "IQ": 4, "ITS": 2},
        },
    )
    for key in ("ICC", "ITS"):
        reasons(case, "ann", "ben", "cho", on=key)
    reason("ben", case, "Blurred.", on="IQ")
    stand("ben", case, 4, on="ICC")
    stand("cho", case, 3)
    say("ben", case, "T1 rests on I1. Would you go to 3?")
    return case


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_in_any_state(case: Discussion, tables: Tables, scheme: str, device: dict[str, Any]) -> None:
    ann = tables("ann", color_scheme=scheme, bypass_csp=True, **device).open()
    page = ann.page
    page.emulate_media(reduced_motion="reduce")
    expect(ann.here).to_have_text("IQ")
    assert faults(page) == [], "own reason first"
    ann.write("Sharp enough, see I1")
    assert faults(page) == [], "writing"
    ann.press("ArrowDown")
    expect(ann.axis("ITS")).to_be_visible()
    ann.fold("ICC").locator("summary").click()
    assert faults(page) == [], "revealed, a settled one unfolded"
    ann.press("0")
    assert faults(page) == [], "a level chosen"
    ann.press("4")
    ann.press("3")
    expect(ann.stance.locator(".stance-sent")).to_be_visible()
    assert faults(page) == [], "adopted"
    for key, dialog in (("?", "help"), ("l", "levels"), ("z", "viewer")):
        ann.press(key)
        expect(page.locator(f"#{dialog}")).to_be_visible()
        assert faults(page) == [], dialog
        ann.press("Escape")
    refusal = {"code": "invalid", "message": "This cannot be stored.", "fields": {}}
    page.route(LETTERS, lambda route: route.fulfill(status=400, json=refusal))
    ann.topic("IQ").locator(".topic-header").click()
    ann.press("i")
    expect(ann.needs_me).to_be_visible(timeout=15_000)
    ann.needs_me.click()
    assert faults(page) == [], "the letters set aside"
    ann.press("Escape")
    Discussion.objects.update(state="handed_over", version=50)
    ann.look()
    expect(ann.tell).to_be_visible()
    assert faults(page) == [], "handed over"
    page.goto("/studies/birds/discuss/")
    expect(ann.title).to_have_text("Nothing waits for you")
    assert faults(page) == [], "nothing waits"


def test_a_phone_discusses_with_a_thumb(case: Discussion, tables: Tables) -> None:
    ann = tables("ann", **PHONE).open()
    page = ann.page
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => document.querySelector('#main').scrollWidth <= innerWidth")
    ann.topic("ITS").locator(".topic-header").tap()
    expect(ann.axis("ITS")).to_be_visible()
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("button, a, [role=radio], summary, textarea")].filter((node) => {
            const { width, height } = node.getBoundingClientRect();
            return node.checkVisibility({ visibilityProperty: true })
              && !node.closest(".skip-link, .site-header nav, .prose")
              && width > 1 && (width < 44 || height < 44); }).map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert too_small == []
    for control in (*ann.page.locator("#stance .level-key").all(), ann.say):
        expect(control).to_be_in_viewport(ratio=1)
    ann.page.get_by_role("link", name="I1").tap()
    expect(page.get_by_role("button", name="Answer", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("figure#I1")).to_be_in_viewport()
    expect(ann.stance.locator(".level-key").first).to_be_visible()
    page.get_by_role("button", name="Discussion", exact=True).tap()
    ann.topic("IQ").locator(".topic-header").tap()
    page.get_by_role("button", name="what the image shows").tap()
    expect(ann.here).to_have_text("ITS")
    expect(ann.topic("IQ").locator(".topic-values .level-chip")).to_have_count(3)
    page.get_by_role("radio", name="3, R3 there").tap()
    expect(ann.stance.locator(".stance-sent")).to_contain_text("ITS moved to 3.")


def test_the_page_keeps_its_own_content_policy(case: Discussion, tables: Tables) -> None:
    """No inline script or style: the console would tell of what the policy blocked."""
    ann = tables("ann")
    told: list[str] = []
    ann.page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    ann.open()
    ann.press("i", "4", "?", "Escape", "z", "1", "Escape", "ArrowRight", "ArrowLeft")
    ann.settle()
    assert told == []
