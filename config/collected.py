"""Collects static files only when one of them has changed: collecting takes seconds, looking takes none."""

import hashlib
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

STAMP = ".collected"


def fingerprint() -> str:
    """Return a digest over the name, time and size of every static file, and over what processes them."""
    lines = [django.get_version(), settings.STORAGES["staticfiles"]["BACKEND"], str(settings.DEBUG)]
    for finder in get_finders():
        for name, storage in finder.list([]):
            about = Path(storage.path(name)).stat()
            lines.append(f"{name} {about.st_mtime_ns} {about.st_size}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def collect_if_stale() -> bool:
    """Bring the collected files up to date; tells whether there was anything to do."""
    stamp = Path(settings.STATIC_ROOT) / STAMP
    wanted = fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    # Without the stamp an interrupted collection is repeated. Old hashed files stay: open pages still ask for them.
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)
    return True
