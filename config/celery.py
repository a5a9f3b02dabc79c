"""The worker process: ``celery --app config.celery worker --beat --queues celery,judge``."""

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
def make_folder(**_: object) -> None:
    """Create the folder in which the clock keeps what it did last."""
    Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(parents=True, exist_ok=True)


@celeryd_init.connect
def give_way(**_: object) -> None:
    """Leave the processors to the web server where both want them: people wait for pages, not for jobs."""
    if os.getpriority(os.PRIO_PROCESS, 0) < settings.JOB_NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, settings.JOB_NICENESS)


@worker_init.connect
def refuse_half_restored(**_: object) -> None:
    """Leave a place alone in which a backup is half restored, as the web server does."""
    from annotation.core.restore_marker import find_unfinished_restore

    left = find_unfinished_restore()
    if left is not None:
        raise SystemExit(left.sentence)


@worker_init.connect
def welcome_jobs(**_: object) -> None:
    """Let jobs run; in a test one process may hold several workers, one after the other."""
    from annotation.jobs.context import stopping

    stopping.clear()


@worker_shutting_down.connect
def stop_jobs(**_: object) -> None:
    """Tell running jobs to hand themselves back at their next step."""
    from annotation.jobs.context import stopping

    stopping.set()
