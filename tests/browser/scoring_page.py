"""The scoring page as a person at it sees it."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect

from annotation.models import Rating, Score, Study

LETTERS = "**/api/assignments/*/score/"


class Desk:
    """One open scoring page: what is on it, and what a person does to it."""

    def __init__(self, page: Page, study: Study) -> None:
        self.page = page
        self.study = study

    def open(self) -> "Desk":
        """Open the page and wait for a sample."""
        self.page.goto(f"/studies/{self.study.slug}/score/")
        expect(self.page.locator("#panel")).to_be_visible()
        return self

    def reload(self) -> "Desk":
        self.page.reload()
        expect(self.page.locator("#panel")).to_be_visible()
        return self

    @property
    def stage(self) -> Locator:
        return self.page.locator(".sample-page.is-shown")

    @property
    def question(self) -> str:
        return self.stage.locator(".question-text").first.inner_text()

    @property
    def saved(self) -> Locator:
        return self.page.locator("#bottom-bar .save-status")

    @property
    def submit(self) -> Locator:
        return self.page.locator("[data-do=submit]")

    @property
    def tell(self) -> Locator:
        return self.page.locator("#notice")

    @property
    def needs_me(self) -> Locator:
        return self.page.locator("#bottom-bar .refused-writes-button")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def row(self, key: str) -> Locator:
        """The row of a dimension."""
        return self.page.locator(".score-row", has=self.page.locator(".score-name b", has_text=key).first).filter(
            has=self.page.get_by_text(key, exact=True)
        )

    def values(self) -> dict[str, str]:
        """What is chosen, by dimension; the shown figure of each chosen key."""
        found: dict[str, str] = self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll(".score-row")].map((dim) => [
                dim.querySelector(".score-name b").textContent,
                dim.querySelector("[aria-checked=true]")?.firstChild.textContent ?? ""]))"""
        )
        return found

    def score(self, digits: str = "4321") -> str:
        """Score what is on the desk, submit, and return the question that it was about."""
        question = self.question
        self.press(*digits, "Enter")
        expect(self.stage.locator(".question-text").first).not_to_have_text(question)
        return question

    def eventually(self, true: Callable[[], object], seconds: float = 8) -> None:
        """Wait until something is true of the world outside the page."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come true in time"
            self.page.wait_for_timeout(40)

    def lose_connection(self) -> None:
        """From here on no letter arrives."""
        self.page.context.route("**/api/**", _cut)

    def regain_connection(self) -> None:
        self.page.context.unroute("**/api/**", _cut)


def _cut(route: Route) -> None:
    route.abort("internetdisconnected")


def standing() -> int:
    """How many scores stand."""
    return Score.objects.filter(voided_at=None).count()


def ratings(question: str) -> dict[str, float]:
    """The stored values of the standing score of the sample with this question."""
    rows = Rating.objects.filter(
        score__voided_at=None, score__sample__content__turns__0__question=question
    ).values_list("dimension__key", "level__value")
    return dict(rows)
