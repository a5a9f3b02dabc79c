"""Launches a training: in this process, or as one process per device.

These are started by ``accelerate launch``. The first of them writes progress as lines of JSON; what libraries print
goes into a file, of which the end is told where they fail. They end when the one that started them does, however it
ends.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image as Picture

from judge.atomic_files import create_file_once, read_json, write_json
from judge.backends.interface import BackendError
from judge.context import JudgeContext
from judge.formats.json_line import decode_line
from judge.formats.picture_folder import MissingPicture, PictureFolder
from judge.formats.release_line import LabelledSample, format_labelled_line, parse_labelled
from judge.progress import ProgressReporter, count_progress
from judge.runs import Run

from .model_lookup import find_model
from .options import VlmOptions

SAMPLES = "samples.jsonl"
TASK_FILE = "place.json"
LEFT_OUT = "left_out.json"
LOG = "workers.log"
LAST_LINES = 12
SECONDS_TO_STOP = 15.0
# A picture longer than that, for its width, is shown to no model.
MAX_ASPECT = 200
ROOT = Path(__file__).resolve().parents[3]


def launch_training(run: Run, samples: Sequence[LabelledSample], options: VlmOptions, context: JudgeContext) -> None:
    """Train on the number of devices that is set.

    Raises:
        BackendError: there is nothing to learn from, or the processes failed.
    """
    from .trainer import train_model

    usable = select_viewable(run, samples, context)
    if options.devices == 1:
        train_model(run, find_model(options.model), usable, context.pictures, options, context.progress)
        return
    _write_task(run, usable, context.pictures)
    _run_processes(run, options, context.progress)


def select_viewable(run: Run, samples: Sequence[LabelledSample], context: JudgeContext) -> list[LabelledSample]:
    """Return the samples whose pictures can all be shown.

    The reporter is told why others are left out.

    A training of hours must not find out in its middle.
    """
    path = run.stages / LEFT_OUT
    if not path.exists():
        progress = context.progress
        progress.step("Looking at pictures", len(samples))
        problems: dict[str, str] = {}
        for labelled in count_progress(samples, progress):
            if problem := _picture_problem(labelled, context.pictures):
                problems[labelled.sample.id] = problem
        for name, problem in list(problems.items())[:20]:
            progress.note(f"{name} is left out: {problem}")
        write_json(path, problems)
    left_out = read_json(path)
    return [labelled for labelled in samples if labelled.sample.id not in left_out]


def _picture_problem(labelled: LabelledSample, pictures: PictureFolder) -> str:
    for image in labelled.sample.images:
        try:
            with Picture.open(pictures.path(image.path)) as picture:
                if max(picture.size) > MAX_ASPECT * min(picture.size):
                    return f"{image.path} is more than {MAX_ASPECT} times as long as it is wide"
                # Only JPEG knows this: it decodes at a fraction of its size.
                picture.draft("RGB", (64, 64))
                picture.load()
        except MissingPicture as problem:
            return str(problem)
        except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
            return f"{image.path} cannot be read as a picture ({error})"
    return ""


def _write_task(run: Run, samples: Sequence[LabelledSample], pictures: PictureFolder) -> None:
    """Write what the processes learn from."""

    def make(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(format_labelled_line(labelled) + "\n" for labelled in samples)

    create_file_once(run.stages / SAMPLES, make)
    write_json(run.stages / TASK_FILE, {"pictures": str(pictures.folder.resolve())})


def read_task(run: Run) -> tuple[list[LabelledSample], PictureFolder]:
    """Return the samples and pictures that `_write_task` wrote."""
    with (run.stages / SAMPLES).open("rb") as lines:
        samples = [parse_labelled(decode_line(raw), run.rubric) for raw in lines]
    return samples, PictureFolder(Path(read_json(run.stages / TASK_FILE)["pictures"]))


def build_command(run: Run, options: VlmOptions) -> list[str]:
    """Return the command that starts the processes."""
    return [
        *(sys.executable, "-m", "accelerate.commands.launch"),
        *("--num_processes", str(options.devices), "--num_machines", "1", "--main_process_port", str(_free_port())),
        *("--mixed_precision", "no", "--dynamo_backend", "no"),
        # Processes without graphics cards are started by the same words.
        *("--multi_gpu", "-m", "judge.backends.vlm.worker", str(run.folder.resolve())),
    ]


def _run_processes(run: Run, options: VlmOptions, progress: ProgressReporter) -> None:
    log = run.stages / LOG
    error = ""
    with log.open("w") as file, _running_processes(build_command(run, options), file) as launcher:
        assert launcher.stdout is not None
        for line in launcher.stdout:
            event = _parse_event(line)
            if event is None:
                file.write(line)
                file.flush()
            elif "error" in event:
                error = event["error"]
            else:
                _relay(event, progress)
        status = launcher.wait()
    if error:
        raise BackendError(error)
    if status:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
        raise BackendError(f"The training's processes ended with {status}; the end of {log}:\n{last}")


@contextmanager
def _running_processes(arguments: list[str], log: Any) -> Iterator[subprocess.Popen[str]]:
    """Yield processes that end with this block or this process."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "ACCELERATE_USE_CPU": str(not torch.cuda.is_available()).lower(),
    }
    # They read from a pipe to which nobody writes, and end with it. A session of their own keeps Ctrl-C from them.
    launcher = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        text=True,
        start_new_session=True,
    )
    try:
        yield launcher
    finally:
        _stop(launcher)


def _stop(launcher: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if launcher.poll() is None:
            os.killpg(launcher.pid, number)
            try:
                launcher.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                continue
    for pipe in (launcher.stdin, launcher.stdout):
        if pipe is not None:
            pipe.close()


def _parse_event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _relay(event: dict[str, Any], progress: ProgressReporter) -> None:
    if "step" in event:
        progress.step(event["step"], event["total"])
    elif "done" in event:
        progress.done(event["done"])
    elif "curve" in event:
        progress.curve(event["curve"], event["x"], event["y"])
    elif "note" in event:
        progress.note(event["note"])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
