"""The jobs of judges: training on a release, judging the samples of a study, being held to a release.

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
from annotation.review_queue.rebuild import LONGEST_WRITE, request_where_active
from judge.formats.json_line import RecordError
from judge.formats.prediction_line import format_prediction, parse_prediction, parse_prediction_line
from judge.formats.release_line import ReleaseFolder as ReleaseFolder
from judge.runs import OUT_OF_FOLD_FILE, Run

from .judge_input import SAMPLES, samples_without_prediction, write_lines
from .prediction_pairs import columns_of
from .request import TrainingRequest
from .run_folders import JobFolder, feature_cache_folder
from .storing_predictions import IncomingPrediction, PredictionImportPlan, PredictionWriter, reading_begins
from .subprocess import run_judge
from .training_curves import CurveRecorder, thin_points

PIECE = 2_000


def run_training(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Train the run that the job names; it is finished, or can be gone on with."""
    run = _run(context, study)
    release = _the_release(run)
    place = JobFolder(run, context.job)
    if run.finished_at is None:
        folder = place.release(release, context.progress)
        place.clear_unbegun()
        run_judge(context, _training(run, folder, place.run), draw=CurveRecorder(run).draw)
        _store_training(context, run, release, place)
    place.forget()
    card = run.scorecards.get(release=release).cards["final"]
    return {"run": run.public_id, "number": run.number, "judge": run.name, "samples": card["samples"]}


def _training(run: JudgeRun, release: Path, out: Path) -> list[str]:
    options = TrainingRequest(backend=run.backend, options=run.options).settings()
    settings = [f"--set={name}={json.dumps(value, ensure_ascii=False)}" for name, value in options.items()]
    return [
        *("train", str(release), "--out", str(out), "--backend", run.backend, "--preset", run.preset),
        *("--name", run.name, "--seed", str(run.seed), "--cache", str(feature_cache_folder()), "--resume", *settings),
    ]


def _store_training(context: JobContext, run: JudgeRun, release: Release, place: JobFolder) -> None:
    folder = Run(place.run)
    context.progress(0, 0, "Storing the judge")
    # What was replaced just then may not have been committed yet.
    read_at = release.at - LONGEST_WRITE
    _store_predictions(context, run, folder, place.run / "predictions.jsonl", read_at=read_at, replace=True)
    if (place.run / OUT_OF_FOLD_FILE).exists():
        unseen = place.run / OUT_OF_FOLD_FILE
        _store_predictions(context, run, folder, unseen, read_at=read_at, replace=True, out_of_fold=True)
    labelled = ReleaseFolder(place.release(release, context.progress))
    with (place.run / "predictions.jsonl").open("rb") as lines:
        predictions = [parse_prediction_line(raw, folder.rubric) for raw in lines]
    pairs = columns_of(folder.rubric, labelled.samples("test"), predictions)
    stored, packed = place.store()
    curve = {(series, x): y for series, points in folder.curve().items() for x, y in points}
    with write_transaction():
        # Claimed with the job's lease in the transaction that makes it visible: of two attempts one wins.
        context.check_lease()
        JudgeRun.objects.filter(pk=run.pk).update(
            config=json.loads((place.run / "run.json").read_bytes()),
            curves=thin_points(curve),
            prompt_sha=folder.config.prompt_sha,
            archive=stored,
            archive_bytes=packed.bytes,
            archive_sha256=packed.sha256,
            finished_at=timezone.now(),
        )
        _keep_scorecard(run, release, folder.metrics(), pairs)
        record_step("judge_trained", study=run.study, by=context.by, run=run.public_id, number=run.number)
    run.refresh_from_db()


