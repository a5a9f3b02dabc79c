"""Trains, calibrates and evaluates a judge on a release.

Every step is done once, in order, and continued where it was cut short.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from .atomic_files import write_json
from .backends.interface import Backend
from .backends.registry import load_backend
from .calibration import DimensionCalibration, calibrate
from .context import JudgeContext
from .data_parts import ENOUGH_SAMPLES, DataParts, split_release
from .evaluation.baseline_features import extract_baseline_features
from .evaluation.scorecard import EvaluationData, build_scorecard
from .formats.picture_folder import PictureFolder
from .formats.prediction_line import SamplePrediction
from .formats.release_line import BLIND, LabelledSample, ReleaseFolder
from .formats.rubric import RubricSpec
from .options import OptionError
from .out_of_fold import write_out_of_fold
from .predicting import read_predictions, write_predictions
from .presets import find_preset
from .progress import ProgressReporter, SilentReporter
from .prompt import prompt_sha
from .runs import Run, RunConfig
from .version import code_version, library_versions

SEED = 42
# Seeds of NumPy and scikit-learn end at 2 ** 32 - 1, and each member of an ensemble has one of its own from here on.
LARGEST_SEED = 2**31 - 1
# Beyond that a temperature and a quantile change no more.
MAX_CALIBRATION_SAMPLES = 8_000


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """The request of a training: release, output folder, backend and options."""

    release: Path
    out: Path
    backend: str
    preset: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seed: int = SEED
    resume: bool = False
    cache: Path | None = None


def train(spec: TrainingSpec, progress: ProgressReporter | None = None) -> Run:
    """Train, calibrate and evaluate a judge; return the finished run.

    Raises:
        BackendError, OptionError, LookupError: it cannot be done so; nothing was begun.
        RunError: the folder is in use, or holds another run.
        FileNotFoundError, RecordError, RubricError: the release cannot be read.
    """
    progress = progress or SilentReporter()
    if not 0 <= spec.seed <= LARGEST_SEED:
        raise OptionError(f"seed is {spec.seed}; it is a whole number from 0 to {LARGEST_SEED:,}.")
    backend = load_backend(spec.backend)
    preset = find_preset(spec.preset, spec.backend)
    options = preset.options | dict(spec.settings)
    backend.check(backend.options(dict(options)))
    release = ReleaseFolder(spec.release)
    parts = split_release(release, spec.seed, predicts_out_of_fold=backend.predicts_out_of_fold)
    config = _build_config(spec, options, release, parts)
    run = Run.begin(spec.out, config, (spec.release / "rubric.toml").read_bytes(), resume=spec.resume)
    with run.lock():
        if run.state == "done":
            progress.note(f"{run.folder} is done already.")
            return run
        if run.config.code_version != config.code_version:
            progress.note(f"This run was begun by version {run.config.code_version} and goes on by another one.")
        context = JudgeContext(PictureFolder(spec.release), spec.cache, progress)
        run.state = "training"
        backend.train(run, parts.learn, context)
        run.state = "calibrating"
        _calibrate(run, parts, backend, context)
        write_out_of_fold(run, parts.learn, backend, progress)
        run.state = "evaluating"
        predictions = _predict_test_samples(run, parts.test, context)
        _evaluate(run, parts, predictions, context)
        run.finish()
    return run


def _build_config(
    spec: TrainingSpec, options: Mapping[str, Any], release: ReleaseFolder, parts: DataParts
) -> RunConfig:
    rubric = release.rubric
    checksum = release.checksum()
    name = spec.name or f"{spec.backend}-{spec.preset}-{_config_digest(spec, options, checksum)}"
    return RunConfig(
        name=name,
        backend=spec.backend,
        preset=spec.preset,
        options=dict(options),
        seed=spec.seed,
        release=release.name(),
        release_sha256=checksum,
        data=parts.describe(),
        rubric=f"{rubric.key}@{rubric.digest()[:12]}",
        prompt_sha=prompt_sha(rubric),
        code_version=code_version(),
        libraries=library_versions(),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _config_digest(spec: TrainingSpec, options: Mapping[str, Any], checksum: str) -> str:
    """Return a digest that tells runs of one preset apart.

    It is of the request, the data and the code, not of the time.
    """
    request = json.dumps([spec.backend, spec.preset, sorted(options.items()), spec.seed, checksum, code_version()])
    return hashlib.sha256(request.encode()).hexdigest()[:8]


def _calibrate(run: Run, parts: DataParts, backend: Backend, context: JudgeContext) -> None:
    path = run.folder / "calibration.json"
    if path.exists():
        return
    predictions = _predict_calibration_samples(run, parts.calibrate, context)
    calibrations = calibrate_dimensions(run.rubric, parts.calibrate, predictions)
    if parts.out_of_fold:
        training, out_of_fold = _read_out_of_fold(run, parts.out_of_fold, backend)
        joint = calibrate_dimensions(run.rubric, parts.calibrate + training, predictions + out_of_fold)
        calibrations = joint | {
            key: calibration for key, calibration in calibrations.items() if calibration.samples >= ENOUGH_SAMPLES
        }
    write_json(path, {key: calibration.as_data() for key, calibration in calibrations.items()})


def _predict_calibration_samples(
    run: Run, samples: list[LabelledSample], context: JudgeContext
) -> list[SamplePrediction]:
    """Return predictions of the calibration samples, not yet calibrated."""
    if not samples:
        return []
    path = run.stages / "calibration.jsonl"
    if not path.exists():
        write_predictions(run, [labelled.sample for labelled in samples], len(samples), path, context)
    return read_predictions(path, run)


def _read_out_of_fold(
    run: Run, samples: list[LabelledSample], backend: Backend
) -> tuple[list[LabelledSample], list[SamplePrediction]]:
    """Return training samples with their out-of-fold predictions.

    They are evenly thinned where they are many.
    """
    predictions = {prediction.id: prediction for prediction in backend.read_out_of_fold(run) or []}
    predicted = [labelled for labelled in samples if labelled.sample.id in predictions]
    chosen = predicted[:: -(-len(predicted) // MAX_CALIBRATION_SAMPLES) or 1]
    return chosen, [predictions[labelled.sample.id] for labelled in chosen]


def calibrate_dimensions(
    rubric: RubricSpec, samples: list[LabelledSample], predictions: list[SamplePrediction]
) -> dict[str, DimensionCalibration]:
    """Return the calibration of each dimension that has enough to calibrate.

    It needs samples with a final score and a prediction of a model.

    Whatever is handed in, labels that may owe something to a judge do not enter.
    """
    calibrations: dict[str, DimensionCalibration] = {}
    for dimension in rubric.dimensions:
        rows = [
            (
                prediction.dimensions[dimension.key].p,
                labelled.histogram.get(dimension.key),
                labelled.final[dimension.key],
            )
            for labelled, prediction in zip(samples, predictions, strict=True)
            if labelled.label_origin in BLIND
            and dimension.key in prediction.dimensions
            and prediction.dimensions[dimension.key].rule is None
            and dimension.key in labelled.final
        ]
        if rows:
            no_ratings = [0] * len(dimension.levels)
            calibrations[dimension.key] = calibrate(
                np.array([p for p, _, _ in rows], dtype=np.float64),
                np.array([histogram or no_ratings for _, histogram, _ in rows], dtype=np.float64),
                np.array([final for _, _, final in rows], dtype=np.float64),
                dimension,
            )
    return calibrations


def _predict_test_samples(run: Run, test: list[LabelledSample], context: JudgeContext) -> list[SamplePrediction]:
    path = run.folder / "predictions.jsonl"
    if not path.exists():
        write_predictions(run, [labelled.sample for labelled in test], len(test), path, context)
    return read_predictions(path, run)


def _evaluate(run: Run, parts: DataParts, predictions: list[SamplePrediction], context: JudgeContext) -> None:
    context.progress.step("Holding it to people's scores")
    data = EvaluationData(
        run.rubric,
        parts.learn + parts.calibrate,
        parts.test,
        lambda samples: extract_baseline_features(samples, context),
    )
    write_json(
        run.folder / "metrics.json",
        {
            "final": build_scorecard(data, predictions, "final"),
            "mean": build_scorecard(data, predictions, "mean"),
        },
    )
