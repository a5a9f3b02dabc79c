"""The judge's process reports while it works and ends with its job.

A crash of it costs one run.
"""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from annotation.jobs import queueing, running
from annotation.jobs.context import CancelRequested, JobContext
from annotation.judges import judge_process as process
from annotation.judges import runs
from annotation.judges.judge_process import run_judge
from annotation.models import Job, JudgeRun
from tests.annotation.conftest import Work, lines

from .judge_studies import QUICK, learnable_study, release_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "eager_progress", "judge_dir")]

Judge = Callable[[str], None]
STARTER = """
import subprocess, sys, time
waits = "from judge.parent_watchdog import watch_parent; watch_parent(); import time; time.sleep(600)"
judge = subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE, start_new_session=True)
print(judge.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def judge(tmp_path: Path, settings: Any) -> Judge:
    """Replace the judge by a program of a few lines of Python."""

    def make(does: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sys, time, json\n{does}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        settings.JUDGE_PYTHON = str(path)

    return make


def run_to_end(job: Job) -> Job:
    running.run_job(job.pk)
    job.refresh_from_db()
    return job


def run_the_judge(context: JobContext) -> dict[str, Any]:
    return dict(run_judge(context, ["train", "here"]))


def test_steps_become_progress_notes_the_log_and_the_report_the_result(judge: Judge, job_doing) -> None:
    judge(
        """
say = lambda event: print(json.dumps(event), file=sys.stderr, flush=True)
say({"step": "Measuring samples", "total": 40})
say({"done": 40})
say({"note": "One picture is missing."})
print("a library says something", file=sys.stderr)
print(json.dumps({"asked": sys.argv[1:]}))
"""
    )
    job = run_to_end(job_doing(run_the_judge))
    assert (job.state, job.error) == ("done", "")
    assert job.result == {"asked": ["-m", "judge", "train", "here", "--json", "--tethered"]}
    assert (job.done, job.total) == (40, 40)
    assert lines(job) == ["One picture is missing."]


def test_points_of_curves_come_while_it_learns(judge: Judge, job_doing) -> None:
    judge(
        """
for x in range(3):
    print(json.dumps({"curve": "loss", "x": x, "y": 1 / (1 + x)}), file=sys.stderr, flush=True)
print("{\\"done\\": true}")
"""
    )
    drawn: list[Any] = []

    def work(context: JobContext) -> dict[str, Any]:
        return dict(run_judge(context, [], draw=drawn.extend))

    assert run_to_end(job_doing(work)).state == "done"
    assert drawn == [("loss", 0, 1.0), ("loss", 1, 0.5), ("loss", 2, 1 / 3)]


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("print(json.dumps({'error': 'trees is 0; the least is 1.'})); sys.exit(1)", "trees is 0; the least is 1."),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by the system, most often for want of memory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by signal 11 without a report"),
        ("sys.exit(7)", "ended with status 7 without a report"),
        ("sys.exit(130)", "stopped from outside"),
        ("print('no JSON')", "ended with status 0 without a report"),
    ],
)
def test_a_crash_costs_one_run_and_says_what_happened(judge: Judge, job_doing, does: str, told: str) -> None:
    judge(f"print('the last words', file=sys.stderr, flush=True)\n{does}")
    job = run_to_end(job_doing(run_the_judge))
    assert job.state == "failed"
    assert told in job.error
    assert "the last words" in lines(job)[-1]


def test_a_python_that_is_not_there_is_named(job_doing, settings: Any) -> None:
    settings.JUDGE_PYTHON = "/no/such/python"
    job = run_to_end(job_doing(run_the_judge))
    assert job.state == "failed"
    assert "/no/such/python" in job.error
    assert "JUDGE_PYTHON" in job.error


def test_secrets_of_the_platform_are_not_told_to_the_judge_and_keys_of_model_servers_are(
    judge: Judge, job_doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "platform-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:password@somewhere/annotation")
    monkeypatch.setenv("MODEL_SERVER_KEY", "key-of-a-server")
    judge("print(json.dumps(dict(os.environ)))")
    result = run_to_end(job_doing(run_the_judge)).result
    assert result is not None
    assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} & result.keys()
    assert result["MODEL_SERVER_KEY"] == "key-of-a-server"
    assert result["PYTHONPATH"] == str(django_settings.BASE_DIR)


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_job_that_is_cancelled_ends_the_judge_with_what_it_has_started(
    judge: Judge, job_doing: Callable[[Work], Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stubborn: bool
) -> None:
    monkeypatch.setattr(process, "SECONDS_TO_STOP", 0.5)
    judge(
        f"""
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
{"signal.signal(signal.SIGTERM, signal.SIG_IGN)" if stubborn else ""}
open({str(tmp_path / "pids")!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
    )

    def work(context: JobContext) -> dict[str, Any]:
        progress = context.progress

        def cancelled(*said: Any) -> None:
            progress(*said)
            if (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().count(" ") == 1:
                raise CancelRequested

        context.progress = cancelled  # type: ignore[method-assign]
        return dict(run_judge(context, []))

    assert run_to_end(job_doing(work)).state == "cancelled"
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert _is_gone(pid)


def test_a_judge_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            STARTER,
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=django_settings.BASE_DIR,
    )
    assert starter.stdout is not None
    judge = int(starter.stdout.readline())
    assert not _is_gone(judge, patience=0.2)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert _is_gone(judge)


def test_a_training_that_is_killed_in_the_middle_goes_on_and_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    study = learnable_study()
    release = release_study(study)
    uninterrupted = runs.start_training(by=None, release=release, wanted=QUICK)
    assert run_to_end(_make_job(uninterrupted)).state == "done"
    broken = runs.start_training(by=None, release=release, wanted=QUICK)
    take = process._JudgeOutput.handle_line

    def kill_at_the_comparison(self: Any, line: str) -> None:
        take(self, line)
        if "mixed" in line:
            raise CancelRequested

    monkeypatch.setattr(process._JudgeOutput, "handle_line", kill_at_the_comparison)
    assert run_to_end(_make_job(broken)).state == "cancelled"
    monkeypatch.setattr(process._JudgeOutput, "handle_line", take)
    assert run_to_end(queueing.retry(by=None, job=_make_job(broken))).state == "done"
    cards = [JudgeRun.objects.get(pk=run.pk).scorecards.get() for run in (uninterrupted, broken)]
    assert cards[0].pairs == cards[1].pairs
    for target in ("final", "mean"):
        assert cards[0].cards[target]["dimensions"] == cards[1].cards[target]["dimensions"]


def _make_job(run: JudgeRun) -> Job:
    assert run.job is not None
    return run.job


def _is_gone(pid: int, patience: float = 20) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False
