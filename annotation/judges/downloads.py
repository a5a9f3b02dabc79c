"""Downloads of a judge: its run folder, and the table behind its metrics."""

from django.core.files.storage import default_storage

from annotation.core.errors import NotFound
from annotation.core.spreadsheet_cells import format_csv
from annotation.exports.downloads import Download, authorize_export, read_stored_file
from annotation.models import JudgeRun, Scorecard, User

from .scorecard_columns import VALUE_COLUMNS, iter_pair_rows

HEADER = ("sample", "dimension", *VALUE_COLUMNS)


def download_run(*, by: User, run: JudgeRun) -> Download:
    """Return the folder of a finished run as one ZIP.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results; or there is no folder to be had.
    """
    authorize_export(by, run.study)
    if not run.archive or not default_storage.exists(run.archive):
        raise NotFound("There is no folder of this judge here.", code="archive_gone")
    name = f"{run.study.slug}-judge-{run.number}.zip"
    return Download(name, "application/zip", read_stored_file(run.archive), run.archive_bytes)


def download_pairs(*, by: User, scorecard: Scorecard) -> Download:
    """Return the pairs behind a scorecard as CSV.

    A row has people's score and the judge's for one sample and dimension.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
    """
    run = scorecard.run
    authorize_export(by, run.study)
    rows = ([row[name] for name in HEADER] for row in iter_pair_rows(scorecard.pairs))
    text = format_csv([HEADER, *rows]).encode()
    name = f"{run.study.slug}-judge-{run.number}-release-{scorecard.release.number}.csv"
    return Download(name, "text/csv; charset=utf-8", iter([text]), len(text))
