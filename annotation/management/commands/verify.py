"""Check that a release's folder holds what its manifest says."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from annotation.releases.verifying import verify_release


class Command(BaseCommand):
    help = "Compare every file of a release with its manifest. Needs no database: it works wherever the folder is."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, folder: Path, as_json: bool, **options: Any) -> None:
        verdict = verify_release(folder)
        if as_json:
            self.stdout.write(json.dumps(verdict.as_data(), ensure_ascii=False))
        else:
            for problem in verdict.problems:
                self.stdout.write(str(problem))
            if verdict.is_intact:
                self.stdout.write(f"All {verdict.files:,} files are as the manifest says.")
        if not verdict.is_intact:
            count = len(verdict.problems)
            raise CommandError(f"{folder} is not the release that it was: {count:,} problem{'s'[: count != 1]}.")
