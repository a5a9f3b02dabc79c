"""Runs the jobs of judges: training, predicting and evaluating.

An attempt that was killed is taken up where it was: the judge goes on with its own folder, and what is stored is
stored once. Reads with numpy, so import it only where work is done.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.core.errors import NotFound, WorkflowError
from annotation.core.history import record_step
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.core.transactions import write_transaction
from annotation.jobs.context import JobContext
from annotation.models import JudgeRun, Release, Scorecard, Study
from annotation.review_queue.rebuild import LONGEST_WRITE, request_rebuild_for_judges
from judge.formats.json_line import RecordError
from judge.formats.prediction_line import format_prediction, parse_prediction, parse_prediction_line
from judge.formats.release_line import ReleaseFolder as ReleaseFolder
from judge.runs import OUT_OF_FOLD_FILE, Run

from .judge_input import SAMPLES, find_unpredicted_samples, write_sample_lines
from .judge_process import run_judge
from .prediction_pairs import build_pair_columns
from .request import TrainingRequest
from .run_folders import JobFolder, feature_cache_folder
from .storing_predictions import IncomingPrediction, PredictionImportPlan, PredictionWriter, get_reading_start
from .training_curves import CurveRecorder, thin_curves

CHUNK_LINES = 2_000


def run_training(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Train the judge run that the job names.

    An attempt that was cut short is continued.
    """
    run = _get_run(context, study)
    release = _require_release(run)
    job_folder = JobFolder(run, context.job)
    if run.finished_at is None:
        release_folder = job_folder.release(release, context.progress)
        job_folder.remove_incomplete_run()
        run_judge(context, _training_arguments(run, release_folder, job_folder.run), draw=CurveRecorder(run).draw)
        _store_training(context, run, release, job_folder)
    job_folder.delete()
    card = run.scorecards.get(release=release).cards["final"]
    return {"run": run.public_id, "number": run.number, "judge": run.name, "samples": card["samples"]}


def _training_arguments(run: JudgeRun, release: Path, out: Path) -> list[str]:
    options = TrainingRequest(backend=run.backend, options=run.options).settings()
    settings = [f"--set={name}={json.dumps(value, ensure_ascii=False)}" for name, value in options.items()]
    return [
        *("train", str(release), "--out", str(out), "--backend", run.backend, "--preset", run.preset),
        *("--name", run.name, "--seed", str(run.seed), "--cache", str(feature_cache_folder()), "--resume", *settings),
    ]


def _store_training(context: JobContext, run: JudgeRun, release: Release, job_folder: JobFolder) -> None:
    run_folder = Run(job_folder.run)
    context.progress(0, 0, "Storing the judge")
    # What was replaced just then may not have been committed yet.
    read_at = release.at - LONGEST_WRITE
    _store_predictions(context, run, run_folder, job_folder.run / "predictions.jsonl", read_at=read_at, replace=True)
    if (job_folder.run / OUT_OF_FOLD_FILE).exists():
        out_of_fold_path = job_folder.run / OUT_OF_FOLD_FILE
        _store_predictions(context, run, run_folder, out_of_fold_path, read_at=read_at, replace=True, out_of_fold=True)
    release_folder = ReleaseFolder(job_folder.release(release, context.progress))
    with (job_folder.run / "predictions.jsonl").open("rb") as lines:
        predictions = [parse_prediction_line(raw, run_folder.rubric) for raw in lines]
    pairs = build_pair_columns(run_folder.rubric, release_folder.samples("test"), predictions)
    archive_name, packed = job_folder.store()
    curve = {(series, x): y for series, points in run_folder.curve().items() for x, y in points}
    with write_transaction():
        # Claimed with the job's lease in the transaction that makes it visible: of two attempts one wins.
        context.check_lease()
        JudgeRun.objects.filter(pk=run.pk).update(
            config=json.loads((job_folder.run / "run.json").read_bytes()),
            curves=thin_curves(curve),
            prompt_sha=run_folder.config.prompt_sha,
            archive=archive_name,
            archive_bytes=packed.bytes,
            archive_sha256=packed.sha256,
            finished_at=timezone.now(),
        )
        _store_scorecard(run, release, run_folder.metrics(), pairs)
        record_step("judge_trained", study=run.study, by=context.by, run=run.public_id, number=run.number)
    run.refresh_from_db()


