"""Runs the judge's commands: ``python -m judge train|predict|evaluate|relearn``.

They work on files alone; ``relearn`` learns again while labels come in.

Exits with 0 where all went well, with 3 where some lines were refused, with 1 where nothing was done, and with 130
where it was stopped by Ctrl-C. What ``train`` and ``predict`` did until then is kept, and ``--resume`` goes on with it.
"""

import argparse
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .formats.json_line import RecordError
from .formats.rubric import RubricError

if TYPE_CHECKING:
    from .progress import ProgressReporter

REFUSED = 3
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parsed = _build_parser().parse_args(arguments)
    # Told to end by a program, it ends as it does for a person.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    if parsed.tethered:
        from .parent_watchdog import watch_parent

        watch_parent()
    try:
        status: int = parsed.run(parsed)
    except KeyboardInterrupt:
        resume_hint = " What was done is kept: the same command with --resume goes on." if "resume" in parsed else ""
        return _report_error(parsed, f"Stopped.{resume_hint}", INTERRUPTED)
    except (
        RecordError,
        RubricError,
        OSError,
        LookupError,
        ValueError,
        RuntimeError,
        sqlite3.OperationalError,
    ) as error:
        return _report_error(parsed, _error_message(error), 1)
    return status


def _train(parsed: argparse.Namespace) -> int:
    from .backends.registry import DEFAULT_PRESETS
    from .evaluation.text_report import format_scorecard
    from .options import parse_settings
    from .runs import read_run_name
    from .training import TrainingSpec, train

    spec = TrainingSpec(
        release=parsed.release,
        out=parsed.out,
        backend=parsed.backend,
        preset=parsed.preset or DEFAULT_PRESETS[parsed.backend],
        settings=parse_settings(parsed.set),
        # One that was made by default is made from the version, too, and another version may go on.
        name=parsed.name or (read_run_name(parsed.out) if parsed.resume else ""),
        seed=parsed.seed,
        resume=parsed.resume,
        cache=parsed.cache,
    )
    with _progress(parsed) as progress:
        run = train(spec, progress)
    metrics = run.metrics()
    report = {"judge": run.config.name, "run": str(run.folder), "data": dict(run.config.data), "metrics": metrics}
    _print_report(
        parsed, report, lambda: f"{run.config.name} in {run.folder}\n{format_scorecard(metrics[parsed.target])}"
    )
    return 0


def _predict(parsed: argparse.Namespace) -> int:
    from .context import JudgeContext
    from .formats.picture_folder import PictureFolder
    from .formats.sample_file import SampleLines
    from .options import parse_settings
    from .predicting import predict
    from .runs import Run

    lines = SampleLines(parsed.samples)
    pictures = PictureFolder(parsed.images or parsed.samples.parent)
    with _progress(parsed) as progress:
        context = JudgeContext(pictures, parsed.cache, progress, parse_settings(parsed.set))
        summary = predict(Run(parsed.run_folder), lines, parsed.out, context, resume=parsed.resume)
    rejected = [(f"line {number}", error) for number, error in lines.refused]
    report = {
        "predictions": summary.predictions,
        "statuses": dict(sorted(summary.statuses.items())),
        "continued_from": summary.continued_from,
        **_refused_data(rejected),
    }
    statuses = ", ".join(f"{count:,} {name}" for name, count in sorted(summary.statuses.items()))
    _print_report(parsed, report, lambda: f"{summary.predictions:,} predictions in {parsed.out} ({statuses or 'none'})")
    return _report_refused(parsed, rejected, done=summary.predictions)


def _evaluate(parsed: argparse.Namespace) -> int:
    from .context import JudgeContext
    from .evaluation.baseline_features import extract_baseline_features
    from .evaluation.pairs import Target
    from .evaluation.scorecard import EvaluationData, build_scorecard
    from .evaluation.text_report import format_scorecard
    from .formats.picture_folder import PictureFolder
    from .formats.prediction_line import SamplePrediction, parse_prediction_line
    from .formats.release_line import ReleaseFolder

    release = ReleaseFolder(parsed.release)
    predictions: list[SamplePrediction] = []
    refused: list[tuple[str, RecordError]] = []
    with parsed.predictions.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                try:
                    predictions.append(parse_prediction_line(raw, release.rubric))
                except RecordError as error:
                    refused.append((f"line {number}", error))
    targets: tuple[Target, ...] = ("final", "mean") if parsed.target == "both" else (parsed.target,)
    with _progress(parsed) as progress:
        context = JudgeContext(PictureFolder(parsed.release), parsed.cache, progress)
        data = EvaluationData(
            release.rubric,
            list(release.samples("train")),
            list(release.samples("test")),
            None if parsed.no_features else lambda samples: extract_baseline_features(samples, context),
        )
        cards = {target: build_scorecard(data, predictions, target) for target in targets}
    report = cards if parsed.target == "both" else cards[parsed.target]
    _print_report(
        parsed, report | _refused_data(refused), lambda: "\n\n".join(format_scorecard(card) for card in cards.values())
    )
    return _report_refused(parsed, refused, done=len(predictions))


