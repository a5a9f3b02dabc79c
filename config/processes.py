"""The commands of the long-running processes.

`manage.py up`, the images and the tests all start these.
"""

WEB = ("gunicorn", "--config", "config/gunicorn.py")
# The worker carries the clock (--beat) too, so there is one worker; its threads do the work in parallel.
# It works off both queues. A machine with a GPU may take the judges' alone: --queues judge, without --beat.
WORKER = ("celery", "--app", "config.celery", "worker", "--beat", "--queues", "celery,judge", "--loglevel", "info")
MIGRATE = ("python", "manage.py", "migrate", "--noinput")
