"""Which kinds of long work there are, what each is told, and which function does it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation import permissions
from annotation.errors import BadInput, WorkflowError
from annotation.models import Job, Study, User

from .import_formats import SAMPLE_FORMATS, SCORE_FORMATS
from .job_context import JobContext
from .job_inputs import in_import_folder, local_copy
from .job_ledger import Ledger
from .refusals import store_refusals
from .releasing.wanted import check_release, check_rendition

if TYPE_CHECKING:
    from .importing import ImportReport

MAX_REFUSALS_KEPT = 1000
IN_WORDS: dict[type, str] = {
    bool: "true or false.",
    str: "A text.",
    int: "A whole number.",
    float: "A number.",
    list: "A list of texts.",
}


@dataclass(frozen=True)
class Kind:
    """One kind of work: its name for people, the arguments that it takes, and the function that does it."""

    title: str
    work: Callable[[JobContext], Mapping[str, Any]]
    arguments: Mapping[str, type]
    paths: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    further: Callable[[Mapping[str, Any]], None] = lambda arguments: None
    """Raises for what is wrong with arguments of the right types."""
    require: Callable[[User, Study], object] = permissions.require_lead
    """Raises unless the user may queue it in the study."""
    brings: str = ""
    """What it brings into a study, which takes none once it is closed; in the plural."""

    def check(self, arguments: Mapping[str, Any], *, file: str) -> None:
        """Raise `BadInput` naming every argument that is wrong, before anything is queued."""
        faults = {}
        for name, value in arguments.items():
            wanted = self.arguments.get(name)
            if wanted is None:
                faults[name] = "Not an argument of this work; it takes " + ", ".join(self.arguments) + "."
            elif type(value) is not wanted:
                faults[name] = IN_WORDS[wanted]
            elif name in self.choices and value not in self.choices[name]:
                faults[name] = "One of " + ", ".join(self.choices[name]) + "."
        reads_a_file = "path" in self.arguments
        if reads_a_file and bool(file) == bool(arguments.get("path")):
            faults["file"] = "Give either an uploaded file or a path in the import folder."
        if file and not reads_a_file:
            faults["file"] = "This work reads no file."
        if faults:
            raise BadInput("This work cannot be queued as asked.", fields=faults)
        for name in self.paths:
            if arguments.get(name):
                in_import_folder(arguments[name], field=name)
        self.further(arguments)

    def input_is_kept(self, job: Job) -> bool:
        """Tell whether the file that the job reads is still there to be read again."""
        return "path" not in self.arguments or bool(job.file or job.arguments.get("path"))


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
    from .importing import import_samples

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
    from .importing import import_scores

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
    from .statistics import refresh

    # Resumed by starting anew: it takes seconds, and nothing is stored before the end.
    refresh(study=_study(context), progress=context.progress)
    return {}


def _move_samples(context: JobContext) -> Mapping[str, Any]:
    from .protocols import move_samples

    # Resumed by starting anew: what has been moved is not there to be moved again.
    moved = move_samples(
        by=context.by,
        study=_study(context),
        progress=context.progress,
        ledger=Ledger(context.resumed_from, context.keep),
    )
    return {"moved": moved}


def _release(context: JobContext) -> Mapping[str, Any]:
    from .releasing.jobs import release

    return release(context, _study(context))


def _render_release(context: JobContext) -> Mapping[str, Any]:
    from .releasing.jobs import render

    return render(context, _study(context))


def _import_predictions(context: JobContext) -> Mapping[str, Any]:
    from .importing import import_predictions

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
    from .judging.work import train

    return train(context, _study(context))


def _judge_predict(context: JobContext) -> Mapping[str, Any]:
    from .judging.work import predict

    return predict(context, _study(context))


def _judge_evaluate(context: JobContext) -> Mapping[str, Any]:
    from .judging.work import evaluate

    return evaluate(context, _study(context))


def _refresh_queue(context: JobContext) -> Mapping[str, Any]:
    from .queueing.refreshing import Superseded, refresh

    # Resumed by starting anew: what is stored already costs no write.
    try:
        return refresh(study=_study(context), progress=context.progress)
    except Superseded:
        context.log("Another attempt began meanwhile and does the rest.")
        return {}


def _study(context: JobContext) -> Study:
    if context.study is None:
        raise WorkflowError("This work belongs to no study. Queue it again in one.")
    return context.study


def _outcome(context: JobContext, report: "ImportReport") -> Mapping[str, Any]:
    # A worker that lost its job must not replace what another one has stored.
    context.check_held()
    context.keep_refusals(store_refusals(context.job, report.errors))
    return report.as_data(most=MAX_REFUSALS_KEPT)


def _ledger(context: JobContext) -> Ledger:
    """Return the ledger of an import, which is resumed by reading the file again: what is there already stays as it is.

    A dry run leaves nothing there, so it starts anew.
    """
    if context.arguments.get("dry_run"):
        return Ledger()
    if context.resumed_from:
        context.log(f"An earlier attempt got as far as line {context.resumed_from.get('done', 0):,}; it goes on there.")
    return Ledger(context.resumed_from, context.keep)


KINDS: dict[str, Kind] = {
    "import_samples": Kind(
        title="Import of samples",
        work=_import_samples,
        arguments={"path": str, "images": str, "format": str, "question": str, "update": bool, "dry_run": bool},
        paths=("path", "images"),
        choices={"format": SAMPLE_FORMATS},
        brings="samples",
    ),
    "import_scores": Kind(
        title="Import of scores",
        work=_import_scores,
        arguments={"path": str, "format": str, "complete": bool, "dry_run": bool},
        paths=("path",),
        choices={"format": SCORE_FORMATS},
        brings="scores",
    ),
    "release": Kind(
        title="Release",
        work=_release,
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
        further=check_release,
    ),
    "render_release": Kind(
        title="Files of a release",
        work=_render_release,
        arguments={"release": str, "formats": list, "with_generator": bool, "with_metadata": bool},
        further=check_rendition,
    ),
    "statistics": Kind(title="Calculation of agreement", work=_statistics, arguments={}),
    "refresh_queue": Kind(title="Refreshing the review queue", work=_refresh_queue, arguments={}),
    "move_samples": Kind(title="Moving samples to the protocol", work=_move_samples, arguments={}),
    "import_predictions": Kind(
        title="Import of predictions",
        work=_import_predictions,
        arguments={"path": str, "dry_run": bool},
        paths=("path",),
        require=permissions.require_results,
    ),
    "judge_train": Kind(
        title="Training of a judge",
        work=_judge_train,
        arguments={"run": str},
        require=permissions.require_results,
    ),
    "judge_predict": Kind(
        title="Predictions of a judge",
        work=_judge_predict,
        arguments={"run": str},
        require=permissions.require_results,
    ),
    "judge_evaluate": Kind(
        title="Scorecard of a judge",
        work=_judge_evaluate,
        arguments={"run": str, "release": str},
        require=permissions.require_results,
    ),
}
