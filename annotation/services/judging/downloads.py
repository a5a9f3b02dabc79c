"""What leaves the house of a judge: its folder, with which it predicts elsewhere, and the table behind its figures."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotation import permissions
from annotation.errors import NotFound
from annotation.models import JudgeRun, Scorecard, User
from annotation.services.exposures import record_exposure_to_all
from annotation.services.releasing.downloads import CHUNK, Download
from annotation.spreadsheets import written

from .columns import NAMES, rows_of

HEAD = ("sample", "dimension", *NAMES)


def download_run(*, by: User, run: JudgeRun) -> Download:
    """Return the folder of a finished run as one ZIP.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results; or there is no folder to be had.
    """
    _may_have(by, run)
    if not run.archive or not default_storage.exists(run.archive):
        raise NotFound("There is no folder of this judge here.", code="archive_gone")
    name = f"{run.study.slug}-judge-{run.number}.zip"
    return Download(name, "application/zip", _stored(run.archive), run.archive_bytes)


def download_pairs(*, by: User, scorecard: Scorecard) -> Download:
    """Return what stands behind a scorecard as CSV: people's score and the judge's, a row per sample and dimension.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
    """
    run = scorecard.run
    _may_have(by, run)
    rows = ([row[name] for name in HEAD] for row in rows_of(scorecard.pairs))
    text = written([HEAD, *rows]).encode()
    name = f"{run.study.slug}-judge-{run.number}-release-{scorecard.release.number}.csv"
    return Download(name, "text/csv; charset=utf-8", iter([text]), len(text))


def _may_have(by: User, run: JudgeRun) -> None:
    permissions.require_results(by, run.study)
    place = permissions.membership(by, run.study)
    # Final scores stand in both.
    if place is not None and permissions.may_score(place):
        record_exposure_to_all(member=place)


def _stored(name: str) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        while chunk := file.read(CHUNK):
            yield chunk
