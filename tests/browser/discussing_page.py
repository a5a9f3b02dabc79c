"""The discussion page as a person at it sees it."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect

from annotation.models import Study

LETTERS = "**/api/discussions/*/*/**"


class Table:
    """One open discussion page: the case on it, and what a person does to it."""

    def __init__(self, page: Page, study: Study) -> None:
        self.page = page
        self.study = study

    def open(self, case: str = "") -> "Table":
        """Open the page and wait for a case."""
        self.page.goto(f"/studies/{self.study.slug}/discuss/{f'{case}/' if case else ''}")
        expect(self.page.locator(".case-header")).to_be_visible()
        return self

    def reload(self) -> "Table":
        self.page.reload()
        expect(self.page.locator(".case-header")).to_be_visible()
        return self

    @property
    def title(self) -> Locator:
        return self.page.locator("h1")

    @property
    def question(self) -> Locator:
        return self.page.locator(".sample-page.is-shown .question-text").first

    @property
    def here(self) -> Locator:
        """The dimension that the stance is about."""
        return self.page.locator(".topic.is-current .topic-name b")

    @property
    def stance(self) -> Locator:
        return self.page.locator("#stance")

    @property
    def words(self) -> Locator:
        return self.page.locator("#stance textarea")

    @property
    def say(self) -> Locator:
        return self.page.locator("#stance [data-do=say]")

    @property
    def saved(self) -> Locator:
        return self.page.locator("#bottom-bar .save-status")

    @property
    def waiting(self) -> Locator:
        return self.page.locator("#bottom-bar .bottom-bar-progress")

    @property
    def tell(self) -> Locator:
        return self.page.locator("#notice")

    @property
    def aloud(self) -> Locator:
        return self.page.locator("#live-region")

    @property
    def needs_me(self) -> Locator:
        return self.page.locator("#bottom-bar .refused-writes-button")

    def topic(self, key: str) -> Locator:
        """An open dimension."""
        return self.page.locator(".topic", has=self.page.locator(f"#topic-{key}"))

    def fold(self, key: str) -> Locator:
        """A settled dimension."""
        return self.page.locator(".fold", has=self.page.locator("summary b", has_text=key))

    def axis(self, key: str) -> Locator:
        return self.topic(key).locator(".stance-axis")

    def posts(self, key: str) -> list[str]:
        """What the thread of an open dimension says, without times: R1|kind|words."""
        found: list[str] = (
            self.topic(key)
            .locator(".post")
            .evaluate_all(
                """(posts) => posts.map((post) => [post.querySelector(".post-author").firstChild.textContent,
                ...[...post.querySelectorAll(".post-reason, .prose")].map((part) => part.textContent)].join("|"))"""
            )
        )
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, words: str) -> None:
        """Type into the field by keys alone, and leave it."""
        self.press("t")
        self.page.keyboard.type(words)
        self.press("Escape")

    def settle(self) -> None:
        """Wait until nothing of mine is on its way."""
        expect(self.saved).to_contain_text("saved")

    def eventually(self, true: Callable[[], object], seconds: float = 10) -> None:
        """Wait until something is true of the world outside the page."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come true in time"
            self.page.wait_for_timeout(40)

    def look(self) -> None:
        """Ask for news now, as coming back to the page does."""
        self.page.evaluate("() => dispatchEvent(new Event('focus'))")

    def lose_connection(self) -> None:
        self.page.context.route("**/api/**", _cut)

    def regain_connection(self) -> None:
        self.page.context.unroute("**/api/**", _cut)


def _cut(route: Route) -> None:
    route.abort("internetdisconnected")


Tables = Callable[..., Table]
