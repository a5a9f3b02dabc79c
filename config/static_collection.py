"""Collects static files, only when one of them has changed.

Collecting takes seconds, comparing a fingerprint does not.
"""

import hashlib
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

STAMP = ".collected"


def compute_fingerprint() -> str:
    """Return a digest of all static files' names, times and sizes, and of their storage."""
    lines = [django.get_version(), settings.STORAGES["staticfiles"]["BACKEND"], str(settings.DEBUG)]
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            lines.append(f"{name} {status.st_mtime_ns} {status.st_size}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def collect_if_stale() -> bool:
    """Collect static files where they have changed, and return whether they had."""
    stamp = Path(settings.STATIC_ROOT) / STAMP
    current = compute_fingerprint()
    if stamp.exists() and stamp.read_text() == current:
        return False
    # Without the stamp an interrupted collection is repeated. Old hashed files stay: open pages still ask for them.
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(current)
    return True
