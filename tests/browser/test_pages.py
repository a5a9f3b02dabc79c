"""The pages beside the scoring page, in a real browser: for everybody, on every screen, by keyboard alone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from annotation.models import Job, User
from tests.access_world import World, make_world
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def stranger(browser: Browser, server: str, transactional_db: None) -> Iterator[Page]:
    """A browser in which nobody is signed in."""
    context = browser.new_context(base_url=server, **DESK)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, and whether it is wider than the screen."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    # The inner width of a phone grows with a page that is too wide.
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]] + ["too wide"] * wide


def addresses(world: World) -> dict[str, list[str]]:
    return {
        "ada": [
            "/",
            "/studies/birds/",
            "/studies/birds/people/",
            f"/studies/birds/people/{world.members['ida'].public_id}/",
            "/studies/birds/samples/",
            f"/studies/birds/samples/{world.sample.public_id}/",
            "/studies/birds/samples/?order=widest&disputed=any",
            "/studies/birds/discussions/",
            f"/studies/birds/discussions/{world.case.public_id}/",
            f"/studies/birds/samples/{world.case.sample.public_id}/",
            "/studies/birds/agreement/",
            "/studies/birds/imports/",
            f"/studies/birds/jobs/{world.job.public_id}/",
            "/studies/birds/releases/",
            f"/studies/birds/releases/{world.release.public_id}/",
            "/studies/birds/settings/",
        ],
        "ann": [
            "/",
            "/account/",
            "/studies/birds/rubric/",
            "/studies/birds/mine/",
            f"/studies/birds/mine/{world.scored}/",
            "/studies/birds/people/",
            "/no/such/page/",
            "/docs/OPERATING.md",
        ],
        "rae": ["/studies/birds/", f"/studies/birds/discussions/{world.case.public_id}/"],
        "sia": ["/", "/new-study/", f"/studies/birds/people/{world.members['ben'].public_id}/"],
    }


@pytest.mark.parametrize(("scheme", "device"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_axe_finds_nothing_on_any_page_and_none_is_too_wide(
    world: World, browser_of: Callable[..., BrowserContext], scheme: str, device: dict[str, Any]
) -> None:
    found = {}
    for who, places in addresses(world).items():
        options = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce", **device}
        page = browser_of(User.objects.get(username=who), **options).new_page()
        for place in places:
            page.goto(place)
            found[who, place] = faults(page)
        page.goto("/")
        page.locator(".person-button").click()
        expect(page.get_by_role("link", name="Account")).to_be_visible()
        found[who, "menu"] = faults(page)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_where_nobody_is_signed_in(
    world: World, browser: Browser, server: str, device: dict[str, Any]
) -> None:
    context = browser.new_context(base_url=server, bypass_csp=True, reduced_motion="reduce", **device)
    page = context.new_page()
    found = {}
    documents = ("/docs/", "/docs/ARCHITECTURE.md", "/docs/METHODS.md", "/docs/LOOP.md")
    for place in ("/login/", f"/join/{world.secret}/", "/join/nothing/", "/no/such/page/", *documents):
        page.goto(place)
        found[place] = faults(page)
    page.goto("/login/")
    page.get_by_role("button", name="Sign in").click()
    found["refused"] = faults(page)
    for _ in range(10):
        page.goto("/login/")
        page.get_by_label("Username").fill("ann")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Locked out for 15 minutes")).to_be_visible()
    found["locked out"] = faults(page)
    context.close()
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_ann_signs_in_by_keyboard_alone_after_a_slip(stranger: Page, world: World) -> None:
    page = stranger
    page.goto("/account/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("ann")
    page.keyboard.press("Enter")
    password = page.get_by_label("Password")
    expect(password).to_be_focused()
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Username")).to_have_value("ann")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()


def test_sam_joins_by_keyboard_and_signs_out_from_the_menu(stranger: Page, world: World) -> None:
    page = stranger
    page.goto(f"/join/{world.secret}/")
    page.get_by_label("Name", exact=True).focus()
    for word in ("Sam Stranger", "sam", "a phrase of my own"):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/studies/birds/score/$"))
    page.goto("/")
    page.locator(".person-button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_page_of_an_import_follows_it_to_its_end(world: World, browser_of: Callable[..., BrowserContext]) -> None:
    context = browser_of(User.objects.get(username="ada"))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(f"/studies/birds/jobs/{world.job.public_id}/")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    Job.objects.update(state="running", done=3, total=4, activity="reading lines")
    expect(page.get_by_text("3 of 4")).to_be_visible()
    Job.objects.update(state="done", result={"created": 4, "updated": 0, "unchanged": 0, "refused": 0, "errors": []})
    expect(page.get_by_role("button", name="Import 4 lines")).to_be_visible()
    assert complaints == [], "nothing is blocked by the content security policy"


def test_a_new_link_takes_the_focus(world: World, browser_of: Callable[..., BrowserContext]) -> None:
    page = browser_of(User.objects.get(username="ada")).new_page()
    page.goto("/studies/birds/people/")
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("heading", name="The link for a new annotator")).to_be_focused()
    assert "/join/" in page.get_by_role("textbox", name="Link").input_value()
