"""Calculating every figure of a study's agreement, by the job that pages use and by the command."""

import json

from .databases import Database, Store
from .figures import Measured, row
from .population import SLUG, Population
from .programs import Done, manage, run

SAMPLES, SAMPLES_QUICK = 48_000, 8_000
RATINGS_PER_SAMPLE = 3 * 4
# A process of its own, as it would be a worker that has done nothing else.
JOB = f"""
import django, sys
django.setup()
from annotation.models import Job, Study
from annotation.jobs import running as job_runner
from annotation.reports import stored_reports as statistics
job = statistics.request_reports(by=None, study=Study.objects.get(slug={SLUG!r}))
job_runner.run_job(job.pk)
job.refresh_from_db()
sys.exit(job.error if job.state != "done" else 0)
"""


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how long it takes and what the process needs for it, its start included; 200 bootstrap draws a row."""
    samples = SAMPLES_QUICK if quick else SAMPLES
    ratings = samples * RATINGS_PER_SAMPLE
    with store.filled(Population(samples=samples, scored=samples)) as database:
        name = f"agreement and annotators over {ratings:,} ratings, by generator and domain, as a job"
        done = run(["-c", JOB], env=database.env())
        _expect_stored(database, ratings)
        yield row(name, "s", most=20), done.seconds
        yield row(f"{name}: peak memory", "MB", most=500), done.peak_bytes / 1e6
        name = f"agreement over {ratings:,} ratings, by the command"
        done = manage("agreement", SLUG, "--json", env=database.env())
        _expect_told(done, ratings)
        yield row(name, "s", most=20), done.seconds
        yield row(f"{name}: peak memory", "MB", most=500), done.peak_bytes / 1e6


def _expect_stored(database: Database, ratings: int) -> None:
    ((data,),) = database.rows("SELECT data FROM annotation_studyfigures WHERE kind = 'agreement'")
    found = json.loads(data) if isinstance(data, str) else data
    counted = sum(entry["ratings"] for entry in found["levels"]["ordinal"]["all"])
    if counted != ratings:
        raise RuntimeError(f"{ratings} ratings were to be counted in, and {counted} were.")


def _expect_told(done: Done, ratings: int) -> None:
    rows = json.loads(done.output)["rows"]
    if sum(entry["ratings"] for entry in rows) != ratings or any(entry["interval"] is None for entry in rows):
        raise RuntimeError(f"Not all of {ratings} ratings are counted in, or an interval is missing: {rows}")
