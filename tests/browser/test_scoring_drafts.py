"""What Ann has begun survives; what is with the server is not kept twice."""

import pytest
from playwright.sync_api import expect

from annotation.models import Score

from .scoring_page import Desk, standing

pytestmark = pytest.mark.browser

NAMES = "() => Object.keys(localStorage)"


def test_a_reload_keeps_the_draft_with_its_note(desk: Desk) -> None:
    question = desk.question
    desk.press("4", "c")
    desk.page.keyboard.type("Look at the wings")
    desk.reload()
    assert desk.question == question
    assert desk.values() == {"TCC": "4", "ICC": "", "IQ": "", "ITS": ""}
    desk.press("c")
    expect(desk.page.locator(".score-row.is-current .level-key").first).not_to_be_focused()
    desk.press("Escape", "ArrowDown")
    expect(desk.page.locator(".score-note", has_text="Look at the wings")).to_have_count(1)


def test_the_draft_goes_when_the_server_has_the_score(desk: Desk) -> None:
    desk.press("4")
    assert [name for name in desk.page.evaluate(NAMES) if ":draft:" in name]
    desk.press("3", "2", "1", "Enter")
    desk.eventually(lambda: standing() == 1)
    desk.eventually(lambda: not [name for name in desk.page.evaluate(NAMES) if ":draft:" in name or ":letter:" in name])


def test_no_form_field_carries_a_sample(desk: Desk) -> None:
    """A browser restores fields after a crash; a value would then land on another sample."""
    sample = desk.page.locator(".sample-page.is-shown h1").inner_text().split()[-1]
    fields = desk.page.evaluate(
        "() => [...document.querySelectorAll('input,textarea,select')].map((f) => f.outerHTML + f.value)"
    )
    assert fields
    assert not [field for field in fields if sample in field]


def test_seconds_count_attention_and_survive_a_reload(desk: Desk) -> None:
    desk.page.wait_for_timeout(1200)
    desk.press("4")
    desk.reload()
    desk.page.wait_for_timeout(600)
    desk.press("3", "2", "1", "Enter")
    desk.eventually(lambda: standing() == 1)
    seconds = Score.objects.get().seconds
    assert seconds is not None
    assert 1.5 <= seconds <= 10


def test_a_forgotten_tab_counts_for_half_a_minute_and_no_more(desk: Desk) -> None:
    """The clock's own rule, with a clock and an attention of our own."""
    counted = desk.page.evaluate(
        """async () => {
            const main = document.querySelector("script[type=module]").src;
            const source = await (await fetch(main)).text();
            const path = source.match(/["'](\\.\\.\\/common\\/clock[^"']*)["']/)[1];
            const { createClock } = await import(new URL(path, main));
            let now = 0, awake = true;
            const clock = createClock({ now: () => now, awake: () => awake });
            const seconds = [];
            clock.start(0);
            now = 10_000; clock.touch(); seconds.push(clock.seconds());      // ten seconds of work
            now = 3_610_000; seconds.push(clock.seconds());                  // an hour at lunch
            clock.touch(); now += 5_000; seconds.push(clock.seconds());      // back
            clock.tick(); awake = false; clock.tick(); now += 20_000; seconds.push(clock.seconds());  // another window
            awake = true; clock.tick(); clock.touch(); now += 1_000; seconds.push(clock.seconds());
            return seconds;
        }"""
    )
    assert counted == [10, 40, 45, 45, 46]
