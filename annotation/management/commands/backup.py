"""Write database and media into one file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from annotation.backups import BackupReport, write_backup
from annotation.management.backups import print_faults
from annotation.management.progress import ProgressLine

NOT_IN_IT = (
    "Not in it: the environment (.env), SECRET_KEY among it, and the files in IMPORT_ROOT. Keep them elsewhere.\n"
    "With another SECRET_KEY passwords and tokens go on working; links to set a password do not.\n"
    "It holds names, mail addresses and hashes of passwords: keep it as closed as the database."
)


class Command(BaseCommand):
    help = "Write database and media into one tar file, from which restore makes the same place again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="ends in .tar, or in .tar.gz to be compressed")
        # Django has an option of this name for itself.
        parser.add_argument("--force", action="store_true", dest="overwrite", help="overwrite a file of this name")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, file: Path, overwrite: bool, as_json: bool, **options: Any) -> None:
        with print_faults(), ProgressLine(self.stderr) as progress:
            report = write_backup(path=file, overwrite=overwrite, progress=progress)
        if as_json:
            self.stdout.write(json.dumps(as_data(report)))
            return
        about = report.manifest
        self.stdout.write(
            f"{report.path}: {about.rows:,} rows of {len(about.tables)} tables and {len(about.media):,} files, "
            f"{report.bytes:,} bytes."
        )
        if about.vanished:
            names = ", ".join(about.vanished[:5]) + (" …" if len(about.vanished) > 5 else "")
            self.stdout.write(f"{len(about.vanished):,} files were deleted meanwhile and are not in it: {names}")
        self.stdout.write(NOT_IN_IT)


def as_data(report: BackupReport) -> dict[str, Any]:
    """Return the report as `--json` prints it."""
    about = report.manifest
    return {
        "file": str(report.path),
        "bytes": report.bytes,
        "tables": {name: content.rows for name, content in about.tables.items()},
        "rows": about.rows,
        "files": len(about.media),
        "media_bytes": about.media_bytes,
        "vanished": about.vanished,
    }
