"""From a release to a judge with its scorecard: every step once, in order, and continued where it was cut short."""

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
from .backends.registry import backend_named
from .calibration import DimensionCalibration, calibrate
from .context import JudgeContext
from .data_parts import ENOUGH, DataParts, parts_of
from .evaluation.baseline_features import features_of
from .evaluation.scorecard import Labelled, build_scorecard
from .formats.picture_folder import PictureFolder
from .formats.prediction_line import SamplePrediction
from .formats.release_line import BLIND, LabelledSample, ReleaseFolder
from .formats.rubric import RubricSpec
from .options import OptionError
from .out_of_fold import write_out_of_fold
from .predicting import read_predictions, write_predictions
from .presets import preset_named
from .progress import ProgressReporter, SilentReporter
from .prompt import prompt_sha
from .runs import Config, Run
from .version import code_version, libraries

SEED = 42
# Seeds of NumPy and scikit-learn end at 2 ** 32 - 1, and each member of an ensemble has one of its own from here on.
LARGEST_SEED = 2**31 - 1
# Beyond that a temperature and a quantile change no more.
MOST_CALIBRATING = 8_000


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """What is to be trained, on what, and where to."""

    release: Path
    out: Path
    backend: str
    preset: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seed: int = SEED
    resume: bool = False
    cache: Path | None = None


def train(order: TrainingSpec, progress: ProgressReporter | None = None) -> Run:
    """Train a judge, calibrate it, and hold it to the release's test part; returns the finished run.

    Raises:
        BackendError, OptionError, LookupError: it cannot be done so; nothing was begun.
        RunError: the folder is in use, or holds another run.
        FileNotFoundError, RecordError, RubricError: the release cannot be read.
    """
    progress = progress or SilentReporter()
    if not 0 <= order.seed <= LARGEST_SEED:
        raise OptionError(f"seed is {order.seed}; it is a whole number from 0 to {LARGEST_SEED:,}.")
    backend = backend_named(order.backend)
    preset = preset_named(order.preset, order.backend)
    options = preset.options | dict(order.settings)
    backend.check(backend.options(dict(options)))
    release = ReleaseFolder(order.release)
    parts = parts_of(release, order.seed, cross_checked=backend.cross_checked)
    config = _config(order, options, release, parts)
    run = Run.begin(order.out, config, (order.release / "rubric.toml").read_bytes(), resume=order.resume)
    with run.alone():
        if run.state == "done":
            progress.note(f"{run.folder} is done already.")
            return run
        if run.config.code_version != config.code_version:
            progress.note(f"This run was begun by version {run.config.code_version} and goes on by another one.")
        surroundings = JudgeContext(PictureFolder(order.release), order.cache, progress)
        run.state = "training"
        backend.train(run, parts.learn, surroundings)
        run.state = "calibrating"
        _calibrate(run, parts, backend, surroundings)
        write_out_of_fold(run, parts.learn, backend, progress)
        run.state = "evaluating"
        predictions = _judge_test(run, parts.test, surroundings)
        _evaluate(run, parts, predictions, surroundings)
        run.finish()
    return run


def _config(order: TrainingSpec, options: Mapping[str, Any], release: ReleaseFolder, parts: DataParts) -> Config:
    rubric = release.rubric
    checksum = release.checksum()
    name = order.name or f"{order.backend}-{order.preset}-{_short(order, options, checksum)}"
    return Config(
        name=name,
        backend=order.backend,
        preset=order.preset,
        options=dict(options),
        seed=order.seed,
        release=release.name(),
        release_sha256=checksum,
        data=parts.about(),
        rubric=f"{rubric.key}@{rubric.digest()[:12]}",
        prompt_sha=prompt_sha(rubric),
        code_version=code_version(),
        libraries=libraries(),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _short(order: TrainingSpec, options: Mapping[str, Any], checksum: str) -> str:
    """Return what tells runs of one preset apart: of what was asked for and of the data, not of the time."""
    asked = json.dumps([order.backend, order.preset, sorted(options.items()), order.seed, checksum, code_version()])
    return hashlib.sha256(asked.encode()).hexdigest()[:8]


def _calibrate(run: Run, parts: DataParts, backend: Backend, surroundings: JudgeContext) -> None:
    path = run.folder / "calibration.json"
    if path.exists():
        return
    kept = _judged_for_calibration(run, parts.calibrate, surroundings)
    found = calibrations_of(run.rubric, parts.calibrate, kept)
    if parts.out_of_fold:
        learned, foretold = _foretold(run, parts.out_of_fold, backend)
        joined = calibrations_of(run.rubric, parts.calibrate + learned, kept + foretold)
        found = joined | {key: one for key, one in found.items() if one.samples >= ENOUGH}
    write_json(path, {key: one.as_data() for key, one in found.items()})


def _judged_for_calibration(
    run: Run, samples: list[LabelledSample], surroundings: JudgeContext
) -> list[SamplePrediction]:
    """Return what the judge says without its intervals and at temperature one, as nothing is known yet."""
    if not samples:
        return []
    judged = run.stages / "calibration.jsonl"
    if not judged.exists():
        write_predictions(run, [one.sample for one in samples], len(samples), judged, surroundings)
    return read_predictions(judged, run)


def _foretold(
    run: Run, samples: list[LabelledSample], backend: Backend
) -> tuple[list[LabelledSample], list[SamplePrediction]]:
    """Return training samples, evenly taken where they are many, and what was said of each out of fold."""
    unseen = {one.id: one for one in backend.unseen(run) or []}
    told = [one for one in samples if one.sample.id in unseen]
    some = told[:: -(-len(told) // MOST_CALIBRATING) or 1]
    return some, [unseen[one.sample.id] for one in some]


def calibrations_of(
    rubric: RubricSpec, samples: list[LabelledSample], predictions: list[SamplePrediction]
) -> dict[str, DimensionCalibration]:
    """Return the calibration of each dimension that has samples with a final score and a prediction of a model.

    Whatever is handed in, labels that may owe something to a judge do not enter.
    """
    found: dict[str, DimensionCalibration] = {}
    for dimension in rubric.dimensions:
        rows = [
            (said.dimensions[dimension.key].p, one.histogram.get(dimension.key), one.final[dimension.key])
            for one, said in zip(samples, predictions, strict=True)
            if one.label_origin in BLIND
            and dimension.key in said.dimensions
            and said.dimensions[dimension.key].rule is None
            and dimension.key in one.final
        ]
        if rows:
            nothing = [0] * len(dimension.levels)
            found[dimension.key] = calibrate(
                np.array([p for p, _, _ in rows], dtype=np.float64),
                np.array([histogram or nothing for _, histogram, _ in rows], dtype=np.float64),
                np.array([final for _, _, final in rows], dtype=np.float64),
                dimension,
            )
    return found


def _judge_test(run: Run, test: list[LabelledSample], surroundings: JudgeContext) -> list[SamplePrediction]:
    path = run.folder / "predictions.jsonl"
    if not path.exists():
        write_predictions(run, [one.sample for one in test], len(test), path, surroundings)
    return read_predictions(path, run)


def _evaluate(run: Run, parts: DataParts, predictions: list[SamplePrediction], surroundings: JudgeContext) -> None:
    surroundings.progress.step("Holding it to people's scores")
    labelled = Labelled(
        run.rubric, parts.learn + parts.calibrate, parts.test, lambda samples: features_of(samples, surroundings)
    )
    write_json(
        run.folder / "metrics.json",
        {
            "final": build_scorecard(labelled, predictions, "final"),
            "mean": build_scorecard(labelled, predictions, "mean"),
        },
    )
