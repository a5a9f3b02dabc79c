"""Score tables come in: one value per line, each taken or refused by itself, safe to run twice."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from annotation import permissions
from annotation.errors import WrongState
from annotation.models import Study, User
from annotation.rubrics import definition
from annotation.services.exposures import record_scored_elsewhere
from annotation.services.history import record
from judge.records import RecordError, decode_line
from judge.scores import ScoreRecord, ScoreTable, parse_score

from .completing import complete_scores
from .lines import BYTE_ORDER_MARK, SeenKeys, count_lines, read_lines
from .report import ImportReport, LineError, Progress
from .score_rows import IncomingScore, ScoreWriter

CHUNK_LINES = 2000

Chunk = list[IncomingScore | LineError]


def import_scores(
    *,
    by: User | None,
    study: Study,
    path: Path,
    complete: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Take in a score table, CSV or JSON Lines, and return what became of its lines; ``by=None`` is the command line.

    The lines of one annotator for one sample in one round make one score, whose time is that of its latest line and
    whose seconds are the most that a line says. The same value again is unchanged, another one is refused, and so is
    a second line for the same value within the file. A value that is so by rule, since a side is missing, is
    accepted and not stored. ``complete`` declares that no more will come: samples with enough complete scores then
    need no annotators and are decided.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        WrongState: the study is closed.
        OSError: the file cannot be read.
    """
    if by is not None:
        permissions.require_lead(by, study)
    if study.state == Study.State.CLOSED:
        raise WrongState("This study is closed and takes no more scores.", code="study_closed")
    report = ImportReport()
    writer = ScoreWriter(study, definition(study.rubric_id), dry_run=dry_run)
    with path.open("rb") as file, closing(SeenKeys()) as seen:
        total = count_lines(path) if progress else None
        try:
            for done, chunk in _chunks(_records(file)):
                _take(chunk, writer, seen, report)
                if progress:
                    progress(done, total, "Importing scores")
        finally:
            if report.created and not dry_run:
                record_scored_elsewhere(study=study)
                record("scores_imported", study=study, by=by, file=path.name, counts=report.counts())
    if complete and report.taken and not dry_run:
        complete_scores(by=by, study=study, progress=progress)
    return report


def _records(file: BinaryIO) -> Iterator[tuple[int, ScoreRecord | RecordError]]:
    """Yield the records of either format, or why a line is none."""
    rows: Iterable[tuple[int, object]]
    beginning = file.read(4096).removeprefix(BYTE_ORDER_MARK).strip()
    file.seek(0)
    if not beginning or beginning.startswith(b"{"):
        rows = ((number, raw) for number, raw in read_lines(file) if raw.strip())
    else:
        try:
            rows = ScoreTable(read_lines(file))
        except RecordError as error:
            yield 1, error
            return
    for number, row in rows:
        try:
            if isinstance(row, RecordError):
                raise row
            yield number, parse_score(decode_line(row) if isinstance(row, bytes) else row)  # type: ignore[arg-type]
        except RecordError as error:
            yield number, error


def _chunks(records: Iterable[tuple[int, ScoreRecord | RecordError]]) -> Iterator[tuple[int, Chunk]]:
    chunk: Chunk = []
    number = 0
    for number, found in records:
        if isinstance(found, RecordError):
            chunk.append(LineError(number, found.field, found.message))
        else:
            chunk.append(IncomingScore(number, found))
        if len(chunk) >= CHUNK_LINES:
            yield number, chunk
            chunk = []
    yield number, chunk


def _take(chunk: Chunk, writer: ScoreWriter, seen: SeenKeys, report: ImportReport) -> None:
    errors = [entry for entry in chunk if isinstance(entry, LineError)]
    lines = writer.interpret([entry for entry in chunk if isinstance(entry, IncomingScore)], errors)
    first_lines = []
    for line in lines:
        score = line.record
        key = f"{score.sample}\0{score.annotator}\0{score.dimension}\0{score.round}"
        first = seen.first_line(key, line.line)
        if first == line.line:
            first_lines.append(line)
        else:
            message = f"Line {first} gives this annotator's value already; the first one is kept. Remove one."
            errors.append(LineError(line.line, "dimension", message))
    written = writer.write(first_lines)
    report.created += written.created
    report.unchanged += written.unchanged
    for error in sorted(errors + written.refused):
        report.refuse(*error)
