"""A backup taken while people score is restored into an empty place of the other kind, and work goes on there."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installation import ROOT, Installation, wait_until

from .installations import FINGERPRINTS, OTHER, contents, new_place

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
KINDS = ("sqlite", "postgres")
QUICK = {"JOB_LEASE_SECONDS": "2"}
SCORERS = ("ann", "ben", "cho", "rae")

MORE_SAMPLES = """
from datetime import timedelta
from django.utils import timezone
from annotation.models import Job, Study
from tests.factories import make_sample
study = Study.objects.get()
for number in range(300):
    make_sample(study, pictures=["red", "green"][: number % 3], metadata={"zeta": 1.5, "alpha": [True, "ü\\u2028"]})
Job.objects.create(
    kind="statistics", study=study, state="running", attempts=1, lease_token="of-elsewhere",
    lease_until=timezone.now() + timedelta(seconds=2), started_at=timezone.now(), heartbeat_at=timezone.now(),
)
"""
COUNT = "SELECT COUNT(*) FROM annotation_score"
RULES = """
from annotation.models import Study
from tests.annotation.invariants import broken
answer = broken(Study.objects.get())
"""
DANGLING = """
from django.db import connection
with connection.cursor() as cursor:
    if connection.vendor == "sqlite":
        connection.check_constraints()
        answer = []
    else:
        # What is set anew is checked by that; it must be as migrate sets it.
        cursor.execute("SELECT conname, convalidated, condeferrable FROM pg_constraint WHERE contype = 'f'")
        rows = cursor.fetchall()
        answer = [len(rows) > 50, all(row[1] and row[2] for row in rows)]
"""
GO_ON = """
import hashlib
from uuid import uuid4
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image
from annotation.models import Job, Picture, Sample, Score, Study, User
from annotation.core.rubric_cache import load_rubric
from annotation.scoring import leasing as assigning
from annotation.discussions import participating as discussing
from annotation.jobs import running as job_runner
from annotation.jobs import queueing as jobs
from annotation.scoring import submitting as scoring
from annotation.simulation.demo_users import PASSWORD
from tests.factories import make_sample
study = Study.objects.get()
answer = {}
for picture in Picture.objects.all():
    original = default_storage.open(picture.original).read()
    assert hashlib.sha256(original).hexdigest() == picture.sha256
    for name in (picture.original, picture.full, picture.web):
        Image.open(default_storage.open(name)).verify()
answer["pictures"] = Picture.objects.count()
browser = Client(headers={"host": "localhost"})
answer["signed in"] = browser.post("/login/", {"username": "rae", "password": PASSWORD}).status_code
answer["me"] = browser.get("/api/me/").json()["username"]
rae = User.objects.get(username="rae")
keys = [dimension.key for dimension in load_rubric(study.rubric_id).dimensions]
# On a slow machine everything there was may have been scored by the moment of the backup.
for number in range(5):
    make_sample(study, external_id=f"afterwards {number}")
before = Score.objects.count()
for number in range(5):
    for work in assigning.lease_samples(by=rae, slug=study.slug).assignments:
        scoring.submit_score(by=rae, assignment_id=work.public_id, client_key=uuid4(), notes={}, seconds=2.0,
                       ratings={key: 3 for key in keys if key not in work.sample.locked})
answer["scored"] = Score.objects.count() - before
answer["swept"] = jobs.resend_silent_jobs()
job = Job.objects.get(kind="statistics")
answer["waits"] = [job.state, job.attempts, job.lease_token]
job_runner.run_job(job.pk)
job.refresh_from_db()
answer["ends"] = job.state
"""


@pytest.fixture(autouse=True)
def _databases_of_their_own(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@contextmanager
def people_scoring(place: Installation) -> Iterator[list[subprocess.Popen[str]]]:
    """Keep four people scoring."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.processes.score_continuously", who],
            cwd=ROOT,
            env=place.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in SCORERS
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_taken_while_people_score_goes_on_in_a_place_of_the_other_kind(kind: str, tmp_path: Path) -> None:
    during, after, there, back = (tmp_path / name for name in ("1.tar.gz", "2.tar", "3.tar", "4.tar.gz"))
    with new_place(kind, tmp_path / "a", migrated=True, **QUICK) as ours:
        ours.manage("demo")
        ours.python(MORE_SAMPLES)
        begun = ours.query(COUNT)[0][0]
        # The rules are of people who score; the demo also has samples that were decided when they came in.
        as_made = ours.python(RULES)
        with people_scoring(ours) as people:
            wait_until(lambda: ours.query(COUNT)[0][0] > begun + 8, about=lambda: "nobody scores")
            before = ours.query(COUNT)[0][0]
            told = json.loads(ours.manage("backup", str(during), "--json"))
            later = ours.query(COUNT)[0][0]
            stored = [process.communicate("", timeout=30)[0] for process in people]
        assert all(process.returncode == 0 for process in people)
        assert sum(map(int, stored)) == ours.query(COUNT)[0][0] - begun
        assert before < later, "the backup kept people from scoring"
        assert before <= told["tables"]["annotation_score"] <= later
        ours.manage("backup", str(after))
        fingerprints = ours.python(FINGERPRINTS)

    with new_place(OTHER[kind], tmp_path / "b", **QUICK) as theirs:
        theirs.manage("restore", str(during))
        assert theirs.query(COUNT)[0][0] == told["tables"]["annotation_score"]
        assert theirs.python(RULES) == as_made
        assert theirs.python(DANGLING) in ([], [True, True])
        # The lease of the job that ran when the backup was taken has run out.
        time.sleep(2)
        gone_on = theirs.python(GO_ON)
        assert gone_on["pictures"] > 20
        assert (gone_on["signed in"], gone_on["me"]) == (302, "rae")
        assert gone_on["scored"] == 5
        assert (gone_on["swept"], gone_on["waits"], gone_on["ends"]) == (1, ["queued", 1, ""], "done")
        assert theirs.python(RULES) == as_made

    with new_place(OTHER[kind], tmp_path / "c", migrated=True) as theirs:
        theirs.manage("restore", str(after))
        assert theirs.python(FINGERPRINTS) == fingerprints
        theirs.manage("backup", str(there))
    with new_place(kind, tmp_path / "d", migrated=True) as ours:
        ours.manage("restore", str(there))
        assert ours.python(FINGERPRINTS) == fingerprints
        ours.manage("backup", str(back))
    assert contents(after) == contents(there) == contents(back)


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_is_given_twice_though_the_newest_row_was_deleted_before_the_backup(
    kind: str, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.tar"
    with new_place(kind, tmp_path / "a", migrated=True) as ours:
        last = ours.python(
            "from annotation.models import User\n"
            "rows = [User.objects.create(username=name) for name in ('ann', 'ben', 'cho')]\n"
            "answer = rows[-1].pk\nrows[-1].delete()"
        )
        ours.manage("backup", str(backup))
    with new_place(OTHER[kind], tmp_path / "b", migrated=True) as theirs:
        theirs.manage("restore", str(backup))
        assert (
            theirs.python("from annotation.models import User\nanswer = User.objects.create(username='sam').pk") > last
        )
        assert theirs.python("from annotation.models import Study, Rubric\nanswer = Rubric.objects.create().pk") == 1
