"""Runs a judge that is retrained again and again in one process."""

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from annotation.core.errors import WorkflowError
from annotation.jobs.progress import ProgressCallback

from .judge_process import LINES_KEPT, SECONDS_TO_STOP, start_judge


class JudgeSession:
    """A running ``python -m judge relearn``, as a context manager.

    The process ends with the block, and also where this process is killed.
    """

    def __init__(self, samples: Path, rubric: Path, *, cache: Path, seed: int, progress: ProgressCallback) -> None:
        self._arguments = [str(samples), "--rubric", str(rubric), "--cache", str(cache), "--seed", str(seed), "--json"]
        self._progress = progress
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)

    def __enter__(self) -> Self:
        self._process = start_judge(["relearn", *self._arguments])
        self._listener = threading.Thread(target=self._read_progress, args=(self._process.stderr,), daemon=True)
        self._listener.start()
        try:
            self._read_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                # It may have gone before it heard everything.
                with contextlib.suppress(OSError):
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_STOP)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def relearn(self, dimension: str, known: Mapping[str, Sequence[int]]) -> Mapping[str, Mapping[str, Any]]:
        """Return predictions of all samples, learned from the known ratings.

        ``known`` says how many ratings each level has, by sample.

        Nothing is returned where these are too few.

        Raises:
            WorkflowError: the judge refused, or has ended.
        """
        line = json.dumps({"dimension": dimension, "known": known}, ensure_ascii=False)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError:
            raise self._crash_error() from None
        predictions: Mapping[str, Mapping[str, Any]] = self._read_answer()["predictions"]
        return predictions

    def _read_answer(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer = json.loads(line)
        except ValueError:
            raise self._crash_error() from None
        if "error" in answer:
            raise WorkflowError(str(answer["error"]), code="judge_refused")
        result: Mapping[str, Any] = answer
        return result

    def _crash_error(self) -> WorkflowError:
        self._listener.join(SECONDS_TO_STOP)
        return WorkflowError(
            "\n".join(["The judge ended in the middle of its work. Its last words:", *self._last_lines])
        )

    def _read_progress(self, stream: IO[str]) -> None:
        total: int | None = None
        for line in stream:
            with contextlib.suppress(ValueError):
                match json.loads(line):
                    case {"step": str(), "total": int() | None as total}:
                        continue
                    case {"done": int(done)}:
                        self._progress(done, total, "The judge measures samples")
                        continue
            self._last_lines.append(line.rstrip())
