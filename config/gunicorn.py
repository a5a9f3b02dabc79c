"""Gunicorn's settings, in a container, in the demo and in tests."""

import os
from pathlib import Path

wsgi_app = "config.wsgi:application"
bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104 - a container is reached from outside

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "config.gunicorn_worker.BalancedWorker"
threads = int(os.environ.get("WEB_THREADS", "4"))
# Loaded once, shared by the workers for as long as they do not write to it.
preload_app = True

# A request that takes longer is a fault: long work is a job's.
timeout = 60
graceful_timeout = 30
keepalive = 15
# Memory that fragments over weeks is given back; the jitter keeps the workers from leaving together.
max_requests = 50_000
max_requests_jitter = 5_000

errorlog = "-"
# A worker shows that it lives by touching a file, which must not wait behind other writes to a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes the file private
# Its place would be the home folder, where two servers of one account meet and a container cannot write.
control_socket_disable = True


def pre_fork(server: object, worker: object) -> None:
    """Close connections opened while loading: processes must not share one."""
    from django.db import connections

    connections.close_all()
