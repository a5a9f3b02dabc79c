"""The Celery application: ``celery --app config.celery worker --beat --queues celery,judge``."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, celeryd_init, worker_init, worker_shutting_down
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"

app = Celery("annotation")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["annotation"])


@celeryd_init.connect
@beat_init.connect
def create_schedule_folder(**_: object) -> None:
    """Create the folder of the scheduler's state."""
    Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(parents=True, exist_ok=True)


@celeryd_init.connect
def lower_priority(**_: object) -> None:
    """Lower the worker's priority below the web server's: people wait for pages, not jobs."""
    if os.getpriority(os.PRIO_PROCESS, 0) < settings.JOB_NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, settings.JOB_NICENESS)


@worker_init.connect
def refuse_unfinished_restore(**_: object) -> None:
    """Stop the worker where a backup is half restored, as the web server does."""
    from annotation.core.restore_marker import find_unfinished_restore

    restore = find_unfinished_restore()
    if restore is not None:
        raise SystemExit(restore.sentence)


@worker_init.connect
def allow_jobs(**_: object) -> None:
    """Clear the stop request; in tests one process may run several workers in turn."""
    from annotation.jobs.context import stopping

    stopping.clear()


@worker_shutting_down.connect
def request_job_stop(**_: object) -> None:
    """Request running jobs to stop at their next step."""
    from annotation.jobs.context import stopping

    stopping.set()
