"""Reads and writes the folder of a run.

It holds what was asked for, what came of it, and everything that is needed to judge elsewhere.

======================  ==================================================================
``run.json``            backend, preset, options, data, versions: written first, never changed
``rubric.toml``         the rubric as it was released
``state.json``          how far the run has come
``curve.jsonl``         points of curves, as the loss over steps
``stages/``             what a run that was cut short continues from; gone when it is done
``model/``              weights
``calibration.json``    a temperature and the reach of intervals for each dimension
``predictions.jsonl``   what the judge says of the release's test part
``unseen.jsonl``        what models that had not seen its question say of each training sample
``metrics.json``        scorecards against the final scores and against the means
======================  ==================================================================
"""

import fcntl
import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from .atomic_files import read_json, write_json
from .calibration import DimensionCalibration, calibration_from_data
from .formats.rubric import RubricSpec, parse_rubric

FORMAT = 1
OUT_OF_FOLD_FILE = "unseen.jsonl"
State = Literal["training", "calibrating", "evaluating", "done"]
# What two attempts of one run must have in common, in the words of the command.
RESUME_FIELDS = ("backend", "preset", "options", "release_sha256", "seed", "name")


class RunError(ValueError):
    """A run's folder that cannot be used so, with the remedy."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The configuration of a run: request, data and versions."""

    name: str
    """How predictions name the judge."""
    backend: str
    preset: str
    options: Mapping[str, Any]
    seed: int
    release: str
    release_sha256: str
    data: Mapping[str, Any]
    """How many samples and questions it learned from, and where calibration samples came from."""
    rubric: str
    """Key of the rubric and the start of its checksum."""
    prompt_sha: str
    code_version: str
    libraries: Mapping[str, str]
    started_at: str
    """UTC, ISO 8601."""
    format: int = FORMAT


class Run:
    """The folder of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "run.json").is_file():
            raise RunError(f"{folder} is no run: it has no run.json. Name the --out of a training.")
        data = read_json(folder / "run.json")
        if data.get("format") != FORMAT:
            raise RunError(f"{folder} has format {data.get('format')}; this version reads format {FORMAT}.")
        self.config = RunConfig(**data)
        self.rubric: RubricSpec = parse_rubric((folder / "rubric.toml").read_bytes())

    @classmethod
    def begin(cls, folder: Path, config: RunConfig, rubric_toml: bytes, *, resume: bool) -> "Run":
        """Create a run's folder, or open it with ``resume``.

        To resume, it must have been begun with the same configuration.

        Raises:
            RunError: the folder holds something else, or a run that differs.
        """
        if (folder / "run.json").exists():
            run = cls(folder)
            if not resume:
                raise RunError(f"{folder} holds a run already; continue it with --resume, or name another folder.")
            run._refuse_other_config(config)
            return run
        if folder.exists() and any(folder.iterdir()):
            raise RunError(f"{folder} is not empty and holds no run; name another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rubric.toml").write_bytes(rubric_toml)
        # Last: with it the folder is a run.
        write_json(folder / "run.json", asdict(config))
        return cls(folder)

    @property
    def model(self) -> Path:
        """The folder of weights."""
        return self.folder / "model"

    @property
    def stages(self) -> Path:
        """The folder of what a run that was cut short continues from."""
        return self.folder / "stages"

    @property
    def _curve_file(self) -> Path:
        return self.folder / "curve.jsonl"

    @property
    def state(self) -> State:
        path = self.folder / "state.json"
        state: State = read_json(path)["state"] if path.exists() else "training"
        return state

    @state.setter
    def state(self, state: State) -> None:
        write_json(self.folder / "state.json", {"state": state})

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from working in this folder.

        Raises:
            RunError: one is at work in it.
        """
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunError(f"Another process is at work in {self.folder}.") from None
            yield

    def clear(self, but: Collection[str] = ()) -> bool:
        """Remove stages, weights and curves; return whether there were any.

        Weights' files named in ``but`` stay.
        """
        left = [path for path in _list_entries(self.model) if path.name not in but]
        left += _list_entries(self.stages)
        if self._curve_file.exists():
            left.append(self._curve_file)
        for path in left:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        return bool(left)

    def add_to_curve(self, series: str, x: float, y: float) -> None:
        """Add a point to a curve; it replaces one at the same x.

        Raises:
            ValueError: a number is not finite.
        """
        line = json.dumps({"curve": series, "x": x, "y": y}, allow_nan=False)
        with self._curve_file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def curve(self) -> dict[str, list[tuple[float, float]]]:
        """Return the points of each curve by rising x.

        Of several at one x it is the last.
        """
        curves: dict[str, dict[float, float]] = {}
        if self._curve_file.exists():
            for line in self._curve_file.read_text(encoding="utf-8").splitlines():
                try:
                    point = json.loads(line)
                except ValueError:
                    continue  # the last line of a process that was killed
                curves.setdefault(point["curve"], {})[point["x"]] = point["y"]
        return {series: sorted(points.items()) for series, points in curves.items()}

    def calibrations(self) -> dict[str, DimensionCalibration]:
        """Return the calibration of each dimension; none before the run came so far."""
        path = self.folder / "calibration.json"
        return {key: calibration_from_data(data) for key, data in read_json(path).items()} if path.exists() else {}

    def metrics(self) -> dict[str, Any]:
        """Return the scorecards.

        Raises:
            RunError: the run has not come so far.
        """
        path = self.folder / "metrics.json"
        if not path.exists():
            raise RunError(f"{self.folder} has no metrics yet; continue its training with --resume.")
        metrics: dict[str, Any] = read_json(path)
        return metrics

    def finish(self) -> None:
        """Mark the run as done, and remove its stages."""
        self.state = "done"
        shutil.rmtree(self.stages, ignore_errors=True)

    def _refuse_other_config(self, config: RunConfig) -> None:
        for name in RESUME_FIELDS:
            recorded, requested = getattr(self.config, name), getattr(config, name)
            if recorded != requested:
                raise RunError(
                    f"{self.folder} was begun with {name.replace('_', ' ')} {recorded!r}, which is now {requested!r}; "
                    "give the same again to continue it, or name another folder."
                )


def read_run_name(folder: Path) -> str:
    """Return the name of the run in a folder, else ""."""
    path = folder / "run.json"
    return str(read_json(path).get("name", "")) if path.is_file() else ""


def _list_entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []
