"""Predictions of what a run learned from: whole or not there, with rules and calibration, nothing where none spoke."""

from pathlib import Path

import pytest

from judge.atomic_files import write_json
from judge.calibration import DimensionCalibration
from judge.formats.prediction_line import SamplePrediction, parse_prediction_line, prediction_from_distribution
from judge.out_of_fold import write_out_of_fold
from judge.progress import SilentReporter
from judge.runs import OUT_OF_FOLD_FILE, Run, RunConfig

from .labelled_samples import RUBRIC, labelled

TOML = b"""
key = "two"
title = "Two"
[[dimensions]]
key = "TCC"
name = "Text"
needs = ["text"]
levels = [0, 1, 2, 3, 4, 5]
missing = 0
[[dimensions]]
key = "IQ"
name = "Picture"
needs = ["image"]
levels = [0, 1, 2, 3, 4, 5]
"""
P = (0, 0, 0, 0.25, 0.5, 0.25)


class OutOfFold:
    """A backend whose models had something to say, of each sample on some dimensions."""

    name, batch_size, predicts_out_of_fold = "made up", 2, True

    def __init__(self, **said):
        self._said = said

    def read_out_of_fold(self, run):
        keyed = {one.key: one for one in RUBRIC.dimensions}
        return [
            SamplePrediction(
                name, "j", "", "ok", "expected", 3, {key: prediction_from_distribution(P, keyed[key]) for key in keys}
            )
            for name, keys in self._said.items()
        ]


class Heard(SilentReporter):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    about = dict.fromkeys(("preset", "release", "release_sha256", "rubric", "prompt_sha", "code_version"), "")
    config = RunConfig(name="j", backend="embedded", options={}, seed=1, data={}, libraries={}, started_at="", **about)
    made = Run.begin(tmp_path / "run", config, TOML, resume=False)
    write_json(made.folder / "calibration.json", {"TCC": DimensionCalibration(1.0, 1.0, 20).as_data()})
    return made


def written(run: Run, *samples, **said) -> tuple[dict[str, SamplePrediction], list[str]]:
    heard = Heard()
    write_out_of_fold(run, samples, OutOfFold(**said), heard)
    lines = (run.folder / OUT_OF_FOLD_FILE).read_bytes().splitlines()
    return {one.id: one for one in (parse_prediction_line(raw, run.rubric) for raw in lines)}, heard.notes


def test_what_was_said_unseen_is_ruled_and_calibrated_as_any_prediction(run: Run) -> None:
    both = labelled("both", [4])
    silent, dark = labelled("silent", [4], text=None), labelled("dark", [4], image=None)
    empty = labelled("empty", [], text=None, image=None)
    said, notes = written(run, both, silent, dark, empty, both=["TCC", "IQ"], silent=["IQ"], dark=["TCC"])
    assert (list(said), notes) == (["both", "silent", "dark", "empty"], [])
    assert said["both"].dimensions["TCC"].interval == pytest.approx((4 - 0.5**0.5, 4 + 0.5**0.5))
    assert said["both"].dimensions["IQ"].interval is None
    assert (said["both"].cluster, said["both"].judge) == (3, "j")
    assert (said["silent"].dimensions["TCC"].rounded, said["silent"].dimensions["TCC"].rule) == (0, "no_text")
    assert list(said["dark"].dimensions) == ["TCC"]
    assert said["empty"].status == "rule"


def test_a_sample_of_which_something_is_missing_is_left_to_the_finished_judge(run: Run) -> None:
    a, b, c = (labelled(name, [4]) for name in "abc")
    said, notes = written(run, a, b, c, a=["TCC", "IQ"], b=["IQ"])
    assert list(said) == ["a"]
    assert notes == ["2 of 3 training samples have no word out of fold."]


def test_a_dimension_that_nobody_labelled_is_missing_of_no_sample(run: Run) -> None:
    a = labelled("a", [4])
    del a.final["IQ"], a.histogram["IQ"]
    said, notes = written(run, a, a=["TCC"])
    assert (list(said), notes) == (["a"], [])


def test_a_backend_without_such_models_leaves_no_file(run: Run) -> None:
    backend = OutOfFold(a=["TCC", "IQ"])
    backend.predicts_out_of_fold = False
    write_out_of_fold(run, [labelled("a", [4])], backend, Heard())
    assert not (run.folder / OUT_OF_FOLD_FILE).exists()
