"""What the import commands share: their exit statuses and how they tell what became of a file."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from django.core.management import CommandError

from annotation.core.errors import WorkflowError
from annotation.imports.report import ImportReport
from annotation.jobs.rejected_lines import LineError

from .database import DataCommand

SOME_REFUSED = 3
NOTHING_DONE = 1
ERRORS_SHOWN = 20


class ImportCommand(DataCommand):
    """Exits 0 when all lines are in, 3 when some were refused, 1 when nothing was done."""

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except SystemExit as leaving:
            # The argument parser's own 2 would be a status of its own for "nothing done".
            sys.exit(NOTHING_DONE if leaving.code == 2 else leaving.code)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def add_format_argument(self, parser: ArgumentParser, formats: Sequence[str]) -> None:
        parser.add_argument(
            "--format", metavar="NAME", choices=formats, help=f"where it is not told right: {', '.join(formats)}"
        )

    def add_report_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen and store nothing")
        parser.add_argument("--errors", metavar="PATH", type=Path, help="write all refused lines there, as JSON Lines")

    def tell(self, report: ImportReport, *, what: str, as_json: bool, dry_run: bool, errors: Path | None) -> None:
        """Print the report, and leave with the status that belongs to it."""
        if errors is not None:
            self._write_errors(report, errors)
        if as_json:
            self._tell_json(report)
        else:
            self._tell_people(report, what, dry_run, errors)
        if not report.accepted:
            raise CommandError("Nothing was taken from the file.", returncode=NOTHING_DONE)
        if report.refused:
            raise CommandError(f"{_lines(report.refused)} refused.", returncode=SOME_REFUSED)

    def refuse(self, message: str, *, as_json: bool, field: str = "") -> NoReturn:
        """Leave without having done anything."""
        if as_json:
            report = ImportReport()
            report.errors.add(LineError(0, field, message))
            self._tell_json(report)
        raise CommandError(message, returncode=NOTHING_DONE)

    def refuse_for(self, error: WorkflowError | OSError, *, as_json: bool, file: Path) -> NoReturn:
        """Leave because a service refused, or because the file cannot be read."""
        if isinstance(error, OSError):
            self.refuse(f"{error.filename or file} cannot be read: {error.strerror}.", as_json=as_json, field="file")
        self.refuse(error.message, as_json=as_json, field=next(iter(error.fields), ""))

    def _write_errors(self, report: ImportReport, path: Path) -> None:
        try:
            with path.open("w", encoding="utf-8") as file:
                for error in report.errors:
                    file.write(json.dumps(error._asdict(), ensure_ascii=False) + "\n")
        except OSError as failure:
            self.stderr.write(f"{path} cannot be written: {failure.strerror}.")

    def _tell_json(self, report: ImportReport) -> None:
        counts = json.dumps(report.counts())
        self.stdout.write(f'{counts[:-1]}, "errors": [', ending="")
        for index, error in enumerate(report.errors):
            self.stdout.write((", " if index else "") + json.dumps(error._asdict()), ending="")
        # What most files do without is no part of the fixed shape.
        notes = f', "notes": {json.dumps(report.notes)}' if report.notes else ""
        self.stdout.write(f"]{notes}}}")

    def _tell_people(self, report: ImportReport, what: str, dry_run: bool, errors: Path | None) -> None:
        for index, error in enumerate(report.errors):
            if index == ERRORS_SHOWN:
                rest = _lines(report.refused - ERRORS_SHOWN)
                self.stdout.write(f"… and {rest} more; " + (f"see {errors}." if errors else "--errors PATH lists all."))
                break
            place = f"line {error.line}: " if error.line else ""
            self.stdout.write(f"{place}{error.field}{' ' if error.field else ''}{error.message}")
        for note in report.notes:
            self.stdout.write(f"note: {note}")
        counts = ", ".join(f"{count:,} {name}" for name, count in report.counts().items())
        self.stdout.write(f"{what}: {counts}." + (" This was a dry run; nothing was stored." if dry_run else ""))


def _lines(count: int) -> str:
    return f"{count:,} line" + ("" if count == 1 else "s")