def _relearn(parsed: argparse.Namespace) -> int:
    from .context import JudgeContext
    from .formats.picture_folder import PictureFolder
    from .formats.rubric import parse_rubric
    from .formats.sample_file import SampleLines
    from .incremental_session import answer_lines, start_session

    lines = SampleLines(parsed.samples)
    pictures = PictureFolder(parsed.images or parsed.samples.parent)
    with _progress(parsed) as progress:
        context = JudgeContext(pictures, parsed.cache, progress)
        session = start_session(lines, parse_rubric(parsed.rubric.read_bytes()), context, parsed.seed)
    for _, error in lines.refused:
        print(error, file=sys.stderr)  # noqa: T201
    # Whoever asks holds standard input open: where it ends, so does this.
    for answer in answer_lines(sys.stdin, session):
        print(answer, flush=True)  # noqa: T201
    return 0


def _build_parser() -> argparse.ArgumentParser:
    from .backends.registry import BACKENDS

    parser = argparse.ArgumentParser(prog="python -m judge", description="Train judges, judge samples, measure judges.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="train|predict|evaluate|relearn")

    train = commands.add_parser("train", help="train a judge on a release and hold it to the release's test part")
    train.add_argument("release", type=Path, metavar="RELEASE_DIR", help="folder of a release in the format jsonl")
    train.add_argument("--backend", choices=BACKENDS, default="embedded")
    train.add_argument("--preset", default="", help="a named set of options; judge/presets has them")
    train.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set an option of the backend")
    train.add_argument("--out", type=Path, required=True, metavar="RUN_DIR", help="folder that is made for the run")
    train.add_argument("--name", default="", help="how predictions name the judge; made from what it learns by default")
    train.add_argument("--seed", type=int, default=42)
    train.add_argument("--target", choices=("final", "mean"), default="final", help="which scorecard is printed")
    train.set_defaults(run=_train)

    predict = commands.add_parser("predict", help="write a prediction of every sample")
    predict.add_argument("run_folder", type=Path, metavar="RUN_DIR")
    predict.add_argument("samples", type=Path, metavar="SAMPLES", help="sample lines, or a part of a release")
    predict.add_argument("--images", type=Path, help="folder of pictures; by default that of the samples")
    predict.add_argument("--out", type=Path, required=True, metavar="FILE")
    predict.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="where something lies here, as text_encoder"
    )
    predict.set_defaults(run=_predict)

    evaluate = commands.add_parser("evaluate", help="hold predictions to the test part of a release")
    evaluate.add_argument("predictions", type=Path, metavar="PREDICTIONS")
    evaluate.add_argument("release", type=Path, metavar="RELEASE_DIR")
    evaluate.add_argument("--target", choices=("final", "mean", "both"), default="final")
    evaluate.add_argument(
        "--no-features", action="store_true", help="leave out the baseline that measures every sample"
    )
    evaluate.set_defaults(run=_evaluate)

    relearn = commands.add_parser("relearn", help="learn again from labels as they come in, line by line")
    relearn.add_argument("samples", type=Path, metavar="SAMPLES", help="sample lines")
    relearn.add_argument("--rubric", type=Path, required=True, metavar="FILE.toml")
    relearn.add_argument("--images", type=Path, help="folder of pictures; by default that of the samples")
    relearn.add_argument("--seed", type=int, default=42)
    # Its standard input is a conversation, whose end ends it.
    relearn.set_defaults(run=_relearn, tethered=False)

    for command in (train, predict):
        command.add_argument("--resume", action="store_true", help="go on with what an earlier attempt left")
    for command in (train, predict, evaluate, relearn):
        command.add_argument("--cache", type=Path, default=_default_cache(), help="folder for what can be made again")
        command.add_argument("--json", action="store_true", help="print one object, and progress as lines of JSON")
    for command in (train, predict, evaluate):
        command.add_argument("--tethered", action="store_true", help="end when standard input ends: for programs")
    return parser


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "synjudge"


@contextmanager
def _progress(parsed: argparse.Namespace) -> Iterator["ProgressReporter"]:
    """Yield a progress reporter, and close its line however the work ends."""
    from .progress import JsonReporter, ProgressBar

    if parsed.json:
        yield JsonReporter()
        return
    bar = ProgressBar()
    try:
        yield bar
    finally:
        bar.close()


def _print_report(parsed: argparse.Namespace, report: dict[str, Any], text: Callable[[], str]) -> None:
    print(json.dumps(report, ensure_ascii=False, allow_nan=False) if parsed.json else text())  # noqa: T201


def _refused_data(refused: list[tuple[str, RecordError]]) -> dict[str, Any]:
    return {
        "refused": len(refused),
        "errors": [
            {"line": int(place.split()[-1]), "field": getattr(error, "field", ""), "message": str(error)}
            for place, error in refused
        ],
    }


def _report_refused(parsed: argparse.Namespace, refused: list[tuple[str, RecordError]], *, done: int) -> int:
    if not parsed.json:
        for place, error in refused[:20]:
            print(f"{place}: {error}", file=sys.stderr)  # noqa: T201
        if len(refused) > 20:
            print(f"and {len(refused) - 20:,} more", file=sys.stderr)  # noqa: T201
    return 0 if not refused else REFUSED if done else 1


def _error_message(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing."
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _report_error(parsed: argparse.Namespace, message: str, status: int) -> int:
    if parsed.json:
        print(json.dumps({"error": message}, ensure_ascii=False))  # noqa: T201
    print(message, file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
