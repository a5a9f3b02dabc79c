"""The influence report in a real browser: for everybody, on every screen, with its alarm in sight."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from annotation.models import User
from annotation.reports import stored_reports
from annotation.simulation.synthetic_annotators import SyntheticAnnotator
from tests.access_world import World, make_world
from tests.factories import make_member
from tests.suggestion_rows import meet_a_judge

from .test_figures import quiet
from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser
PAGE = "/studies/birds/influence/"


@pytest.fixture
def world(transactional_db: None) -> World:
    """Three who are pulled and one who only hands in what stands there have met the judge, in both arms."""
    world = make_world()
    habits = [SyntheticAnnotator(f"Annotator {number}", number / 4 - 0.5, anchoring=0.6) for number in range(3)]
    habits.append(SyntheticAnnotator("Hal Hasty", haste=1))
    people = [(make_member(world.study, None, name=habit.name), habit) for habit in habits]
    meet_a_judge(world.study, world.run, people, samples=80, suggestions="both")
    return world


@pytest.mark.parametrize(("scheme", "device"), [("light", DESK), ("dark", PHONE)], ids=["light desk", "dark phone"])
def test_the_report_is_readable_by_everybody_and_never_too_wide(
    world: World, browser_of: Callable[..., BrowserContext], scheme: str, device: dict[str, Any]
) -> None:
    options = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce", **device}
    pages = {who: browser_of(User.objects.get(username=who), **options).new_page() for who in ("ada", "rae")}
    found = {}
    for who, page in pages.items():
        page.goto(PAGE)
        found[who, "before"] = faults(page)
    stored_reports.refresh_reports(study=world.study)
    hal = world.study.members.get(name="Hal Hasty").public_id
    for who, page in pages.items():
        for place in (PAGE, f"/studies/birds/people/{hal}/", "/studies/birds/"):
            page.goto(place)
            expect(
                page.get_by_text("rubber stamp", exact=False).first if who == "ada" else page.locator("h1")
            ).to_be_visible()
            found[who, place] = faults(page)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_ada_is_led_from_the_board_to_the_alarm_and_takes_the_suggestions_away(
    world: World, browser_of: Callable[..., BrowserContext]
) -> None:
    stored_reports.refresh_reports(study=world.study)
    page = browser_of(User.objects.get(username="ada")).new_page()
    complaints = quiet(page)
    page.goto("/studies/birds/")
    page.get_by_role("link", name="beyond the limit", exact=False).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("beyond the limit of 0.20")
    expect(page.get_by_role("row", name="Hal Hasty prefilled")).to_contain_text("looks like a rubber stamp")
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV of suggestions").press("Enter")
    assert taken.value.suggested_filename == "birds-suggestions.csv"
    rows = list(csv.DictReader(io.StringIO(taken.value.path().read_text())))
    assert {row["arm"] for row in rows} == {"delayed", "prefilled"}
    assert complaints == [], "nothing is blocked by the content security policy"
