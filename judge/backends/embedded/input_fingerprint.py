"""Records what a run learns from, and discards files made from other inputs."""

import hashlib
from typing import Any

import numpy as np

from judge.atomic_files import read_json, write_json
from judge.progress import ProgressReporter
from judge.runs import Run
from judge.version import code_version, library_versions

from .encoders.cached_encoding import ENCODERS_FILE
from .trainer import TrainingData

INPUTS = "inputs.json"


def discard_files_of_other_inputs(run: Run, data: TrainingData, progress: ProgressReporter) -> None:
    """Record a run's inputs, and remove files made from other inputs.

    Samples that could not be measured may be there now, or the other way round, and rows would no longer be theirs.
    """
    path = run.stages / INPUTS
    inputs = _describe_inputs(data)
    if path.exists() and read_json(path) == inputs:
        return
    # Encoders are checked by `cached_encoding.record_encoders`.
    if run.clear(but={ENCODERS_FILE}):
        progress.note("What an earlier attempt left is of other measurements or another version; this one begins anew.")
    write_json(path, inputs)


def _describe_inputs(data: TrainingData) -> dict[str, Any]:
    return {
        "samples": len(data.samples),
        "measured_sha256": _checksum(data),
        "code_version": code_version(),
        "libraries": library_versions(),
    }


def _checksum(data: TrainingData) -> str:
    digest = hashlib.sha256()
    # As exact as the store keeps them.
    for labelled, vector in zip(data.samples, data.vectors.astype(np.float32), strict=True):
        digest.update(hashlib.sha256(labelled.sample.id.encode("utf-8", "surrogatepass")).digest())
        digest.update(vector.tobytes())
    return digest.hexdigest()
