"""Import a rubric from a TOML file."""

from pathlib import Path
from typing import Any

from annotation.core.errors import BadInput
from annotation.imports.report import ImportReport
from annotation.management.imports import ImportCommand
from annotation.models import Study
from annotation.studies import rubrics
from judge.formats.rubric import MAX_FILE_BYTES, RubricError


class Command(ImportCommand):
    help = "Import a rubric. A changed one becomes a new version once its last version is in use."

    def handle(self, *args: Any, file: Path, as_json: bool, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            self.refuse_for(error, as_json=as_json, file=file)
        report = ImportReport()
        try:
            stored = rubrics.import_rubric(by=None, content=content)
        except BadInput as error:
            cause = error.__cause__
            assert isinstance(cause, RubricError)
            report.refuse(cause.line, cause.field, cause.message)
            self.tell(report, what=str(file), as_json=as_json, dry_run=False, errors=None)
            return
        setattr(report, stored.outcome, 1)
        if as_json:
            self.tell(report, what="", as_json=True, dry_run=False, errors=None)
            return
        self.stdout.write(f"The rubric {stored.rubric} is {stored.outcome}: {stored.rubric.title}.")
        others = Study.objects.filter(rubric__key=stored.rubric.key).exclude(rubric=stored.rubric)
        for study in others.select_related("rubric")[:20]:
            self.stdout.write(f"The study {study} stays on {study.rubric}.")
