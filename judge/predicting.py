"""Writes a file of predictions, which is complete or can be continued."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from .context import JudgeContext
from .formats.json_line import RecordError
from .formats.prediction_line import SamplePrediction, format_prediction, parse_prediction_line
from .formats.sample_file import SampleLines
from .formats.sample_line import SampleRecord
from .inference import open_judge
from .progress import count_progress
from .runs import Run, RunError

# How many predictions may be lost to a power cut.
FLUSH = 64


@dataclass(slots=True)
class PredictionSummary:
    """The numbers of predictions written, by status."""

    predictions: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    continued_from: int = 0


def predict(
    run: Run, lines: SampleLines, out: Path, context: JudgeContext, *, resume: bool = False
) -> PredictionSummary:
    """Write a prediction of each sample of a file; see `write_predictions`."""
    if out.exists():
        raise RunError(f"{out} is there already; remove it, or name another file.")
    partial = partial_path(out)
    if partial.exists() and not resume:
        raise RunError(f"{partial} is what an earlier attempt left; go on with --resume, or remove it.")
    return write_predictions(run, lines, lines.count(), out, context)


def partial_path(out: Path) -> Path:
    """Return the path of a predictions file until it is complete."""
    return out.with_name(out.name + ".part")


def write_predictions(
    run: Run, samples: Iterable[SampleRecord], count: int, out: Path, context: JudgeContext
) -> PredictionSummary:
    """Write a prediction of each sample to ``out``, resuming a partial file.

    They are in the order of the samples.

    Raises:
        RunError: what is there is of other samples, or of another run.
        BackendError: something that the judge needs is not here.
    """
    partial = partial_path(out)
    summary = PredictionSummary()
    done = _check_partial_file(partial, run, samples, summary) if partial.exists() else 0
    summary.continued_from = done
    progress = context.progress
    progress.step("Judging", count)
    out.parent.mkdir(parents=True, exist_ok=True)
    with open_judge(run, context) as judge, partial.open("a", encoding="utf-8") as file:
        remaining = islice(samples, done, None)
        for number, prediction in enumerate(count_progress(judge.predict(remaining), progress, done), 1):
            file.write(format_prediction(prediction) + "\n")
            summary.statuses[prediction.status] += 1
            summary.predictions += 1
            if number % FLUSH == 0 or judge.batch_size == 1:
                file.flush()
        file.flush()
        os.fsync(file.fileno())
    partial.replace(out)
    return summary


def read_predictions(path: Path, run: Run) -> list[SamplePrediction]:
    """Return the predictions of a file that `write_predictions` wrote."""
    with path.open("rb") as lines:
        return [parse_prediction_line(raw, run.rubric) for raw in lines]


def _check_partial_file(partial: Path, run: Run, samples: Iterable[SampleRecord], summary: PredictionSummary) -> int:
    """Return the number of usable predictions; cut off the rest.

    Usable are complete lines of this run that belong to the samples.
    """
    count = end = 0
    for sample, (raw, prediction) in zip(samples, _whole_lines(partial, run), strict=False):
        if prediction.id != sample.id or prediction.judge != run.config.name:
            raise RunError(
                f"Line {count + 1} of {partial} is of {prediction.id} by {prediction.judge}, where {sample.id} by "
                f"{run.config.name} belongs; remove it, or name another file."
            )
        count += 1
        end += len(raw)
        summary.statuses[prediction.status] += 1
        summary.predictions += 1
    os.truncate(partial, end)
    return count


def _whole_lines(partial: Path, run: Run) -> Iterator[tuple[bytes, SamplePrediction]]:
    with partial.open("rb") as file:
        for raw in file:
            try:
                yield raw, parse_prediction_line(raw, run.rubric)
            except RecordError:
                return  # where the process was killed
