"""Long work in a real browser: from a file to samples, left and found again, cancelled, by keyboard, for everybody."""

import base64
import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from annotation.jobs import running
from annotation.models import Job, JobLogLine, Sample, Study, User
from tests.annotation.imports.importing import make_picture
from tests.factories import make_member, make_study

from .test_pages import DESK, PHONE, faults

pytestmark = pytest.mark.browser
Browsers = Callable[..., BrowserContext]


@pytest.fixture
def led(transactional_db: None) -> Study:
    """A running study that Ada leads, with nothing in it."""
    study = make_study("birds", k=2, title="Birds that sing")
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(led: Study, browser_of: Browsers) -> Page:
    return browser_of(User.objects.get(username="ada")).new_page()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a worker work off what waits, when it is told to; nothing is sent to any other."""
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)

    def work() -> None:
        try:
            for job in Job.objects.filter(state="queued").order_by("pk"):
                running.run_job(job.pk)
        finally:
            connection.close()

    def work_off() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    return work_off


def lines(count: int) -> bytes:
    found = [{"id": f"s{n}", "question": f"Why {n}?", "answer": "Because.", "generator": "heron"} for n in range(count)]
    return "".join(json.dumps(line) + "\n" for line in found).encode()


def test_a_file_becomes_samples_by_keyboard_alone(
    ada: Page, led: Study, worker: Callable[[], None], tmp_path: Path
) -> None:
    page = ada
    page.goto("/studies/birds/imports/")
    (tmp_path / "birds.jsonl").write_bytes(lines(3) + b"{\n")
    page.locator("#id_file").set_input_files(tmp_path / "birds.jsonl")
    page.get_by_role("button", name="Try it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Import of samples, dry run: queued")).to_be_visible()
    worker()
    expect(page.get_by_role("heading", name="Import of samples, dry run: done")).to_be_visible()
    expect(page.locator("#job-said")).to_have_text("Import of samples, dry run: done")
    assert not Sample.objects.exists()
    expect(page.get_by_role("heading", name="How the first 3 samples will look")).to_be_visible()
    expect(page.get_by_text("Why 0?")).to_be_visible()
    second = page.locator(".preview summary").nth(1)
    second.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Why 1?")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV for a spreadsheet").click()
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").startswith("line,field,message")
    page.get_by_role("button", name="Import 3 lines").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Import of samples: queued")).to_be_visible()
    worker()
    page.get_by_role("link", name="Look at the samples").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Why 2?")).to_be_visible()
    assert Sample.objects.filter(study=led).count() == 3


def test_what_the_chosen_kind_does_not_take_is_not_there(ada: Page) -> None:
    page = ada
    page.goto("/studies/birds/imports/")
    expect(page.get_by_label("Replace samples that have changed")).to_be_visible()
    expect(page.get_by_label("The scores are complete")).to_be_hidden()
    page.get_by_label("scores, one value a line").check()
    expect(page.get_by_label("Replace samples that have changed")).to_be_hidden()
    expect(page.get_by_label("The scores are complete")).to_be_visible()


def running_job(study: Study, **fields: Any) -> Job:
    now = timezone.now()
    return Job.objects.create(
        **{
            "kind": "import_samples",
            "study": study,
            "created_by": User.objects.get(username="ada"),
            "state": "running",
            "file": "jobs/23456789bcdf-birds_of_may.jsonl",
            "activity": "Importing samples",
            "done": 12_000,
            "total": 48_000,
            "attempts": 1,
            "started_at": now - timedelta(seconds=20),
            "heartbeat_at": now,
            "lease_until": now + timedelta(hours=1),
            **fields,
        }
    )


def test_work_that_was_left_is_found_again_and_read_out_now_and_then(ada: Page, led: Study) -> None:
    page = ada
    job = running_job(led)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.goto("/studies/birds/rubric/")
    page.get_by_role("link", name=re.compile("Jobs 1 at work")).click()
    expect(page.get_by_role("progressbar", name="Progress of: Import of samples")).to_be_visible()
    Job.objects.update(done=13_000)
    expect(page.get_by_text("13,000 of 48,000")).to_be_visible()
    page.get_by_role("link", name="Import of samples").click()
    said = page.locator("#job-said")
    expect(said).to_have_text("Import of samples: 25 % done")
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    changes = "() => new MutationObserver((all) => { window.heard = (window.heard || 0) + all.length }).observe("
    said.evaluate(
        changes.replace("() =>", "(node) =>") + "node, {childList: true, subtree: true, characterData: true})"
    )
    for done in (14_000, 15_000):
        Job.objects.update(done=done)
        expect(page.get_by_text(f"{done:,} of 48,000")).to_be_visible()
    assert page.evaluate("() => window.heard || 0") == 0, "nothing is read out every second"
    Job.objects.update(done=24_000)
    expect(said).to_have_text("Import of samples: 50 % done")
    expect(cancel).to_be_focused()
    expect(page).to_have_title(re.compile("^50 % Import of samples"))
    page.goto("/studies/birds/rubric/")
    page.go_back()
    expect(page.get_by_text("24,000 of 48,000")).to_be_visible()
    JobLogLine.objects.create(job=job, line="Traceback (most recent call last):\n  in work\nZeroDivisionError: by zero")
    Job.objects.update(state="failed", lease_until=None, error="An unexpected fault stopped the work.")
    expect(page.get_by_role("alert")).to_contain_text("An unexpected fault stopped the work.")
    page.get_by_text("ZeroDivisionError: by zero", exact=True).click()
    expect(page.get_by_text("in work")).to_be_visible()
    assert complaints == [], "nothing is blocked by the content security policy"


def test_work_is_cancelled_and_tried_again_by_keyboard(ada: Page, led: Study) -> None:
    page = ada
    job = running_job(led, kind="statistics", file="")
    page.goto(f"/studies/birds/jobs/{job.public_id}/")
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Being cancelled")).to_be_disabled()
    Job.objects.update(state="cancelled", lease_until=None)
    again = page.get_by_role("button", name="Try again")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Calculation of agreement: queued")).to_be_visible()
    assert not Job.objects.get().cancel_requested


def test_a_page_outlives_a_server_that_is_away_for_a_while(ada: Page, led: Study) -> None:
    page = ada
    job = running_job(led)
    page.goto(f"/studies/birds/jobs/{job.public_id}/")
    page.context.set_offline(True)
    page.wait_for_timeout(2000)
    Job.objects.update(done=30_000)
    page.context.set_offline(False)
    expect(page.get_by_text("30,000 of 48,000")).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "device"),
    [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)],
    ids=["light desk", "dark desk", "light phone", "dark phone"],
)
def test_axe_finds_nothing_in_any_state_and_nothing_is_too_wide(
    led: Study, browser_of: Browsers, scheme: str, device: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    settings.IMPORT_ROOT = str(tmp_path)
    options = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce", **device}
    page = browser_of(User.objects.get(username="ada"), **options).new_page()
    places = ["/studies/birds/imports/", "/studies/birds/jobs/"]
    places += [f"/studies/birds/jobs/{job.public_id}/" for job in every_state(led)]
    places.append(f"{places[-1]}log/")
    found = {}
    for place in places:
        page.goto(place)
        found[place] = faults(page)
    page.goto(places[0])
    page.get_by_text("More about the file").click()
    page.get_by_role("button", name="Try it").click()
    found["refused"] = faults(page)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def every_state(study: Study) -> list[Job]:
    """Make a job in every state that a page knows, the last one with a long log."""
    shot = "data:image/png;base64," + base64.b64encode(make_picture(size=(320, 200))).decode()
    sample = {
        "id": "inter-0001-" + "x" * 80,
        "question_id": "q1",
        "generator": "heron-7b",
        "turns": [
            {"question": "What is a robin?", "context": True, "blocks": [{"text": "A small bird."}]},
            {
                "question": "How does it look when it sings at dawn?",
                "context": False,
                "blocks": [
                    {"text": "It lifts its head and opens its beak wide."},
                    {"image": shot, "width": 320, "height": 200},
                    {"image": "", "width": 0, "height": 0},
                ],
            },
        ],
        "locked": {"TCC": {"value": 0, "why": "no_text"}},
    }
    errors = [
        {"line": n * 17, "field": "image" * (n % 3), "message": f"‘pictures/{n}.png’ is not there. " * 3}
        for n in range(230)
    ]
    refused = {"created": 2_400, "updated": 12, "unchanged": 88, "refused": 260, "errors": errors}
    done = {"started_at": timezone.now(), "finished_at": timezone.now(), "lease_until": None}
    jobs = [
        running_job(study, state="queued", started_at=None, done=0, total=None),
        running_job(study, attempts=2),
        running_job(
            study,
            **{**done, "state": "done"},
            arguments={"dry_run": True, "update": True, "format": "zip"},
            result={**refused, "notes": ["3 videos are left out."], "preview": [sample, {**sample, "id": "second"}]},
        ),
        running_job(study, **done, state="done", result={**refused, "errors": [], "refused": 0}),
        running_job(study, **done, state="cancelled"),
        running_job(study, **done, state="failed", error="The worker was lost 5 times.\nline 3: " + "w" * 120),
    ]
    JobLogLine.objects.bulk_create(JobLogLine(job=jobs[-1], line=f"line {n} " + "y" * 90) for n in range(30))
    JobLogLine.objects.create(job=jobs[-1], line="Traceback:\n  " + "in " * 90 + "\nValueError: no")
    return jobs
