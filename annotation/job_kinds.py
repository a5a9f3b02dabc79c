"""Every kind of job with its arguments and the function that does it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core import permissions
from .core.errors import WorkflowError
from .core.storage import in_import_folder, local_copy
from .imports.format_names import SAMPLE_FORMATS, SCORE_FORMATS
from .jobs.context import JobContext
from .jobs.registry import JobKind, register
from .jobs.rejected_lines import store_rejected_lines
from .jobs.resumable_counts import ResumableCounts
from .models import Study
from .releases.request import check_release_arguments, check_rendition_arguments

if TYPE_CHECKING:
    from .imports.report import ImportReport

MAX_REFUSALS_KEPT = 1000


@contextmanager
def _input(context: JobContext) -> Iterator[Path]:
    if context.job.file:
        with local_copy(context.job.file) as path:
            if not path.exists():
                raise WorkflowError("The uploaded file is gone. Upload it again.")
            yield path
    else:
        yield in_import_folder(context.arguments["path"], field="path")


def _import_samples(context: JobContext) -> Mapping[str, Any]:
    # Imported here: pictures need libraries that a web process does without.
    from .imports.samples import import_samples

    images = context.arguments.get("images")
    with _input(context) as path:
        report = import_samples(
            by=context.by,
            study=_study(context),
            path=path,
            images=in_import_folder(images, field="images") if images else None,
            format=context.arguments.get("format"),
            question=context.arguments.get("question"),
            update=context.arguments.get("update", False),
            dry_run=context.arguments.get("dry_run", False),
            progress=context.progress,
            ledger=_ledger(context),
        )
    return _outcome(context, report)


def _import_scores(context: JobContext) -> Mapping[str, Any]:
    from .imports.scores import import_scores

    with _input(context) as path:
        report = import_scores(
            by=context.by,
            study=_study(context),
            path=path,
            format=context.arguments.get("format"),
            complete=context.arguments.get("complete", False),
            dry_run=context.arguments.get("dry_run", False),
            progress=context.progress,
            ledger=_ledger(context),
        )
    return _outcome(context, report)


def _statistics(context: JobContext) -> Mapping[str, Any]:
    from .reports.stored_reports import refresh_reports

    # Resumed by starting anew: it takes seconds, and nothing is stored before the end.
    refresh_reports(study=_study(context), progress=context.progress)
    return {}


def _move_samples(context: JobContext) -> Mapping[str, Any]:
    from .studies.protocols import move_samples

    # Resumed by starting anew: what has been moved is not there to be moved again.
    moved = move_samples(
        by=context.by,
        study=_study(context),
        progress=context.progress,
        ledger=ResumableCounts(context.resumed_from, context.keep_checkpoint),
    )
    return {"moved": moved}


def _release(context: JobContext) -> Mapping[str, Any]:
    from .releases.jobs import run_release

    return run_release(context, _study(context))


def _render_release(context: JobContext) -> Mapping[str, Any]:
    from .releases.jobs import run_rendering

    return run_rendering(context, _study(context))


def _import_predictions(context: JobContext) -> Mapping[str, Any]:
    from .imports.predictions import import_predictions

    with _input(context) as path:
        report = import_predictions(
            by=context.by,
            study=_study(context),
            path=path,
            dry_run=context.arguments.get("dry_run", False),
            progress=context.progress,
            ledger=_ledger(context),
        )
    return _outcome(context, report)


def _judge_train(context: JobContext) -> Mapping[str, Any]:
    from .judges.jobs import run_training

    return run_training(context, _study(context))


def _judge_predict(context: JobContext) -> Mapping[str, Any]:
    from .judges.jobs import run_prediction

    return run_prediction(context, _study(context))


def _judge_evaluate(context: JobContext) -> Mapping[str, Any]:
    from .judges.jobs import run_evaluation

    return run_evaluation(context, _study(context))


def _refresh_queue(context: JobContext) -> Mapping[str, Any]:
    from .review_queue.rebuild import SupersededRebuild, rebuild_queue

    # Resumed by starting anew: what is stored already costs no write.
    try:
        return rebuild_queue(study=_study(context), progress=context.progress)
    except SupersededRebuild:
        context.log("Another attempt began meanwhile and does the rest.")
        return {}


def _study(context: JobContext) -> Study:
    if context.study is None:
        raise WorkflowError("This work belongs to no study. Queue it again in one.")
    return context.study


def _outcome(context: JobContext, report: "ImportReport") -> Mapping[str, Any]:
    # A worker that lost its job must not replace what another one has stored.
    context.check_lease()
    context.keep_rejected_lines(store_rejected_lines(context.job, report.errors))
    return report.as_data(most=MAX_REFUSALS_KEPT)


def _ledger(context: JobContext) -> ResumableCounts:
    """Return the ledger of an import, which is resumed by reading the file again: what is there already stays as it is.

    A dry run leaves nothing there, so it starts anew.
    """
    if context.arguments.get("dry_run"):
        return ResumableCounts()
    if context.resumed_from:
        context.log(f"An earlier attempt got as far as line {context.resumed_from.get('done', 0):,}; it goes on there.")
    return ResumableCounts(context.resumed_from, context.keep_checkpoint)


JOB_KINDS: dict[str, JobKind] = {
    "import_samples": JobKind(
        title="Import of samples",
        run=_import_samples,
        arguments={"path": str, "images": str, "format": str, "question": str, "update": bool, "dry_run": bool},
        paths=("path", "images"),
        choices={"format": SAMPLE_FORMATS},
        brings="samples",
    ),
    "import_scores": JobKind(
        title="Import of scores",
        run=_import_scores,
        arguments={"path": str, "format": str, "complete": bool, "dry_run": bool},
        paths=("path",),
        choices={"format": SCORE_FORMATS},
        brings="scores",
    ),
    "release": JobKind(
        title="Release",
        run=_release,
        arguments={
            "name": str,
            "test_share": float,
            "test_count": int,
            "exact": bool,
            "seed": int,
            "calibration_share": float,
            "formats": list,
            "with_generator": bool,
            "with_metadata": bool,
        },
        check_values=check_release_arguments,
    ),
    "render_release": JobKind(
        title="Files of a release",
        run=_render_release,
        arguments={"release": str, "formats": list, "with_generator": bool, "with_metadata": bool},
        check_values=check_rendition_arguments,
    ),
    "statistics": JobKind(title="Calculation of agreement", run=_statistics, arguments={}),
    "refresh_queue": JobKind(title="Refreshing the review queue", run=_refresh_queue, arguments={}),
    "move_samples": JobKind(title="Moving samples to the protocol", run=_move_samples, arguments={}),
    "import_predictions": JobKind(
        title="Import of predictions",
        run=_import_predictions,
        arguments={"path": str, "dry_run": bool},
        paths=("path",),
        require=permissions.require_results,
    ),
    "judge_train": JobKind(
        title="Training of a judge",
        run=_judge_train,
        arguments={"run": str},
        require=permissions.require_results,
    ),
    "judge_predict": JobKind(
        title="Predictions of a judge",
        run=_judge_predict,
        arguments={"run": str},
        require=permissions.require_results,
    ),
    "judge_evaluate": JobKind(
        title="Scorecard of a judge",
        run=_judge_evaluate,
        arguments={"run": str, "release": str},
        require=permissions.require_results,
    ),
}

register(JOB_KINDS)
