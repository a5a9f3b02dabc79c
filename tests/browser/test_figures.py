"""Figures in a real browser: readable on every screen, and a calculation that shows itself without a reload."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from annotation.models import Job, User
from annotation.reports import stored_reports
from tests.access_world import World, make_world
from tests.annotation.reports.rating_rows import rate, settle
from tests.factories import make_discussion, make_sample

from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db: None) -> World:
    """A study whose Ben and Cleo have scored for four weeks, with a discussion that is over."""
    world = make_world()
    for number in range(24):
        at = timezone.now() - timedelta(days=number)
        sample = make_sample(world.study, pictures=["red"], generator=f"heron-{number % 3}", domain="rivers")
        rate(sample, "Ben Bright", {"TCC": number % 5, "ITS": number % 3}, seconds=30, at=at)
        rate(sample, "Cleo Calm", {"TCC": number % 4, "ITS": number % 3}, seconds=50, at=at)
    case = make_discussion(world.study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cleo": {"ITS": 4}})
    settle(case, ann=4, ben=4, cleo=4)
    return world


def quiet(page: Page) -> list[str]:
    """Return a list that takes what the console complains of."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    return complaints


@pytest.mark.parametrize(("scheme", "device"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_pages_of_figures_are_readable_by_everybody_and_none_is_too_wide(
    world: World, browser_of: Callable[..., BrowserContext], scheme: str, device: dict[str, Any]
) -> None:
    stored_reports.refresh_reports(study=world.study)
    options = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce", **device}
    ben = world.members["ben"].public_id
    found = {}
    for who in ("ada", "rae"):
        page = browser_of(User.objects.get(username=who), **options).new_page()
        for place in ("", "agreement/", "agreement/?by=generator&level=nominal", f"people/{ben}/"):
            page.goto(f"/studies/birds/{place}")
            assert page.locator("main svg").count() > 3, "there is something to look at"
            found[who, place] = faults(page)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_a_calculation_shows_its_progress_and_then_its_result_by_itself(
    world: World, browser_of: Callable[..., BrowserContext]
) -> None:
    page = browser_of(User.objects.get(username="ada")).new_page()
    complaints = quiet(page)
    page.goto("/studies/birds/")
    expect(page.get_by_text("Not calculated yet.", exact=False)).to_be_visible()
    page.get_by_role("button", name="Calculate now").press("Enter")
    expect(page).to_have_url(re.compile(r"/studies/birds/$"))
    expect(page.get_by_text("waiting for a worker", exact=False)).to_be_visible()
    job = Job.objects.filter(kind="statistics")
    job.update(state="running", done=3, total=12, activity="agreement on TCC", lease_until=timezone.now())
    expect(page.get_by_text("step 3 of 12: agreement on TCC", exact=False)).to_be_visible()
    expect(page.get_by_role("progressbar", name="Progress of the calculation")).to_have_attribute("value", "3")
    stored_reports.refresh_reports(study=world.study)
    job.update(state="done", finished_at=timezone.now())
    expect(page.get_by_text("Figures as of", exact=False)).to_be_visible()
    expect(page.locator("#h-pairs")).to_be_visible()
    expect(page.locator("main")).to_have_count(1)
    expect(page.get_by_role("row", name="TCC Text Content Completeness ordinal")).to_be_visible()
    assert complaints == [], "nothing is blocked by the content security policy"


def test_the_level_is_switched_by_keyboard_and_a_wide_table_scrolls_by_arrows(
    world: World, browser_of: Callable[..., BrowserContext]
) -> None:
    stored_reports.refresh_reports(study=world.study)
    page = browser_of(User.objects.get(username="ada"), **PHONE).new_page()
    page.goto("/studies/birds/agreement/")
    page.get_by_role("link", name="nominal").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="nominal")).to_have_attribute("aria-current", "true")
    table = page.get_by_role("group", name="Agreement per dimension")
    table.focus()
    end = time.monotonic() + 10
    page.keyboard.press("ArrowRight")
    # By hand, as the page's policy lets nothing evaluate a condition in it again and again.
    while (scrolled := table.evaluate("(node) => node.scrollLeft")) == 0 and time.monotonic() < end:
        page.wait_for_timeout(20)
    assert scrolled > 0
    first = page.get_by_role("rowheader", name="TCC").first
    box = first.bounding_box()
    assert box is not None
    assert box["x"] >= 0, "the name of the row stays in view"
