"""What calibrates a judge: samples that were kept for it, and where these are too few what was said out of fold."""

import json
from pathlib import Path

import numpy as np
import pytest

from judge.atomic_files import read_json
from judge.data_parts import ENOUGH_SAMPLES, DataParts, split_release
from judge.formats.release_line import ReleaseFolder
from judge.runs import Run
from judge.training import LARGEST_SEED, TrainingSpec, train

from .release_folders import write_release

FEW_TREES = {"trees": 10, "members": 2, "folds": 2}


def parts(folder: Path, *, predicts_out_of_fold: bool) -> DataParts:
    return split_release(ReleaseFolder(folder), seed=42, predicts_out_of_fold=predicts_out_of_fold)


def keep(folder: Path, *, samples: int, origin: str = "blind") -> Path:
    """Mark the first samples of the training part as kept for calibration."""
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    for line in lines[:samples]:
        line |= {"calibration": True, "label_origin": origin}
    (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def trained(folder: Path) -> Run:
    return train(TrainingSpec(folder / "release", folder / "run", "embedded", "quick", FEW_TREES))


def test_one_kept_sample_does_not_keep_the_others_from_calibrating(tmp_path: Path) -> None:
    found = parts(keep(write_release(tmp_path / "r"), samples=1), predicts_out_of_fold=True)
    assert (found.source, len(found.calibrate)) == ("release and out of fold", 1)
    assert found.out_of_fold == found.learn
    assert found.describe()["out_of_fold"] == {"samples": 89, "questions": 30}


def test_enough_kept_samples_of_each_dimension_calibrate_alone(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "r", questions=80, calibration=25)
    found = parts(folder, predicts_out_of_fold=True)
    assert (found.source, found.out_of_fold) == ("release", [])
    assert len(found.calibrate) == 75


def test_samples_that_lack_a_side_are_no_labels_of_what_it_decides(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "r", questions=80, calibration=25)
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    for line in lines:
        if line["calibration"] and line["image"]:
            # The final score of the text is 0 by a rule and says nothing of the judge.
            line |= {"answer": None, "final": line["final"] | {"TCC": 0}}
    (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert parts(folder, predicts_out_of_fold=True).source == "release and out of fold"


def test_the_source_is_told_as_it_is(tmp_path: Path) -> None:
    none_kept = write_release(tmp_path / "none")
    assert parts(none_kept, predicts_out_of_fold=True).source == "out of fold"
    assert parts(none_kept, predicts_out_of_fold=False).source == "held out"
    not_blind = keep(write_release(tmp_path / "moved"), samples=6, origin="mixed")
    assert parts(not_blind, predicts_out_of_fold=True).source == "out of fold"
    small = write_release(tmp_path / "small", questions=8)
    assert parts(small, predicts_out_of_fold=False).source == "none"
    assert parts(small, predicts_out_of_fold=False).describe()["out_of_fold"] == {"samples": 0, "questions": 0}


def test_what_is_too_few_for_an_interval_is_made_up_for_by_questions_of_the_training_part(tmp_path: Path) -> None:
    found = parts(keep(write_release(tmp_path / "r"), samples=1), predicts_out_of_fold=False)
    assert found.source == "release and held out"
    assert len(found.calibrate) >= 10
    learned, kept = ({one.sample.id for one in some} for some in (found.learn, found.calibrate))
    assert not learned & kept
    assert len(learned) + len(kept) == 90


def test_a_judge_with_one_kept_sample_is_as_sure_as_one_with_none_and_has_intervals(tmp_path: Path) -> None:
    write_release(tmp_path / "none" / "release")
    keep(write_release(tmp_path / "one" / "release"), samples=1)
    alone, joined = trained(tmp_path / "none"), trained(tmp_path / "one")
    assert read_json(joined.folder / "run.json")["data"]["calibration_source"] == "release and out of fold"
    for key, found in joined.calibrations().items():
        assert found.samples >= ENOUGH_SAMPLES
        assert found.factor is not None
        assert np.log(found.temperature / alone.calibrations()[key].temperature) == pytest.approx(0, abs=0.4)


def test_the_largest_seed_leaves_room_for_the_members_of_an_ensemble(tmp_path: Path) -> None:
    release = write_release(tmp_path / "r", questions=12)
    run = train(TrainingSpec(release, tmp_path / "run", "embedded", "quick", FEW_TREES, seed=LARGEST_SEED))
    assert run.state == "done"
