"""Imports samples from a file or folder.

Each line is taken or rejected by itself, and an import can be run twice.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

from annotation.core import permissions
from annotation.core.history import record_step
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.study_guards import require_intake
from annotation.jobs.progress import ProgressCallback
from annotation.jobs.rejected_lines import LineError
from annotation.jobs.resumable_counts import ResumableCounts
from annotation.models import Study, User
from judge.formats.json_line import RecordError
from judge.formats.sample_line import parse_sample

from . import content_replacement
from .formats import SourceRow, open_samples
from .line_reader import SeenKeys
from .pictures import PictureImporter, picture_importer
from .preview import SAMPLES as PREVIEWED_SAMPLES
from .preview import preview_sample
from .report import ImportReport
from .sample_lines import IncomingSample, interpret_line
from .sample_rows import SampleWriter, WrittenChunk

CHUNK_LINES = 1000
CHUNK_BYTES = 8_000_000
CHUNK_PICTURES = 64
COUNTS = ("created", "updated", "unchanged", "refused")


def import_samples(
    *,
    by: User | None,
    study: Study | None,
    path: Path,
    images: Path | None = None,
    format: str | None = None,
    question: str | None = None,
    rubric: RubricDefinition | None = None,
    update: bool = False,
    dry_run: bool = False,
    progress: ProgressCallback | None = None,
    ledger: ResumableCounts | None = None,
) -> ImportReport:
    """Import a file or folder of samples and return a report.

    ``by=None`` is the command line.

    Its format is found out unless ``format`` names it. Pictures are looked for in ``images``, or beside the lines;
    ``question`` is what pictures answer that come without one. With ``update``, changed lines replace samples that
    nobody has scored; what judges said of a content that is replaced goes with it, which a note tells. A dry run
    reports the same, with a preview, and stores nothing; only there ``study`` may be None, for one that would be
    created with ``rubric``. Running it again after it was interrupted takes it up where it stopped; with the ``ledger``
    of the run before, the report and the history are about both.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        WrongState: the study is closed, or is closed while this runs (`study_closed`); what was taken by then stays.
        BadInput: the file as a whole cannot be read, or is not safe to unpack.
        OSError: the file cannot be read.
    """
    if by is not None and study is not None:
        permissions.require_lead(by, study)
    if study is None and not (dry_run and rubric is not None):
        raise ValueError("only a dry run can do without a study")
    if study is not None:
        require_intake(study, "samples")
    sample_rubric = rubric if study is None else load_rubric(study.rubric_id)
    assert sample_rubric is not None
    with (
        open_samples(path, format=format, images=images, question=question, progress=progress) as source,
        picture_importer(source.folders, dry_run=dry_run) as pictures,
        closing(SeenKeys()) as seen_keys,
    ):
        ledger = ledger or ResumableCounts()
        writer = SampleWriter(study, sample_rubric, by=by, update=update, dry_run=dry_run)
        sample_import = _SampleImport(
            sample_rubric,
            pictures,
            seen_keys,
            writer,
            ledger,
            location=source.location,
            preview=PREVIEWED_SAMPLES if dry_run else 0,
        )
        total = source.count() if progress else None

        def record_import(counts: dict[str, int]) -> None:
            if study is not None and not dry_run and (counts["created"] or counts["updated"]):
                record_step("samples_imported", study=study, by=by, file=path.name, counts=counts)

        with ledger.report_once(record_import, COUNTS):
            for reached, chunk in _chunks(source.rows()):
                sample_import.import_chunk(chunk, reached)
                if progress:
                    progress(max(reached, ledger.reached), total, "Importing samples")
        sample_import.report.notes = [
            *source.notes(),
            *content_replacement.describe_dropped(sample_import.dropped, dry_run=dry_run),
        ]
    return sample_import.report


Chunk = list[IncomingSample | LineError]


def _chunks(rows: Iterable[SourceRow]) -> Iterable[tuple[int, Chunk]]:
    """Yield chunks that fit in memory, each with its last line number."""
    chunk: Chunk = []
    size = pictures = number = 0
    for number, content, length in rows:
        try:
            if isinstance(content, RecordError):
                raise content
            sample = parse_sample(content)
        except RecordError as error:
            chunk.append(LineError(number, error.field, error.message))
        else:
            chunk.append(IncomingSample(number, sample))
            pictures += len(sample.images)
        size += length
        if len(chunk) >= CHUNK_LINES or size >= CHUNK_BYTES or pictures >= CHUNK_PICTURES:
            yield number, chunk
            chunk, size, pictures = [], 0, 0
    yield number, chunk


class _SampleImport:
    """One pass over a file of samples.

    What an earlier pass has counted is read again for its rejected lines, and not counted.
    """

    def __init__(
        self,
        rubric: RubricDefinition,
        pictures: PictureImporter,
        seen_keys: SeenKeys,
        writer: SampleWriter,
        ledger: ResumableCounts,
        *,
        location: Callable[[int], str],
        preview: int,
    ) -> None:
        self._rubric, self._pictures, self._seen, self._writer = rubric, pictures, seen_keys, writer
        self._ledger, self._location, self._to_preview = ledger, location, preview
        self.report = ImportReport()

    def import_chunk(self, chunk: Chunk, reached: int) -> None:
        """Import the lines of a chunk, which ends at line ``reached``."""
        errors = [entry for entry in chunk if isinstance(entry, LineError)]
        samples = [entry for entry in chunk if isinstance(entry, IncomingSample)]
        valid_samples = []
        digests = self._pictures.import_pictures(image.path for sample in samples for image in sample.record.images)
        for sample in samples:
            error = self._prepare(sample, digests.sha256, digests.refused)
            if error is None:
                valid_samples.append(sample)
            else:
                errors.append(error)
        result = self._writer.write(valid_samples, on_write=partial(self._count, reached, len(errors)))
        self.report.created, self.report.updated = self._ledger["created"], self._ledger["updated"]
        self.report.unchanged = self._ledger["unchanged"]
        for line, at, message in sorted(errors + result.refused):
            location = self._location(line)
            self.report.refuse(line, at, f"{message} ({location})" if location else message)
        if len(self.report.preview) < self._to_preview:
            self._preview(valid_samples, {error.line for error in result.refused})

    def _preview(self, samples: list[IncomingSample], refused: set[int]) -> None:
        for sample in samples:
            if sample.line not in refused and len(self.report.preview) < self._to_preview:
                self.report.preview.append(preview_sample(sample, self._pictures.make_thumbnail))

    def _count(self, reached: int, refused: int, result: WrittenChunk) -> None:
        self._ledger.count_up_to(
            reached,
            created=result.created,
            updated=result.updated,
            unchanged=result.unchanged,
            refused=refused + len(result.refused),
            replaced=result.dropped.samples,
            predictions=result.dropped.predictions,
            suggestions=result.dropped.suggestions,
        )

    @property
    def dropped(self) -> content_replacement.DroppedDependents:
        """The counts of what all attempts have deleted; in a dry run, would delete."""
        ledger = self._ledger
        return content_replacement.DroppedDependents(ledger["replaced"], ledger["predictions"], ledger["suggestions"])

    def _prepare(self, sample: IncomingSample, sha256: dict[str, str], refused: dict[str, str]) -> LineError | None:
        for image in sample.record.images:
            if image.path in refused:
                return LineError(sample.line, image.field, f"{image.path!r} {refused[image.path]}")
            sample.sha256.append(sha256[image.path])
        try:
            interpret_line(sample, self._rubric)
        except RecordError as error:
            return LineError(sample.line, error.field, error.message)
        first = self._seen.first_line(sample.record.id, sample.line)
        if first != sample.line:
            message = f"{sample.record.id!r} is on line {first} already; the first one is kept. Give each an id."
            return LineError(sample.line, "id", message)
        return None
