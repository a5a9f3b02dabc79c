"""Imports predictions that were made elsewhere, one sample per line.

Each line is taken or rejected by itself, and an import can be run twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.core.history import record_step
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.jobs.progress import ProgressCallback
from annotation.jobs.rejected_lines import LineError
from annotation.jobs.resumable_counts import ResumableCounts
from annotation.judges.runs import get_imported_run
from annotation.judges.storing_predictions import IncomingPrediction, PredictionImportPlan, PredictionWriter
from annotation.models import JudgeRun, Study, User
from annotation.review_queue.rebuild import request_rebuild_for_judges
from judge.formats.json_line import RecordError
from judge.formats.prediction_line import parse_prediction_line
from judge.formats.rubric import RubricSpec

from .line_reader import SeenKeys, count_lines, read_lines
from .report import ImportReport

CHUNK_LINES = 2000
COUNTS = ("created", "updated", "unchanged", "refused")

Chunk = list[IncomingPrediction | LineError]


def import_predictions(
    *,
    by: User | None,
    study: Study,
    path: Path,
    dry_run: bool = False,
    progress: ProgressCallback | None = None,
    ledger: ResumableCounts | None = None,
) -> ImportReport:
    """Import a file of predictions and return a report.

    ``by=None`` is the command line.

    A judge that the study does not know yet becomes a run of its own, by its name. What an imported judge said of a
    sample before is replaced; what a judge that was trained here said stays, and another one of that name is refused.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
        BadInput: the file has no line.
        OSError: the file cannot be read.
    """
    if by is not None:
        permissions.require_results(by, study)
    report, ledger = ImportReport(), ledger or ResumableCounts()
    rubric = rubric_file(load_rubric(study.rubric_id))
    total = count_lines(path)
    if not total:
        raise BadInput("The file has no line.", fields={"file": "One prediction a line, as JSON."})
    writers = _Writers(by, study, dry_run)
    with closing(SeenKeys()) as seen_keys:

        def record_import(counts: dict[str, int]) -> None:
            if (counts["created"] or counts["updated"]) and not dry_run:
                record_step("predictions_imported", study=study, by=by, file=path.name, counts=counts)
                request_rebuild_for_judges(study=study, judges=writers.names)

        with ledger.report_once(record_import, COUNTS):
            for reached, chunk in _read_chunks(path, rubric):
                _import_chunk(chunk, reached, writers, seen_keys, report, ledger)
                if progress:
                    progress(max(reached, ledger.reached), total, "Importing predictions")
    return report


class _Writers:
    """The prediction writers of the judges that a file names.

    A judge's run is created with its first prediction.
    """

    def __init__(self, by: User | None, study: Study, dry_run: bool) -> None:
        self._by, self._study, self._dry_run = by, study, dry_run
        self._known: dict[str, PredictionWriter] = {}

    @property
    def names(self) -> list[str]:
        """The names of the judges met so far."""
        return list(self._known)

    def get_writer(self, name: str, prompt_sha: str) -> PredictionWriter:
        if name not in self._known:
            run = self._run(name, prompt_sha)
            replace = run.origin == JudgeRun.Origin.IMPORTED
            self._known[name] = PredictionWriter(run, replace=replace, dry_run=self._dry_run)
        return self._known[name]

    def _run(self, name: str, prompt_sha: str) -> JudgeRun:
        if self._dry_run:
            run = self._study.judge_runs.filter(name=name).first()
            return run or JudgeRun(study=self._study, name=name, origin=JudgeRun.Origin.IMPORTED, number=0)
        return get_imported_run(by=self._by, study=self._study, name=name, prompt_sha=prompt_sha)


def _read_chunks(path: Path, rubric: RubricSpec) -> Iterator[tuple[int, Chunk]]:
    chunk: Chunk = []
    number = 0
    with path.open("rb") as file:
        for number, raw in read_lines(file):
            if raw.strip():
                chunk.append(_parse_chunk_line(number, raw, rubric))
            if len(chunk) >= CHUNK_LINES:
                yield number, chunk
                chunk = []
    yield number, chunk


def _parse_chunk_line(number: int, raw: bytes, rubric: RubricSpec) -> IncomingPrediction | LineError:
    try:
        prediction = parse_prediction_line(raw, rubric)
        if not prediction.judge:
            raise RecordError("judge", "is missing; write a name that tells this judge's versions apart.")
    except RecordError as error:
        return LineError(number, error.field, error.message)
    return IncomingPrediction(number, prediction)


def _import_chunk(
    chunk: Chunk, reached: int, writers: _Writers, seen_keys: SeenKeys, report: ImportReport, ledger: ResumableCounts
) -> None:
    errors = [entry for entry in chunk if isinstance(entry, LineError)]
    by_judge: dict[str, list[IncomingPrediction]] = defaultdict(list)
    for entry in chunk:
        if isinstance(entry, IncomingPrediction):
            first = seen_keys.first_line(f"{entry.prediction.judge}\0{entry.prediction.id}", entry.line)
            if first == entry.line:
                by_judge[entry.prediction.judge].append(entry)
            else:
                message = f"Line {first} has this judge's prediction already; the first one is kept. Remove one."
                errors.append(LineError(entry.line, "id", message))
    before = ledger.reached
    for name, entries in by_judge.items():
        writer = writers.get_writer(name, entries[0].prediction.prompt_sha)
        plan = writer.write(entries, on_write=partial(_count_lines, ledger, reached, before))
        errors += plan.refused
    ledger.count_up_to(reached)
    if reached > before:
        ledger.add(refused=len(errors))
    report.created, report.updated, report.unchanged = ledger["created"], ledger["updated"], ledger["unchanged"]
    for error in sorted(errors):
        report.refuse(*error)


def _count_lines(ledger: ResumableCounts, reached: int, before: int, plan: PredictionImportPlan) -> None:
    """Count the stored lines of one judge in a chunk.

    An earlier attempt has counted the lines up to ``before``.
    """
    if reached > before:
        ledger.add(created=len(plan.new), updated=len(plan.changed), unchanged=plan.unchanged)
