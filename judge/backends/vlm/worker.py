"""Runs one process of a training: ``accelerate launch -m judge.backends.vlm.worker RUN_DIR``.

It reports progress as lines of JSON on standard output, and ends when its standard input does.
"""

import json
import os
import sys
import threading
from pathlib import Path

from judge.backends.interface import BackendError
from judge.formats.picture_folder import MissingPicture
from judge.options import parse_options
from judge.progress import JsonReporter
from judge.runs import Run

from .launcher import read_task
from .model_lookup import find_model
from .options import VlmOptions


def main(folder: Path) -> int:
    """Train as one of several processes, and return the exit status."""
    from .trainer import train_model

    threading.Thread(target=_exit_when_input_ends, daemon=True).start()
    run = Run(folder)
    options = parse_options(VlmOptions, dict(run.config.options))
    try:
        train_model(run, find_model(options.model), *read_task(run), options, JsonReporter(sys.stdout))
    except (BackendError, MissingPicture) as error:
        print(json.dumps({"error": str(error)}), flush=True)  # noqa: T201
        return 1
    return 0


def _exit_when_input_ends() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    status = main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by the interpreter's own end: threads of libraries that it takes along abort the process now and then.
    os._exit(status)
