"""Trains tiny models on a few samples, as the commands do, without a process of its own for each."""

from pathlib import Path

from judge.backends.registry import load_backend
from judge.context import JudgeContext
from judge.formats.picture_folder import PictureFolder
from judge.formats.release_line import ReleaseFolder
from judge.inference import open_judge
from judge.presets import find_preset
from judge.runs import Run, RunConfig
from tests.judge.release_folders import TOML, write_release

FEW = {"questions": 8, "answers": 2, "test_share": 0.0, "raters": 1}


def some_samples(folder, count=16, **how):
    """Return labelled samples whose pictures are in the folder; some have no text, some no picture."""
    write_release(folder, **FEW | how)
    return list(ReleaseFolder(folder).samples("train"))[:count]


def begun(folder, model, rubric=TOML, **settings):
    """Return a run that has not learned anything."""
    options = find_preset("tiny", "vlm").options | {"model": str(model)} | settings
    config = RunConfig(*("j", "vlm", "tiny", options, 42, "R1", "0" * 64, {}, "two@1", "sha", "1.0", {}, "2026-01-01"))
    return Run.begin(Path(folder), config, rubric.encode(), resume=(Path(folder) / "run.json").exists())


def trained(run, samples, pictures, progress=None):
    """Train a run, or go on with it."""
    context = JudgeContext(PictureFolder(pictures), **({"progress": progress} if progress else {}))
    load_backend("vlm").train(run, samples, context)
    return run


def judged(run, samples, pictures):
    with open_judge(run, JudgeContext(PictureFolder(pictures))) as judge:
        return list(judge.predict(one.sample for one in samples))
