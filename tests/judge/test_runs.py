"""A run's folder: what it is called, what is cleared for a new beginning, and which points its curves take."""

import math
from pathlib import Path

import pytest

from judge.runs import Run, RunConfig, read_run_name

from .release_folders import TOML


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = RunConfig(*("j", "embedded", "quick", {}, 42, "R1", "0" * 64, {}, "two@1", "sha", "1.0", {}, "2026-01-01"))
    return Run.begin(tmp_path / "run", config, TOML.encode(), resume=False)


def test_a_folder_tells_the_name_of_its_run_and_another_none(run: Run, tmp_path: Path) -> None:
    assert read_run_name(run.folder) == "j"
    assert read_run_name(tmp_path) == read_run_name(tmp_path / "nowhere") == ""


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_point_that_is_not_finite_is_not_drawn(run: Run, loss: float) -> None:
    run.add_to_curve("loss", 1, 0.5)
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.add_to_curve("loss", 2, loss)
    assert run.curve() == {"loss": [(1, 0.5)]}


def test_clearing_leaves_what_is_to_be_kept_and_tells_whether_there_was_more(run: Run) -> None:
    assert not run.clear()
    for folder in (run.model, run.stages / "deeper"):
        folder.mkdir(parents=True)
    for path in (run.model / "kept.json", run.model / "tree.skops", run.stages / "a.npy", run.stages / "deeper" / "b"):
        path.touch()
    run.add_to_curve("loss", 1, 0.5)
    before = {path.name for path in run.folder.iterdir()} - {"curve.jsonl"}
    assert run.clear(but={"kept.json"})
    assert [path.name for path in run.model.iterdir()] == ["kept.json"]
    assert list(run.stages.iterdir()) == []
    assert {path.name for path in run.folder.iterdir()} == before
    assert run.curve() == {}
    assert not run.clear(but={"kept.json"})
