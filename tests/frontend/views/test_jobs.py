"""Tests of the pages of jobs: arguments, progress, results, access and downloads."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from annotation.core.spreadsheet_cells import BYTE_ORDER_MARK
from annotation.jobs.eta import Pace
from annotation.models import Exposure, Job, JobLogLine, Member, Study
from frontend.presenters import jobs
from tests.factories import make_sample, make_user

from .disputes import client_of, text_of

pytestmark = pytest.mark.django_db
JOBS = "/studies/birds/jobs/"
SPECKLE = "data:image/webp;base64,UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="


def make_job(study: Study, **fields: Any) -> Job:
    ada = make_user("ada")
    now = timezone.now()
    defaults: dict[str, Any] = {"kind": "import_samples", "study": study, "created_by": ada, "lease_until": now}
    if fields.get("state") in ("done", "failed", "cancelled"):
        defaults |= {"lease_until": None, "started_at": now - timedelta(seconds=90), "finished_at": now}
    return Job.objects.create(**{**defaults, **fields})


def address(job: Job, rest: str = "") -> str:
    return f"{JOBS}{job.public_id}/{rest}"


def result(**fields: Any) -> dict[str, Any]:
    return {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
        "errors": [],
        "notes": [],
        "preview": [],
        **fields,
    }


# --- one job --------------------------------------------------------------------------------------


def test_a_running_job_says_what_it_does_how_far_it_is_and_how_long_it_takes(study: Study, ada: Client) -> None:
    now = timezone.now()
    job = make_job(
        study,
        state="running",
        arguments={"update": True, "images": "pictures", "format": "zip"},
        file="jobs/23456789bcdf-birds_of_may.zip",
        done=6_000,
        total=48_000,
        activity="Importing samples",
        attempts=2,
        started_at=now - timedelta(seconds=60),
        heartbeat_at=now,
    )
    page = text_of(ada, address(job))
    for words in (
        "Import of samples: running",
        "birds_of_may.zip",
        "samples that have changed and that nobody has scored are replaced",
        "ZIP: one file of lines, and pictures",
        "Importing samples",
        "6,000 of 48,000",
        "100 a second",
        "about 7 minutes left",
        "attempt 2: those before were cut short, and it went on",
        "by Ada Admin",
        'max="48000"',
        "12 % Import of samples",
    ):
        assert words in page, words


def test_a_page_that_asks_again_is_told_only_what_is_new_and_read_out_at_each_quarter(
    study: Study, ada: Client
) -> None:
    job = make_job(study, state="running", done=1, total=100)
    assert '<p class="visually-hidden" role="status" id="job-said">Import of samples: running</p>' in text_of(
        ada, address(job)
    )

    def asked_again(heard: str) -> str:
        answer = ada.get(f"{address(job)}?heard={heard}", headers={"hx-request": "true"})
        return answer.content.decode()

    assert "job-said" not in asked_again("running-0")
    assert "<html" not in asked_again("running-0")
    Job.objects.update(done=30)
    part = asked_again("running-0")
    assert '<div hx-swap-oob="innerHTML:#job-said">Import of samples: 25 % done</div>' in part
    assert "heard=running-1" in part
    assert "<title>30 % Import of samples" in part
    assert "job-said" not in asked_again("running-1")
    Job.objects.update(state="done", result=result(created=100), done=100)
    ended = asked_again("running-1")
    assert "Import of samples: done</div>" in ended
    assert "hx-trigger" not in ended


def test_a_failed_job_says_why_and_what_to_do(study: Study, ada: Client) -> None:
    job = make_job(
        study, state="failed", file="jobs/23456789bcdf-a.csv", error="No line could be read.\nline 1: Not JSON."
    )
    page = text_of(ada, address(job))
    assert "No line could be read.\nline 1: Not JSON." in page
    assert "Trying again goes on where it stopped." in page
    assert ada.post(address(job, "retry/")).status_code == 302
    assert Job.objects.get().state == "queued"
    Job.objects.update(state="failed", error="Not JSON.", file="", lease_until=None)
    page = text_of(ada, address(job))
    assert "The uploaded file is no longer kept. Upload it again." in page
    assert "Try again" not in page


def test_a_job_is_cancelled_from_its_page(study: Study, ada: Client) -> None:
    job = make_job(study, state="running", done=5, total=9)
    ada.post(address(job, "cancel/"))
    page = text_of(ada, address(job))
    assert "Being cancelled" in page
    Job.objects.update(state="cancelled", lease_until=None)
    assert "What it had done by then stays." in text_of(ada, address(job))


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("import_samples", "samples/"),
        ("import_scores", ""),
        ("statistics", "agreement/"),
        ("move_samples", "settings/"),
    ],
)
def test_work_that_is_done_says_where_to_go_on(study: Study, ada: Client, kind: str, place: str) -> None:
    page = text_of(ada, address(make_job(study, state="done", kind=kind, result=result(created=3))))
    following = page.split('class="page-lead next"')[1].split("</p>")[0]
    assert f'href="/studies/birds/{place}"' in following
    assert "took 2 minutes" in page


def test_a_preview_shows_samples_as_they_will_be_scored(study: Study, ada: Client) -> None:
    make_sample(study, external_id="there")
    turns = [
        {"question": "What came before?", "context": True, "blocks": [{"text": "An egg."}]},
        {
            "question": "Why do <birds> sing?",
            "context": False,
            "blocks": [{"text": "At dawn."}, {"image": SPECKLE, "width": 64, "height": 48}, {"text": "And at dusk."}],
        },
    ]
    locked = {"TCC": {"value": 0, "why": "no_text"}, "IQ": {"value": None, "why": "no_image"}}
    sample = {"id": "there", "question_id": "q", "generator": "heron-1", "turns": turns, "locked": locked}
    job = make_job(
        study,
        state="done",
        arguments={"dry_run": True},
        result=result(created=2, preview=[sample], notes=["No video."]),
    )
    page = text_of(ada, address(job))
    for words in (
        "How the first sample will look",
        "Context: shown, not judged.",
        "Why do &lt;birds&gt; sing?",
        '<span class="block-number">T3</span>',
        '<span class="block-number">I1</span>',
        f'<img src="{SPECKLE}" width="64" height="48" alt="Picture I1">',
        "TCC is 0 by rule: there is no text.",
        "IQ is not applicable: there is no image.",
        "What the format cannot carry",
        "No video.",
        "Import 2 lines",
    ):
        assert words in page, words
    seen = Exposure.objects.get()
    assert (seen.member.user, seen.sample.external_id) == (make_user("ada"), "there")


# --- refused lines --------------------------------------------------------------------------------


@pytest.fixture
def refusing(study: Study) -> Job:
    errors = [{"line": n + 1, "field": "id", "message": f'=HYPERLINK("http://x") {n}'} for n in range(1500)]
    stored = "".join(json.dumps(error) + "\n" for error in errors).encode()
    name = default_storage.save("jobs/some-refused.jsonl", ContentFile(stored))
    return make_job(study, state="done", refusals=name, result=result(refused=1500, errors=errors[:1000]))


def test_refused_lines_are_listed_and_leave_in_full(study: Study, ada: Client, refusing: Job) -> None:
    page = text_of(ada, address(refusing))
    assert "and 1,300 more" in page
    assert page.count('<td class="cell-wide">') == 200
    table = b"".join(ada.get(address(refusing, "refused.csv")).streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(table.removeprefix(BYTE_ORDER_MARK))))
    assert len(rows) == 1500
    assert rows[0] == {"line": "1", "field": "id", "message": '\'=HYPERLINK("http://x") 0'}
    answer = ada.get(address(refusing, "refused.jsonl"))
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]
    assert len(lines) == 1500
    assert lines[-1] == {"line": 1500, "field": "id", "message": '=HYPERLINK("http://x") 1499'}
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="birds-refused-')
    assert ada.get(address(refusing, "refused.xml")).status_code == 404


def test_refused_lines_whose_file_is_no_longer_kept_are_those_of_the_result(
    study: Study, ada: Client, refusing: Job
) -> None:
    default_storage.delete(refusing.refusals)
    answer = ada.get(address(refusing, "refused.jsonl"))
    assert len(b"".join(answer.streaming_content).splitlines()) == 1000


# --- the log --------------------------------------------------------------------------------------


def test_a_log_is_read_in_pages_with_its_traces_folded_and_leaves_as_text(study: Study, ada: Client) -> None:
    job = make_job(study, state="failed", error="A fault.")
    trace = "Traceback (most recent call last):\n  File x\nZeroDivisionError: by zero"
    JobLogLine.objects.bulk_create(JobLogLine(job=job, line=f"line {n}") for n in range(250))
    JobLogLine.objects.create(job=job, line=trace)
    page = text_of(ada, address(job))
    assert "line 249" in page
    assert "line 200" not in page, "the last ones"
    assert "<summary>ZeroDivisionError: by zero</summary>" in page
    whole = text_of(ada, address(job, "log/"))
    assert "line 0<" in whole
    assert "line 199<" in whole
    assert "?from=200" in whole
    assert "line 249<" in text_of(ada, address(job, "log/?from=200"))
    answer = ada.get(address(job, "log.txt"))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    said = b"".join(answer.streaming_content).decode()
    assert said.count("\n") == 250 + 3
    assert said.endswith(f"{trace}\n")


# --- all jobs, and finding them again ------------------------------------------------------------


def test_the_list_has_what_runs_on_top_and_is_narrowed_and_paged(study: Study, ada: Client) -> None:
    running = make_job(study, state="running", done=3, total=4, activity="Importing samples")
    for _ in range(35):
        make_job(study, state="done", kind="statistics", result={})
    failed = make_job(study, state="failed", error="No line could be read.")
    page = text_of(ada, JOBS)
    assert page.index(running.public_id) < page.index(failed.public_id)
    assert 'value="75" max="100"' in page
    assert "3 of 4" in page
    assert 'hx-trigger="every 3s"' in page
    assert "?from=30" in page
    assert "older ones" not in text_of(ada, f"{JOBS}?from=30")
    narrowed = text_of(ada, f"{JOBS}?kind=import_samples&state=failed")
    assert "No line could be read." in narrowed
    assert running.public_id not in narrowed
    assert "hx-trigger" not in narrowed
    for nonsense in ("?kind=x&state=y", "?from=-1", "?from=999999999999", "?from=x"):
        assert ada.get(JOBS + nonsense).status_code == 200


def test_a_list_does_not_read_the_pictures_of_previews(
    study: Study, ada: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        make_job(study, state="done", result=result(created=7, preview=[{"id": "x" * 100_000}]))
    with django_assert_num_queries(8) as asked:
        page = text_of(ada, JOBS)
    assert "7 new" in page
    assert not any('."result", "annotation_job"."refusals"' in query["sql"] for query in asked.captured_queries)


def test_work_that_was_left_is_found_in_the_header_and_on_the_board_by_those_who_lead(
    study: Study, ada: Client
) -> None:
    assert "at work" not in text_of(ada, "/studies/birds/")
    make_job(study, state="running", done=1, total=2)
    make_job(study, state="queued", kind="statistics")
    make_job(study, state="done", result=result())
    board = text_of(ada, "/studies/birds/")
    assert (
        f'<a href="{JOBS}">Jobs <span class="nav-running-count">2'
        '<span class="visually-hidden"> at work</span></span></a>' in board
    )
    assert "jobs at work" in board
    assert "Import of samples 50 %" in board
    sia = client_of(make_user("sia", is_site_admin=True).username)
    assert "nav-running-count" in text_of(sia, "/studies/birds/rubric/")
    for who in ("ann", "ravi"):
        assert "nav-running-count" not in text_of(client_of(who), "/studies/birds/rubric/")


def test_ravi_sees_the_work_that_he_has_started_and_no_other(study: Study, ada: Client) -> None:
    own = make_job(study, state="done", result=result(), created_by=make_user("ravi"))
    other = make_job(study, state="done", result=result())
    ravi = client_of("ravi")
    page = text_of(ravi, JOBS)
    assert own.public_id in page
    assert other.public_id not in page
    assert ravi.get(address(own)).status_code == 200
    assert ravi.get(address(other)).status_code == 404
    assert client_of("ann").get(JOBS).status_code == 403


def test_a_job_of_another_study_is_not_under_this_one(study: Study, ada: Client) -> None:
    job = make_job(Study.objects.create(slug="fishes", title="Fishes", rubric=study.rubric), state="done", result={})
    Member.objects.create(study=job.study, user=make_user("ada"), name="Ada", role="admin")
    assert ada.get(address(job)).status_code == 404
    assert ada.get(f"/studies/fishes/jobs/{job.public_id}/").status_code == 200


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (4, "a few seconds left"),
        (40, "less than a minute left"),
        (65, "about 1 minute left"),
        (500, "about 8 minutes left"),
        (3700, "about 1 hour left"),
        (6000, "about 1 hour 40 minutes left"),
        (200_000, "about 2 days 8 hours left"),
    ],
)
def test_time_left_is_said_as_people_say_it(seconds: float | None, said: str) -> None:
    assert jobs.format_time_left(Pace(1, seconds)) == said


@pytest.mark.parametrize(
    ("per_second", "said"), [(None, ""), (5230.4, "5,230 a second"), (2.5, "2.5 a second"), (0.5, "30 a minute")]
)
def test_a_rate_is_said_so_that_it_can_be_pictured(per_second: float | None, said: str) -> None:
    assert jobs.format_rate(Pace(per_second, None)) == said
