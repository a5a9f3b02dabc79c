"""Looking at pictures: the viewer, what was seen, and what does not arrive."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from annotation.models import Member, Picture, Study
from tests.factories import make_sample

from .scoring_page import Desk

pytestmark = pytest.mark.browser

WEB, FULL = "**/api/pictures/*/web/", "**/api/pictures/*/full/"


@pytest.fixture
def gallery(study: Study, ann: Member, browser_of: Callable[..., BrowserContext]) -> Desk:
    """A sample with two pictures is the only one."""
    study.samples.update(stage=0, state="withdrawn")
    make_sample(study, "Two birds.", ["red", "blue"], question="Show me two birds.")
    Picture.objects.update(width=2000, height=1500)
    assert ann.user is not None
    return Desk(browser_of(ann.user).new_page(), study).open()


def test_a_picture_keeps_its_place_before_it_has_loaded(desk: Desk) -> None:
    held: list[Route] = []
    free = False
    desk.page.route(WEB, lambda route: route.continue_() if free else held.append(route))
    desk.page.goto(f"/studies/{desk.study.slug}/score/")
    frame = desk.stage.locator(".picture-frame").first
    expect(frame).to_be_visible()
    before = frame.bounding_box()
    free = True
    for route in held:
        route.continue_()
    expect(desk.stage.locator("figcaption .picture-status").first).to_contain_text("loaded, not yet at 1:1")
    assert frame.bounding_box() == before
    assert before is not None
    assert before["height"] > 10


def test_the_viewer_is_worked_by_keys_and_gives_the_focus_back(gallery: Desk) -> None:
    gallery.press("z")
    viewer, image = gallery.page.locator("#viewer"), gallery.page.locator("#viewer img")
    title = viewer.locator(".viewer-title")
    expect(title).to_contain_text("I1, picture 1 of 2, ")
    expect(viewer.locator("[data-mode=fit]")).to_have_attribute("aria-pressed", "true")
    gallery.press("1")
    expect(title).to_have_text("I1, picture 1 of 2, 100%")
    expect(image).to_have_attribute("src", re.compile(r"/full/$"))
    before = image.bounding_box()
    gallery.press("ArrowRight", "ArrowDown")
    after = image.bounding_box()
    assert before is not None
    assert after is not None
    assert (after["x"], after["y"]) == (before["x"] - 80, before["y"] - 80)
    gallery.press("2")
    expect(title).to_have_text("I1, picture 1 of 2, 200%")
    gallery.press("-")
    expect(title).to_have_text("I1, picture 1 of 2, 160%")
    gallery.press("]")
    expect(title).to_contain_text("I2, picture 2 of 2")
    gallery.press("4")
    assert gallery.values()["TCC"] == "", "digits do not score through the viewer"
    gallery.press("Escape")
    expect(viewer).to_be_hidden()
    expect(gallery.page.locator(".score-row.is-current .level-key").first).to_be_focused()
    expect(gallery.stage.locator("figcaption .picture-status").nth(0)).to_contain_text("seen at 1:1")
    expect(gallery.stage.locator("figcaption .picture-status").nth(1)).to_contain_text("loaded, not yet at 1:1")


def test_a_drag_moves_the_picture(gallery: Desk) -> None:
    gallery.stage.locator(".picture-frame").first.click()
    gallery.page.get_by_role("button", name="1:1").click()
    image = gallery.page.locator("#viewer img")
    before = image.bounding_box()
    gallery.page.mouse.move(700, 500)
    gallery.page.mouse.down()
    gallery.page.mouse.move(600, 450, steps=4)
    gallery.page.mouse.up()
    after = image.bounding_box()
    assert before is not None
    assert after is not None
    assert (after["x"], after["y"]) == (before["x"] - 100, before["y"] - 50)


def test_brackets_walk_through_the_pictures_and_z_opens_that_one(gallery: Desk) -> None:
    gallery.press("]", "]")
    expect(gallery.stage.locator(".sample-picture.is-viewed .block-number")).to_have_text("I2")
    gallery.press("z")
    expect(gallery.page.locator("#viewer .viewer-title")).to_contain_text("I2, picture 2 of 2")
    gallery.press("[")
    expect(gallery.page.locator("#viewer .viewer-title")).to_contain_text("I1, picture 1 of 2")


def test_a_picture_that_fails_can_be_asked_for_again(desk: Desk) -> None:
    desk.page.route(WEB, lambda route: route.fulfill(status=500, body=""))
    desk.reload()
    figure = desk.stage.locator("figure").first
    expect(figure).to_contain_text("This picture has not arrived.")
    expect(figure.locator(".picture-status")).to_contain_text("not loaded")
    desk.page.unroute(WEB)
    figure.get_by_role("button", name="Try again").click()
    expect(figure.locator(".picture-status")).to_contain_text("loaded, not yet at 1:1")


def test_a_picture_that_stays_away_is_a_reason_to_skip(desk: Desk) -> None:
    desk.page.route(WEB, lambda route: route.abort())
    desk.reload()
    question = desk.question
    desk.stage.get_by_role("button", name="Cannot score").click()
    expect(desk.page.locator("#skip input:checked")).to_have_value("picture_broken")
    desk.press("Enter")
    expect(desk.stage.locator(".question-text").first).not_to_have_text(question)


def test_pictures_come_back_with_the_connection(desk: Desk) -> None:
    desk.page.route(WEB, lambda route: route.abort())
    desk.reload()
    expect(desk.stage.locator(".picture-placeholder").first).to_be_visible()
    desk.page.unroute(WEB)
    desk.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(desk.stage.locator("figcaption .picture-status").first).to_contain_text("loaded, not yet at 1:1")


def test_the_next_samples_are_decoded_before_they_are_shown(desk: Desk) -> None:
    expect(desk.page.locator(".sample-page:not(.is-shown) figure")).to_have_count(3)
    expect(
        desk.page.locator(".sample-page:not(.is-shown) figcaption .picture-status", has_text="loaded, not yet")
    ).to_have_count(3)
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.lose_connection()
    for _ in range(3):
        desk.score("1111")
        expect(desk.stage.locator("figcaption .picture-status").first).to_contain_text("loaded, not yet at 1:1")
    assert not [url for url in asked if "/pictures/" in url]
