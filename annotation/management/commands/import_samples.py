"""Import samples with their pictures."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from annotation.core.errors import BadInput, WorkflowError
from annotation.core.rubric_cache import RubricDefinition
from annotation.imports.format_names import SAMPLE_FORMATS
from annotation.imports.formats import check_samples
from annotation.imports.samples import import_samples
from annotation.management.imports import ImportCommand
from annotation.management.progress import ProgressLine
from annotation.models import Study
from annotation.studies import rubrics, studies

DEFAULT_RUBRIC = "interleaved-answer"


class Command(ImportCommand):
    help = "Import a file or a folder of samples. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--study", required=True, metavar="SLUG", help="created when there is none of this name")
        parser.add_argument("--images", metavar="DIR", type=Path, help="the pictures' folder; default: beside the file")
        self.add_format_argument(parser, SAMPLE_FORMATS)
        parser.add_argument("--question", metavar="TEXT", help="what pictures answer that come without one")
        parser.add_argument("--rubric", metavar="KEY", help=f"of a study to be created; default: {DEFAULT_RUBRIC}")
        parser.add_argument("--update", action="store_true", help="replace changed samples that nobody has scored")
        self.add_report_arguments(parser)

    def handle(
        self,
        *args: Any,
        file: Path,
        study: str,
        images: Path | None,
        format: str | None,
        question: str | None,
        rubric: str | None,
        update: bool,
        as_json: bool,
        dry_run: bool,
        errors: Path | None,
        **options: Any,
    ) -> None:
        if images is not None and not images.is_dir():
            self.refuse(f"{images} is not a folder.", as_json=as_json, field="images")
        try:
            check_samples(file, format=format)
            row, definition = self._study(study, rubric, dry_run=dry_run)
            with ProgressLine(self.stderr) as progress:
                report = import_samples(
                    by=None,
                    study=row,
                    path=file,
                    images=images,
                    format=format,
                    question=question,
                    rubric=definition,
                    update=update,
                    dry_run=dry_run,
                    progress=progress,
                )
        except (WorkflowError, OSError) as error:
            self.refuse_for(error, as_json=as_json, file=file)
        self.tell(report, what=f"Samples of {study}", as_json=as_json, dry_run=dry_run, errors=errors)

    def _study(self, slug: str, rubric: str | None, *, dry_run: bool) -> tuple[Study | None, RubricDefinition | None]:
        row = Study.objects.filter(slug=slug).select_related("rubric").first()
        if row is None and dry_run:
            return None, rubrics.preview_rubric(rubric or DEFAULT_RUBRIC)
        if row is None:
            wanted = rubrics.get_or_load(rubric or DEFAULT_RUBRIC)
            return studies.create_study(by=None, slug=slug, title=slug, rubric=wanted), None
        if rubric is not None and rubric not in (row.rubric.key, str(row.rubric)):
            message = f"The study {slug} has the rubric {row.rubric}, not {rubric}; leave --rubric out."
            raise BadInput(message, fields={"rubric": message})
        return row, None
