"""Make a place from a backup."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from annotation.backups import check_backup, restore_backup
from annotation.management.backups import print_faults
from annotation.management.progress import ProgressLine


class Command(BaseCommand):
    help = "Restore a backup into an empty database and an empty media folder, of whatever kind they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--check", action="store_true", help="check the file and write nothing")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, file: Path, check: bool, as_json: bool, **options: Any) -> None:
        resumed = False
        with print_faults(), ProgressLine(self.stderr) as progress:
            if check:
                manifest = check_backup(path=file, progress=progress)
            else:
                report = restore_backup(path=file, progress=progress)
                manifest, resumed = report.manifest, report.resumed
        if as_json:
            told = {
                "file": str(file),
                "made_at": manifest.made_at,
                "product": manifest.product,
                "restored": not check,
                "resumed": resumed,
                "tables": {name: content.rows for name, content in manifest.tables.items()},
                "rows": manifest.rows,
                "files": len(manifest.media),
                "media_bytes": manifest.media_bytes,
                "vanished": manifest.vanished,
            }
            self.stdout.write(json.dumps(told))
            return
        what = (
            f"{manifest.rows:,} rows and {len(manifest.media):,} files of {manifest.made_at[:16].replace('T', ' ')} UTC"
        )
        if check:
            self.stdout.write(f"{file} is whole and can be restored by this version: {what}.")
            return
        self.stdout.write(f"Restored {what}. Everybody signs in again; work that was under way goes on by itself.")
