"""Labels that may owe something to a judge enter neither a judge's figures nor its calibration, by any way."""

import json

import numpy as np
import pytest

from judge.calibration import calibrate
from judge.data_parts import split_release
from judge.evaluation.comparison import compare_judges
from judge.evaluation.scorecard import EvaluationData, build_scorecard
from judge.formats.prediction_line import SamplePrediction, prediction_from_distribution
from judge.formats.release_line import ReleaseFolder
from judge.training import calibrate_dimensions

from .labelled_samples import RUBRIC, certain, labelled
from .release_folders import write_release

NOT_BLIND = ("mixed", "delayed", "prefilled")
TARGETS = ("final", "mean")


def blind_ones(count=12):
    return [labelled(f"b{n}", [3, 3], question=f"q{n}", part="train") for n in range(count)]


def moved_ones(count=12):
    """Labels that all agree with what the judge says, as they would where it had been followed."""
    return [
        labelled(f"m{n}", [5, 5], question=f"p{n}", part="train", label_origin=NOT_BLIND[n % 3]) for n in range(count)
    ]


@pytest.mark.parametrize("target", TARGETS)
def test_figures_are_the_same_with_and_without_them(target):
    blind, moved = blind_ones(), moved_ones()
    said = [certain(one.sample.id, 5) for one in blind + moved]
    with_them = build_scorecard(EvaluationData(RUBRIC, [], blind + moved), said, target)
    without = build_scorecard(EvaluationData(RUBRIC, [], blind), [certain(one.sample.id, 5) for one in blind], target)
    assert with_them["not_blind"] == len(moved)
    assert with_them | {"not_blind": 0} == without
    (tcc,) = (one for one in with_them["dimensions"] if one["key"] == "TCC")
    assert (tcc["asked"]["samples"], tcc["asked"]["rmse"]) == (len(blind), 2)


@pytest.mark.parametrize("target", TARGETS)
def test_two_judges_are_compared_on_others_alone(target):
    blind, moved = blind_ones(), moved_ones()
    first = [certain(one.sample.id, 5) for one in blind + moved]
    second = [certain(one.sample.id, 3) for one in blind + moved]
    found = compare_judges(RUBRIC, blind + moved, first, second, target)
    assert found["samples"] == len(blind)
    assert found["dimensions"][0]["first"] == {"rmse": 2, "a1": 0}


def test_a_calibration_does_not_look_at_them_whoever_hands_them_in():
    blind, moved = blind_ones(), moved_ones()
    spread = [0.02, 0.08, 0.2, 0.3, 0.25, 0.15]

    def said(samples):
        dimensions = {dimension.key: prediction_from_distribution(spread, dimension) for dimension in RUBRIC.dimensions}
        return [SamplePrediction(one.sample.id, "j1", "sha", "ok", "test", dimensions=dimensions) for one in samples]

    with_them = calibrate_dimensions(RUBRIC, blind + moved, said(blind + moved))
    assert with_them == calibrate_dimensions(RUBRIC, blind, said(blind))
    assert with_them["TCC"].samples == len(blind)
    (tcc,) = (dimension for dimension in RUBRIC.dimensions if dimension.key == "TCC")
    p, counts = np.array([spread] * 24), np.array([one.histogram["TCC"] for one in blind + moved], dtype=np.float64)
    finals = np.array([one.final["TCC"] for one in blind + moved])
    # They would have said something else.
    assert calibrate(p, counts, finals, tcc) != with_them["TCC"]
    assert calibrate_dimensions(RUBRIC, moved, said(moved)) == {}


def test_neither_kept_nor_held_out_samples_calibrate_with_them(tmp_path):
    for name, calibration in (("kept", 6), ("held out", 0)):
        folder = write_release(tmp_path / name, calibration=calibration)
        lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
        for number, line in enumerate(lines):
            line["label_origin"] = (*NOT_BLIND, "blind")[number % 4]
        (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        parts = split_release(ReleaseFolder(folder), seed=42, predicts_out_of_fold=False)
        assert parts.calibrate
        assert {one.label_origin for one in parts.calibrate} == {"blind"}
        # They may be learned from; there they are asked to teach, not to judge.
        assert {one.label_origin for one in parts.learn} == {*NOT_BLIND, "blind"}
