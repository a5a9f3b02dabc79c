"""The commands of the long-running processes: `manage.py up`, the images and the tests all start these."""

WEB = ("gunicorn", "--config", "config/gunicorn.py")
# The worker carries the clock (--beat) too, so there is one worker; its threads do the work in parallel.
WORKER = ("celery", "--app", "config.celery", "worker", "--beat", "--loglevel", "info")
MIGRATE = ("python", "manage.py", "migrate", "--noinput")
