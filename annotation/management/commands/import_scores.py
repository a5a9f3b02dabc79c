"""Import a table of scores."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from annotation.core.errors import WorkflowError
from annotation.imports.format_names import SCORE_FORMATS
from annotation.imports.scores import import_scores
from annotation.management.imports import ImportCommand
from annotation.management.progress import ProgressLine
from annotation.models import Study


class Command(ImportCommand):
    help = "Import a long score table: CSV, TSV, JSON Lines, JSON or Parquet. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--study", required=True, metavar="SLUG")
        self.add_format_argument(parser, SCORE_FORMATS)
        parser.add_argument(
            "--complete", action="store_true", help="no more will come: samples with enough scores need no annotators"
        )
        self.add_report_arguments(parser)

    def handle(
        self,
        *args: Any,
        file: Path,
        study: str,
        format: str | None,
        complete: bool,
        as_json: bool,
        dry_run: bool,
        errors: Path | None,
        **options: Any,
    ) -> None:
        row = Study.objects.filter(slug=study).first()
        if row is None:
            message = f"There is no study {study!r}; import its samples first, or create it with create_study."
            self.refuse(message, as_json=as_json, field="study")
        try:
            with ProgressLine(self.stderr) as progress:
                report = import_scores(
                    by=None,
                    study=row,
                    path=file,
                    format=format,
                    complete=complete,
                    dry_run=dry_run,
                    progress=progress,
                )
        except (WorkflowError, OSError) as error:
            self.refuse_for(error, as_json=as_json, file=file)
        self.tell(report, what=f"Scores of {study}", as_json=as_json, dry_run=dry_run, errors=errors)
