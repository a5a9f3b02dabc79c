"""Imports score tables, one value per line.

Each line is taken or rejected by itself, and an import can be run twice.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from annotation.core import permissions
from annotation.core.history import record_step
from annotation.core.rubric_cache import load_rubric
from annotation.core.study_guards import require_intake
from annotation.jobs.progress import ProgressCallback
from annotation.jobs.rejected_lines import LineError
from annotation.jobs.resumable_counts import ResumableCounts
from annotation.models import Study, User
from annotation.scoring.exposures import record_scored_elsewhere
from judge.formats.json_line import RecordError
from judge.formats.score_table import ScoreRecord, parse_score

from .completing_scores import complete_scores
from .formats import SourceRow, open_scores
from .line_reader import SeenKeys
from .report import ImportReport
from .score_rows import IncomingScore, ScoreImportPlan, ScoreWriter

CHUNK_LINES = 2000
COUNTS = ("created", "unchanged", "refused")

Chunk = list[IncomingScore | LineError]


def import_scores(
    *,
    by: User | None,
    study: Study,
    path: Path,
    format: str | None = None,
    complete: bool = False,
    dry_run: bool = False,
    progress: ProgressCallback | None = None,
    ledger: ResumableCounts | None = None,
) -> ImportReport:
    """Import a score table and return a report.

    ``by=None`` is the command line.

    It is CSV, TSV, JSON Lines, a JSON list or Parquet, which is found out unless ``format`` names it.

    The lines of one annotator for one sample in one round make one score, whose time is that of its latest line and
    whose seconds are the most that a line says. The same value again is unchanged, another one is refused, and so is
    a second line for the same value within the file. A value that is so by rule, since a side is missing, is
    accepted and not stored. ``complete`` declares that no more will come: samples with enough complete scores then
    need no annotators and are decided. With the ``ledger`` of a run that was interrupted, report and history are about
    both.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        WrongState: the study is closed, or is closed while this runs (`study_closed`); what was taken by then stays.
        BadInput: the file as a whole cannot be read.
        OSError: the file cannot be read.
    """
    if by is not None:
        permissions.require_lead(by, study)
    require_intake(study, "scores")
    report, ledger = ImportReport(), ledger or ResumableCounts()
    writer = ScoreWriter(study, load_rubric(study.rubric_id), dry_run=dry_run)
    with open_scores(path, format=format) as source, closing(SeenKeys()) as seen_keys:
        total = source.count() if progress else None

        def record_import(counts: dict[str, int]) -> None:
            if counts["created"] and not dry_run:
                record_scored_elsewhere(study=study)
                record_step("scores_imported", study=study, by=by, file=path.name, counts={**counts, "updated": 0})

        with ledger.report_once(record_import, COUNTS):
            for reached, chunk in _group_chunks(_parse_records(source.rows())):
                _import_chunk(chunk, reached, writer, seen_keys, report, ledger)
                if progress:
                    progress(max(reached, ledger.reached), total, "Importing scores")
        report.notes = source.notes()
    if complete and report.accepted and not dry_run:
        complete_scores(by=by, study=study, progress=progress, ledger=ledger)
    return report


def _parse_records(rows: Iterable[SourceRow]) -> Iterator[tuple[int, ScoreRecord | RecordError]]:
    """Yield the records of a table, or why a line is rejected."""
    for number, content, _ in rows:
        try:
            yield number, content if isinstance(content, RecordError) else parse_score(content)
        except RecordError as error:
            yield number, error


def _group_chunks(records: Iterable[tuple[int, ScoreRecord | RecordError]]) -> Iterator[tuple[int, Chunk]]:
    chunk: Chunk = []
    number = 0
    for number, record in records:
        if isinstance(record, RecordError):
            chunk.append(LineError(number, record.field, record.message))
        else:
            chunk.append(IncomingScore(number, record))
        if len(chunk) >= CHUNK_LINES:
            yield number, chunk
            chunk = []
    yield number, chunk


def _import_chunk(
    chunk: Chunk, reached: int, writer: ScoreWriter, seen_keys: SeenKeys, report: ImportReport, ledger: ResumableCounts
) -> None:
    errors = [entry for entry in chunk if isinstance(entry, LineError)]
    lines = writer.interpret([entry for entry in chunk if isinstance(entry, IncomingScore)], errors)
    unique_lines = []
    for line in lines:
        score = line.record
        key = f"{score.sample}\0{score.annotator}\0{score.dimension}\0{score.round}"
        first_number = seen_keys.first_line(key, line.line)
        if first_number == line.line:
            unique_lines.append(line)
        else:
            message = f"Line {first_number} gives this annotator's value already; the first one is kept. Remove one."
            errors.append(LineError(line.line, "dimension", message))
    plan = writer.write(unique_lines, on_write=partial(_count_lines, ledger, reached, len(errors)))
    report.created, report.unchanged = ledger["created"], ledger["unchanged"]
    for error in sorted(errors + plan.refused):
        report.refuse(*error)


def _count_lines(ledger: ResumableCounts, reached: int, refused: int, plan: ScoreImportPlan) -> None:
    ledger.count_up_to(reached, created=plan.created, unchanged=plan.unchanged, refused=refused + len(plan.refused))
