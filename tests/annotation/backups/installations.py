"""Places to back up and to restore into, and what is asked of them."""

import json
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.databases import fresh_database
from tests.installation import Installation

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
# Every row of every table as the platform itself sees it, past all that backups do.
FINGERPRINTS = """
import hashlib, json
from django.apps import apps
answer = {}
for model in apps.get_app_config("annotation").get_models(include_auto_created=True):
    sha256 = hashlib.sha256()
    for row in model.objects.order_by("pk").values_list(*[f.attname for f in model._meta.concrete_fields]):
        # The order of keys means nothing, and PostgreSQL does not keep it.
        row = [json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value for value in row]
        sha256.update(repr(row).encode())
    answer[model._meta.db_table] = [model.objects.count(), sha256.hexdigest()]
"""


@contextmanager
def new_place(kind: str, folder: Path, *, migrated: bool = False, **more: str) -> Iterator[Installation]:
    """Yield a place with a database of a kind and nothing in it, or empty tables where ``migrated`` is set."""
    folder.mkdir()
    with fresh_database(kind, folder, migrated=migrated) as url:
        place = Installation(folder / "data", {"DATABASE_URL": url, "DEMO": "1", **more})
        try:
            yield place
        finally:
            place.close()


def refused(place: Installation, *arguments: str) -> str:
    """Run a command that must be refused without a trace, and return what it says."""
    done = place.run(sys.executable, "manage.py", *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def contents(backup: Path) -> dict[str, bytes]:
    """Return every file in a backup; the manifest without the time at which it was made."""
    with tarfile.open(backup) as archive:
        found = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    manifest: dict[str, Any] = json.loads(found["manifest.json"])
    manifest.pop("made_at")
    found["manifest.json"] = json.dumps(manifest).encode()
    return found


def files(place: Installation) -> list[str]:
    """Return the names of all stored files of a place."""
    media = place.folder / "media"
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())
