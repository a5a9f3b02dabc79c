"""Jobs for tests: a study that Ada leads, work made up on the spot, and a broker that only takes notes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotation.jobs import broker, context
from annotation.jobs.context import JobContext
from annotation.jobs.registry import KINDS, JobKind
from annotation.models import Job, JobLogLine, Study, User
from tests.factories import make_member, make_study, make_user

Work = Callable[[JobContext], Mapping[str, Any]]


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_member(study, "ada", "admin")
    make_member(study, "ann")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What reached the broker."""
    numbers: list[int] = []
    monkeypatch.setattr(
        broker.current_app, "send_task", lambda name, args, **options: numbers.append(args[0]), raising=False
    )
    return numbers


@pytest.fixture
def eager_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "SECONDS_BETWEEN_WRITES", 0)


@pytest.fixture
def job_doing(study: Study, ada: User, monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], Job]:
    """Queue a job of Ada's that does what the given function does."""

    def make(work: Work) -> Job:
        monkeypatch.setitem(KINDS, "made up", JobKind(title="Made up", run=work, arguments={}))
        return Job.objects.create(
            kind="made up", study=study, created_by=ada, lease_until=timezone.now() + timedelta(seconds=30)
        )

    return make


def look(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def lines(job: Job) -> list[str]:
    return list(JobLogLine.objects.filter(job=job).values_list("line", flat=True))


def let_lease_end(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def judge_dir(settings: Any, tmp_path: Path) -> Path:
    """Where judges work, of this test alone."""
    settings.JUDGE_DIR = tmp_path / "judge"
    return tmp_path / "judge"
