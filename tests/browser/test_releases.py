"""A release in a real browser: asked for by keyboard, made by a job, looked at, taken away and checked."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from annotation.jobs import running
from annotation.models import Job, Member, Release, Study
from annotation.releases.verifying import verify_release
from tests.annotation.releases.release_rows import make_agreed_sample
from tests.factories import make_member, make_release, make_study

from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser
OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true"


@pytest.fixture
def study(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study with ten agreed samples; jobs are worked off when a test says so."""
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)
    study = make_study("birds", k=2, title="Birds that sing")
    for number in range(10):
        make_agreed_sample(
            study, f"s{number}", generator=f"model-{number % 2}", domain="nature" if number % 3 else "kitchen"
        )
    return study


@pytest.fixture
def ada(study: Study) -> Member:
    return make_member(study, "ada", "admin")


def open_page(
    browser_of: Callable[..., BrowserContext], member: Member, path: str = "/studies/birds/releases/", **options: Any
) -> Page:
    assert member.user is not None
    page = browser_of(member.user, reduced_motion="reduce", accept_downloads=True, **options).new_page()
    page.goto(path)
    return page


def work_off() -> None:
    for job in Job.objects.filter(state="queued"):
        running.run_job(job.pk)


def test_a_release_is_made_and_taken_away_by_keyboard_alone(
    browser_of: Callable[..., BrowserContext], ada: Member, study: Study, tmp_path: Path
) -> None:
    page = open_page(browser_of, ada)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing released yet")
    page.get_by_label("Name").focus()
    page.keyboard.type("v1")
    page.get_by_label("a number of samples").focus()
    page.keyboard.press("Space")
    page.get_by_label("Samples in test").focus()
    page.keyboard.type("3")
    page.get_by_label("Parquet").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make the release").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/studies/birds/jobs/[^/]+/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("elease")
    work_off()
    release = Release.objects.get()
    assert release.about["parts"]["test"]["samples"] == 3
    page.goto("/studies/birds/releases/")
    page.get_by_role("link", name="v1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("v1: 10 samples: 7 to train, 3 to test")
    expect(page.get_by_text("3 test samples; 3 were wanted.")).to_be_visible()
    expect(page.get_by_text("Nothing: a release made now would hold the same scores.")).to_be_visible()
    page.get_by_role("button", name="Download jsonl, parquet").focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "birds-release-1.zip"
    waiting.value.save_as(tmp_path / "release.zip")
    with zipfile.ZipFile(tmp_path / "release.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert verify_release(tmp_path / "unpacked").problems == []
    lines = (tmp_path / "unpacked" / "test.jsonl").read_text().splitlines()
    assert len(lines) == 3
    assert {json.loads(line)["part"] for line in lines} == {"test"}


def test_what_is_wrong_stands_at_its_field_and_takes_the_focus(
    browser_of: Callable[..., BrowserContext], ada: Member
) -> None:
    page = open_page(browser_of, ada)
    page.get_by_label("Name").fill("v1")
    page.get_by_label("Share in test").fill("3")
    page.get_by_role("button", name="Make the release").click()
    expect(page.locator("#id_test_share_error")).to_contain_text("A number between 0 and 1")
    expect(page.get_by_label("Share in test")).to_be_focused()
    assert not Job.objects.exists()


def test_the_pool_is_reserved_and_says_so(browser_of: Callable[..., BrowserContext], ada: Member) -> None:
    page = open_page(browser_of, ada)
    page.get_by_text("Reserve it now").click()
    page.get_by_role("button", name="Reserve the pool").click()
    expect(page.get_by_text("The test pool is reserved.")).to_be_visible()
    expect(page.get_by_text("Test questions come from the pool alone.")).to_be_visible()


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_fault_that_axe_finds_and_fit(
    browser_of: Callable[..., BrowserContext], ada: Member, study: Study, options: dict[str, Any], scheme: str
) -> None:
    release = make_release(study)
    page = open_page(browser_of, ada, color_scheme=scheme, **options)
    page.evaluate(OPEN_ALL)
    assert faults(page) == []
    page.goto(f"/studies/birds/releases/{release.public_id}/")
    page.evaluate(OPEN_ALL)
    assert faults(page) == []
