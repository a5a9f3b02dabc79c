"""``python -m benchmarks.importing FILE``: import an upload as a worker does, and print how it went as JSON.

The job is queued and run in this process; the time is that from claiming it to its end. ``longest`` is the longest
time in seconds that rows were being written at a stretch: on SQLite nobody's score is stored meanwhile.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.core.files import File

from annotation.imports import sample_rows, uploads
from annotation.jobs import queueing, running
from annotation.models import Job
from annotation.studies import logins, rubrics, studies


class Watched:
    """Opens write transactions as before, and keeps how long the longest was."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._open = vars(sample_rows)["write_transaction"]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._open():
            started = time.monotonic()
            yield
        self.longest = max(self.longest, time.monotonic() - started)


def main() -> None:
    path = Path(sys.argv[1])
    lead = logins.create_user(username="ada", is_site_admin=True)
    rubric = rubrics.get_or_load("interleaved-answer")
    study = studies.create_study(by=None, slug="imported", title="Imported", rubric=rubric)
    watched = Watched()
    vars(sample_rows)["write_transaction"] = watched.transaction
    with path.open("rb") as file:
        name = uploads.store_upload(by=lead, study=study, upload=File(file, name=path.name))
    job = queueing.enqueue(by=lead, kind="import_samples", study=study, arguments={}, file=name)
    started = time.monotonic()
    running.run_job(job.pk)
    seconds = time.monotonic() - started
    done = Job.objects.get(pk=job.pk)
    if done.state != Job.State.DONE:
        raise RuntimeError(f"the import ended as {done.state}: {done.error}")
    told = {"seconds": seconds, "longest": watched.longest, "created": (done.result or {})["created"]}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
