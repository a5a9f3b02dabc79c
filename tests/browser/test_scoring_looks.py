"""The page for everybody: assistive technology, small screens, both themes, and the bytes it takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from annotation.models import Member, Study

from .scoring_page import LETTERS, Desk

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_in_any_state(
    study: Study, ann: Member, browser_of: Callable[..., BrowserContext], scheme: str, device: dict[str, Any]
) -> None:
    assert ann.user is not None
    desk = Desk(browser_of(ann.user, color_scheme=scheme, bypass_csp=True, **device).new_page(), study).open()
    page = desk.page
    page.emulate_media(reduced_motion="reduce")
    expect(desk.stage.locator("figcaption .picture-status").first).to_contain_text("loaded")
    assert faults(page) == [], "ready"
    desk.press("4", "c")
    page.keyboard.type("A note")
    desk.press("Escape")
    assert faults(page) == [], "midway"
    for key, dialog in (("?", "help"), ("s", "skip"), ("z", "viewer")):
        desk.press(key)
        expect(page.locator(f"#{dialog}")).to_be_visible()
        assert faults(page) == [], dialog
        desk.press("Escape")
    refusal = {"code": "already_scored", "message": "You have scored this sample already.", "fields": {}}
    page.route(LETTERS, lambda route: route.fulfill(status=409, json=refusal))
    desk.press("3", "2", "1", "Enter")
    expect(desk.needs_me).to_be_visible()
    assert faults(page) == [], "set aside"
    desk.needs_me.click()
    assert faults(page) == [], "the letters set aside"
    desk.press("Escape")
    page.unroute(LETTERS)
    desk.score("1111")
    desk.press("ArrowLeft")
    expect(desk.tell).to_be_visible()
    assert faults(page) == [], "the past"
    desk.press("ArrowRight")
    desk.lose_connection()
    desk.press("1", "1", "1", "1", "Enter")
    expect(desk.saved).to_contain_text("offline")
    assert faults(page) == [], "offline"
    page.route(
        "**/api/**", lambda route: route.fulfill(status=401, json={"code": "not_authenticated", "message": "Who?"})
    )
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.locator("#sign-in")).to_be_visible()
    assert faults(page) == [], "signed out"


def test_a_phone_scores_with_a_thumb(study: Study, ann: Member, browser_of: Callable[..., BrowserContext]) -> None:
    assert ann.user is not None
    desk = Desk(browser_of(ann.user, **PHONE).new_page(), study).open()
    page = desk.page
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => document.querySelector('.sample-page.is-shown').scrollWidth <= innerWidth")
    figure, question = desk.stage.locator("figure").bounding_box(), desk.stage.locator(".question-text").bounding_box()
    assert figure is not None
    assert question is not None
    assert figure["y"] < question["y"], "the first picture leads"
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("button, a, [role=radio], input")].filter((node) => {
            const { width, height } = node.getBoundingClientRect();
            return node.checkVisibility({ visibilityProperty: true }) && !node.closest(".skip-link, .site-header nav")
              && width > 1 && (width < 44 || height < 44); }).map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert too_small == []
    expect(desk.submit).to_be_in_viewport(ratio=1)
    for key in ("4", "3", "2", "1"):
        page.locator(".score-row.is-current .level-key", has_text=key).first.tap()
    expect(desk.submit).to_have_attribute("aria-disabled", "false")
    asked = desk.question
    desk.submit.tap()
    expect(desk.stage.locator(".question-text").first).not_to_have_text(asked)
    page.locator(".score-name", has_text="IQ").tap()
    page.get_by_role("button", name="Levels: what each means").tap()
    expect(page.locator("#levels")).to_contain_text("IQ at 3")


def test_a_first_visit_is_light_and_a_later_one_is_lighter(
    study: Study, ann: Member, browser_of: Callable[..., BrowserContext]
) -> None:
    assert ann.user is not None
    page = browser_of(ann.user).new_page()
    weights: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if "/api/pictures/" not in response.url and not response.from_service_worker:
            sizes = response.request.sizes()
            weights[response.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    page.on("response", lambda response: seen.append(response))
    seen: list[Response] = []
    Desk(page, study).open()
    page.wait_for_load_state("networkidle")
    for response in seen:
        weigh(response)
    assert any("/main." in url for url in weights), "the modules have hashed names"
    assert sum(weights.values()) <= 300_000
    later = sum(size for url, size in weights.items() if "/static/" not in url)
    assert later <= 20_000
    fixed = [response for response in seen if "/static/" in response.url]
    assert all("immutable" in response.headers["cache-control"] for response in fixed)


def test_the_page_keeps_its_own_content_policy(desk: Desk) -> None:
    """No inline script or style: the console would tell of what the policy blocked."""
    told: list[str] = []
    desk.page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    desk.reload()
    desk.press("4", "z", "1", "Escape", "?", "Escape")
    desk.score("4321")
    assert told == []