def run_prediction(context: JobContext, study: Study) -> Mapping[str, Any]:
    """Have the run that the job names judge every sample that it has said nothing of."""
    run = _run(context, study)
    place = JobFolder(run, context.job)
    out = place.folder / "predictions.jsonl"
    samples = place.folder / "samples"
    whole = samples / "read-at"
    if not whole.exists():
        read_at = reading_begins(run)
        ids = samples_without_prediction(run)
        if not ids:
            return _prediction_report(run, 0)
        write_lines(run.study_id, ids, samples, context.progress)
        whole.write_text(read_at.isoformat())
    if not out.exists():
        folder = place.unpack()
        asked = ("predict", str(folder), str(samples / SAMPLES), "--out", str(out))
        run_judge(context, [*asked, "--cache", str(feature_cache_folder()), "--resume"])
    read_at = datetime.fromisoformat(whole.read_text())
    stored = _store_predictions(context, run, Run(place.unpack()), out, read_at=read_at, replace=False)
    place.forget()
    with write_transaction():
        record_step("judge_predicted", study=study, by=context.by, run=run.public_id, number=run.number, samples=stored)
        request_where_active(study=study, judges=[run.name])
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
    """Hold the predictions of a run to the test part of the release that the job names."""
    run = _run(context, study)
    release = Release.objects.filter(study=study, public_id=context.arguments["release"]).first()
    if release is None:
        raise NotFound("There is no such release in this study any more.")
    place = JobFolder(run, context.job)
    folder = place.release(release, context.progress)
    labelled = list(ReleaseFolder(folder).samples("test"))
    rubric = rubric_file(load_rubric(run.rubric_id))
    lines = place.folder / "of-test.jsonl"
    known = _stored_lines(run, [one.sample.id for one in labelled])
    predictions = [parse_prediction(line, rubric) for line in known]
    if not predictions:
        raise WorkflowError(
            f"Judge run {run.number} has said nothing of the {len(labelled):,} test samples of release "
            f"{release.number}. Have it judge the study, or import its predictions of them."
        )
    lines.write_text("".join(format_prediction(one) + "\n" for one in predictions), encoding="utf-8")
    found = run_judge(
        context, ["evaluate", str(lines), str(folder), "--target", "both", "--cache", str(feature_cache_folder())]
    )
    with write_transaction():
        context.check_lease()
        _keep_scorecard(
            run, release, {name: found[name] for name in ("final", "mean")}, columns_of(rubric, labelled, predictions)
        )
        record_step("judge_evaluated", study=study, by=context.by, run=run.public_id, release=release.number)
    place.forget()
    return {"run": run.public_id, "number": run.number, "judge": run.name, "samples": len(predictions)}


def _stored_lines(run: JudgeRun, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield what a run has said of samples, as the objects of lines."""
    for start in range(0, len(names), PIECE):
        rows = run.predictions.filter(sample__external_id__in=names[start : start + PIECE])
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
    """Store the predictions of a file, about samples as they were at ``read_at``; returns how many of them are new."""
    writer = PredictionWriter(run, replace=replace, out_of_fold=out_of_fold, read_at=read_at)
    created = 0

    def counted(plan: PredictionImportPlan) -> None:
        context.check_lease()

    for reached, piece in _pieces(path, folder):
        plan = writer.write(piece, counted=counted)
        created += len(plan.new)
        for line, _, message in plan.refused:
            context.log(f"Line {line} of the judge's predictions is left out: {message}")
        context.progress(reached, 0, "Storing predictions")
    return created


def _pieces(path: Path, folder: Run) -> Iterator[tuple[int, list[IncomingPrediction]]]:
    piece: list[IncomingPrediction] = []
    number = 0
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            try:
                piece.append(IncomingPrediction(number, parse_prediction_line(raw, folder.rubric)))
            except RecordError as error:
                raise WorkflowError(f"Line {number} of the judge's predictions cannot be read: {error}") from None
            if len(piece) == PIECE:
                yield number, piece
                piece = []
    yield number, piece


def _keep_scorecard(run: JudgeRun, release: Release, cards: Mapping[str, Any], pairs: Mapping[str, Any]) -> None:
    Scorecard.objects.update_or_create(
        run=run, release=release, defaults={"cards": cards, "pairs": pairs, "made_at": timezone.now()}
    )


def _run(context: JobContext, study: Study) -> JudgeRun:
    run = study.judge_runs.select_related("study", "release", "rubric").filter(public_id=context.arguments["run"])
    found = run.first()
    if found is None:
        raise NotFound("There is no such judge run in this study any more.")
    return found


def _the_release(run: JudgeRun) -> Release:
    if run.release is None:
        raise WorkflowError(f"Judge run {run.number} was not trained here.")
    return run.release