def run_prediction(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Predict, with the job's run, every sample without a prediction of it."""
    run = _get_run(context, study)
    job_folder = JobFolder(run, context.job)
    out = job_folder.folder / "predictions.jsonl"
    samples = job_folder.folder / "samples"
    read_at_path = samples / "read-at"
    if not read_at_path.exists():
        read_at = get_reading_start(run)
        ids = find_unpredicted_samples(run)
        if not ids:
            return _prediction_report(run, 0)
        write_sample_lines(run.study_id, ids, samples, context.progress)
        read_at_path.write_text(read_at.isoformat())
    if not out.exists():
        run_folder = job_folder.unpack()
        arguments = ("predict", str(run_folder), str(samples / SAMPLES), "--out", str(out))
        run_judge(context, [*arguments, "--cache", str(feature_cache_folder()), "--resume"])
    read_at = datetime.fromisoformat(read_at_path.read_text())
    stored = _store_predictions(context, run, Run(job_folder.unpack()), out, read_at=read_at, replace=False)
    job_folder.delete()
    with write_transaction():
        record_step("judge_predicted", study=study, by=context.by, run=run.public_id, number=run.number, samples=stored)
        request_rebuild_for_judges(study=study, judges=[run.name])
    return _prediction_report(run, stored)


def _prediction_report(run: JudgeRun, stored: int) -> Mapping[str, Any]:
    return {
        "run": run.public_id,
        "number": run.number,
        "judge": run.name,
        "created": stored,
        "predictions": run.predictions.count(),
    }


def run_evaluation(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Evaluate a run's predictions on the test part of the job's release."""
    run = _get_run(context, study)
    release = Release.objects.filter(study=study, public_id=context.arguments["release"]).first()
    if release is None:
        raise NotFound("There is no such release in this study any more.")
    job_folder = JobFolder(run, context.job)
    release_folder = job_folder.release(release, context.progress)
    labelled = list(ReleaseFolder(release_folder).samples("test"))
    rubric = rubric_file(load_rubric(run.rubric_id))
    lines_path = job_folder.folder / "of-test.jsonl"
    stored_lines = _read_stored_lines(run, [entry.sample.id for entry in labelled])
    predictions = [parse_prediction(line, rubric) for line in stored_lines]
    if not predictions:
        raise WorkflowError(
            f"Judge run {run.number} has said nothing of the {len(labelled):,} test samples of release "
            f"{release.number}. Have it judge the study, or import its predictions of them."
        )
    lines_path.write_text("".join(format_prediction(prediction) + "\n" for prediction in predictions), encoding="utf-8")
    report = run_judge(
        context,
        ["evaluate", str(lines_path), str(release_folder), "--target", "both", "--cache", str(feature_cache_folder())],
    )
    with write_transaction():
        context.check_lease()
        _store_scorecard(
            run,
            release,
            {name: report[name] for name in ("final", "mean")},
            build_pair_columns(rubric, labelled, predictions),
        )
        record_step("judge_evaluated", study=study, by=context.by, run=run.public_id, release=release.number)
    job_folder.delete()
    return {"run": run.public_id, "number": run.number, "judge": run.name, "samples": len(predictions)}


def _read_stored_lines(run: JudgeRun, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a run's stored predictions of samples as the objects of lines."""
    for start in range(0, len(names), CHUNK_LINES):
        rows = run.predictions.filter(sample__external_id__in=names[start : start + CHUNK_LINES])
        for row in rows.select_related("sample").order_by("pk"):
            yield {
                "id": row.sample.external_id,
                "judge": run.name,
                "prompt_sha": row.prompt_sha,
                "status": row.status,
                "readout": row.readout,
                "cluster": row.cluster,
                "dimensions": row.dimensions,
                "message": row.message,
            }


def _store_predictions(
    context: JobContext,
    run: JudgeRun,
    folder: Run,
    path: Path,
    *,
    read_at: datetime,
    replace: bool,
    out_of_fold: bool = False,
) -> int:
    """Store the predictions of a file and return how many are new.

    They are about samples as they were at ``read_at``.
    """
    writer = PredictionWriter(run, replace=replace, out_of_fold=out_of_fold, read_at=read_at)
    created = 0

    def check_lease(plan: PredictionImportPlan) -> None:
        context.check_lease()

    for reached, chunk in _read_chunks(path, folder):
        plan = writer.write(chunk, on_write=check_lease)
        created += len(plan.new)
        for line, _, message in plan.refused:
            context.log(f"Line {line} of the judge's predictions is left out: {message}")
        context.progress(reached, 0, "Storing predictions")
    return created


def _read_chunks(path: Path, folder: Run) -> Iterator[tuple[int, list[IncomingPrediction]]]:
    chunk: list[IncomingPrediction] = []
    number = 0
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            try:
                chunk.append(IncomingPrediction(number, parse_prediction_line(raw, folder.rubric)))
            except RecordError as error:
                raise WorkflowError(f"Line {number} of the judge's predictions cannot be read: {error}") from None
            if len(chunk) == CHUNK_LINES:
                yield number, chunk
                chunk = []
    yield number, chunk


def _store_scorecard(run: JudgeRun, release: Release, cards: Mapping[str, Any], pairs: Mapping[str, Any]) -> None:
    Scorecard.objects.update_or_create(
        run=run, release=release, defaults={"cards": cards, "pairs": pairs, "made_at": timezone.now()}
    )


def _get_run(context: JobContext, study: Study) -> JudgeRun:
    rows = study.judge_runs.select_related("study", "release", "rubric").filter(public_id=context.arguments["run"])
    run = rows.first()
    if run is None:
        raise NotFound("There is no such judge run in this study any more.")
    return run


def _require_release(run: JudgeRun) -> Release:
    if run.release is None:
        raise WorkflowError(f"Judge run {run.number} was not trained here.")
    return run.release
