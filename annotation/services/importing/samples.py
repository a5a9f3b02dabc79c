"""Samples come in: a file of lines, each taken or refused by itself, safe to run twice."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from annotation import permissions
from annotation.models import Study, User
from annotation.rubrics import RubricDefinition, definition
from annotation.services.history import record
from judge.records import RecordError
from judge.samples import parse_sample_line

from .lines import Line, SeenKeys, count_lines, read_lines
from .pictures import PictureImporter, picture_importer
from .report import ImportReport, LineError, Progress
from .sample_lines import Incoming, interpret
from .sample_rows import SampleWriter

CHUNK_LINES = 1000
CHUNK_BYTES = 8_000_000
CHUNK_PICTURES = 64


def import_samples(
    *,
    by: User | None,
    study: Study | None,
    path: Path,
    images: Path | None = None,
    rubric: RubricDefinition | None = None,
    update: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Take in a file of sample lines and return what became of them; ``by=None`` is the command line.

    Pictures are looked for in ``images``, or beside the file. With ``update``, changed lines replace samples that
    nobody has scored. A dry run reports the same and stores nothing; only there ``study`` may be None, for one that
    would be created with ``rubric``. Running it again after it was interrupted takes it up where it stopped.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        OSError: the file cannot be read.
    """
    if by is not None and study is not None:
        permissions.require_lead(by, study)
    if study is None and not (dry_run and rubric is not None):
        raise ValueError("only a dry run can do without a study")
    known = rubric if study is None else definition(study.rubric_id)
    assert known is not None
    with (
        path.open("rb") as file,
        picture_importer(images or path.parent, dry_run=dry_run) as pictures,
        closing(SeenKeys()) as seen,
    ):
        run = _Run(known, pictures, seen, SampleWriter(study, known, by=by, update=update, dry_run=dry_run))
        total = count_lines(path) if progress else None
        try:
            for done, chunk in _chunks(read_lines(file)):
                run.take(chunk)
                if progress:
                    progress(done, total, "Importing samples")
        finally:
            if study is not None and not dry_run and (run.report.created or run.report.updated):
                record("samples_imported", study=study, by=by, file=path.name, counts=run.report.counts())
    return run.report


Chunk = list[Incoming | LineError]


def _chunks(lines: Iterable[Line]) -> Iterable[tuple[int, Chunk]]:
    """Yield pieces of the file with the number of their last line, small enough to be held in memory."""
    chunk: Chunk = []
    size = pictures = number = 0
    for number, raw in lines:
        if not raw.strip():
            continue
        try:
            sample = parse_sample_line(raw)
        except RecordError as error:
            chunk.append(LineError(number, error.field, error.message))
        else:
            chunk.append(Incoming(number, sample))
            pictures += len(sample.images)
        size += len(raw)
        if len(chunk) >= CHUNK_LINES or size >= CHUNK_BYTES or pictures >= CHUNK_PICTURES:
            yield number, chunk
            chunk, size, pictures = [], 0, 0
    yield number, chunk


class _Run:
    """One pass over a file."""

    def __init__(
        self, rubric: RubricDefinition, pictures: PictureImporter, seen: SeenKeys, writer: SampleWriter
    ) -> None:
        self._rubric, self._pictures, self._seen, self._writer = rubric, pictures, seen, writer
        self.report = ImportReport()

    def take(self, chunk: Chunk) -> None:
        errors = [entry for entry in chunk if isinstance(entry, LineError)]
        samples = [entry for entry in chunk if isinstance(entry, Incoming)]
        good = []
        found = self._pictures.take(image.path for sample in samples for image in sample.record.images)
        for sample in samples:
            error = self._prepare(sample, found.sha256, found.refused)
            if error is None:
                good.append(sample)
            else:
                errors.append(error)
        result = self._writer.write(good)
        self.report.created += result.created
        self.report.updated += result.updated
        self.report.unchanged += result.unchanged
        for error in sorted(errors + result.refused):
            self.report.refuse(*error)

    def _prepare(self, sample: Incoming, sha256: dict[str, str], refused: dict[str, str]) -> LineError | None:
        for image in sample.record.images:
            if image.path in refused:
                return LineError(sample.line, image.field, f"{image.path!r} {refused[image.path]}")
            sample.sha256.append(sha256[image.path])
        try:
            interpret(sample, self._rubric)
        except RecordError as error:
            return LineError(sample.line, error.field, error.message)
        first = self._seen.first_line(sample.record.id, sample.line)
        if first != sample.line:
            message = f"{sample.record.id!r} is on line {first} already; the first one is kept. Give each an id."
            return LineError(sample.line, "id", message)
        return None
