"""Judges in a real browser: trained by keyboard by the real program, watched, read, compared, taken away."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page, expect

from annotation.jobs import running
from annotation.models import Job, JudgeRun, Member, Study
from tests.annotation.judges.judge_studies import learnable_study, release_study
from tests.annotation.releases.release_rows import make_agreed_sample
from tests.factories import make_member, make_release, make_study
from tests.judge_run_rows import make_judge_run

from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser
OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true"
Browsers = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def quiet(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Jobs are worked off when a test says so, in a place of its own."""
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)
    settings.JUDGE_DIR = tmp_path / "judge"


def open_page(browser_of: Browsers, member: Member, path: str = "/studies/birds/judges/", **options: Any) -> Page:
    assert member.user is not None
    page = browser_of(member.user, reduced_motion="reduce", accept_downloads=True, **options).new_page()
    page.goto(path)
    return page


def working_off() -> threading.Thread:
    """Work off what waits beside the test, as a worker does."""

    def work() -> None:
        try:
            for job in Job.objects.filter(state="queued"):
                running.run_job(job.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_judge_is_trained_watched_read_and_made_active_by_keyboard_alone(browser_of: Browsers) -> None:
    study = learnable_study()
    release_study(study)
    page = open_page(browser_of, make_member(study, "rae", "researcher"))
    expect(page.get_by_role("heading", level=1)).to_have_text("No judge yet")
    page.get_by_label("embedded, quick").focus()
    page.keyboard.press("Space")
    page.get_by_text("Name, options and seed").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Options").focus()
    page.keyboard.type("trees = 10")
    page.get_by_role("button", name="Train it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Judge run 1: queued")
    expect(page.get_by_text("Waiting for a worker that takes judges.")).to_be_visible()
    thread = working_off()
    # The page asks by itself, says how far it is, and turns into the scorecard at the end.
    expect(page.locator("#progress .pace")).not_to_contain_text("Waiting", timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Judge run 1", timeout=60_000)
    thread.join()
    expect(page.locator(".key-finding").first).to_be_visible()
    expect(page.get_by_role("heading", name="RMSE")).to_be_visible()
    expect(page.get_by_text("8 of 32 samples have a prediction of this run.")).to_be_visible()
    page.get_by_role("button", name="Make active").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Run 1 is the study’s judge now.")).to_be_visible()
    page.get_by_role("button", name="Judge the others").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Predictions of a judge: queued")
    working_off().join()
    expect(page.get_by_role("heading", level=1)).to_have_text("Predictions of a judge: done")
    page.get_by_role("link", name="See the judge").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("32 of 32 samples have a prediction of this run.")).to_be_visible()
    page.get_by_role("button", name="Every sample’s score beside the judge’s").focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "birds-judge-1-release-1.csv"
    assert len(Path(waiting.value.path()).read_text().splitlines()) == 1 + 8 * 4


@pytest.fixture
def judged() -> tuple[Study, JudgeRun, JudgeRun]:
    """A study with a release and two judges that have judged it."""
    study = make_study("birds", k=2, title="Birds that sing")
    for number in range(12):
        make_agreed_sample(study, f"s{number}", question=f"Why do birds sing on day {number}?")
    release = make_release(study)
    return study, make_judge_run(study, release=release), make_judge_run(study, release=release, turned=1)


def test_two_judges_are_compared_from_the_page_of_one(browser_of: Browsers, judged: Any) -> None:
    study, first, second = judged
    page = open_page(browser_of, make_member(study, "ada", "admin"), f"/studies/birds/judges/{first.public_id}/")
    page.get_by_label("Compare with").select_option(second.public_id)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Run 1 against run 2")
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    page.get_by_role("link", name="run 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Judge run 2")


def test_the_scorecard_turns_to_the_means_and_back(browser_of: Browsers, judged: Any) -> None:
    study, first, _second = judged
    page = open_page(browser_of, make_member(study, "ada", "admin"), f"/studies/birds/judges/{first.public_id}/")
    expect(page.get_by_text("against the final score, blind labels only")).to_be_visible()
    page.get_by_role("link", name="means of independent ratings").click()
    expect(page.get_by_text("against the mean of independent ratings", exact=True)).to_be_visible()
    page.get_by_role("link", name="final scores").click()
    expect(page.get_by_text("against the final score, blind labels only")).to_be_visible()


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_fault_that_axe_finds_and_fit(
    browser_of: Browsers, judged: Any, options: dict[str, Any], scheme: str
) -> None:
    study, first, second = judged
    page = open_page(browser_of, make_member(study, "ada", "admin"), color_scheme=scheme, **options)
    for path in (
        "",
        f"{first.public_id}/",
        f"{first.public_id}/?target=mean",
        f"{first.public_id}/compare/?with={second.public_id}",
    ):
        page.goto(f"/studies/birds/judges/{path}")
        page.evaluate(OPEN_ALL)
        assert faults(page) == [], path
