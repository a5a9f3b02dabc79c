"""The VLM backend through ``python -m judge``: from a release to predictions elsewhere, killed, and side by side."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from judge.backends.interface import BackendError
from judge.backends.vlm import launcher, trainer
from judge.backends.vlm.options import VlmOptions
from judge.runs import Run
from tests.judge.in_process import judge
from tests.judge.release_folders import write_release

from .tiny_models import write_model
from .vlm_runs import begun, some_samples, trained

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
# Enough that whoever waits for the third step still comes before the last one, seconds later.
EPOCHS = 9
SIDE_BY_SIDE = {"devices": 2, "device_batch": 2, "epochs": 2, "save_every": 2}


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "judge", *map(str, arguments)],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def order(place, out, **settings):
    found = ["train", place / "release", "--backend", "vlm", "--preset", "tiny", "--name", "j", "--out", out]
    for name, value in {"model": place / "model", "epochs": EPOCHS, "save_every": 2, **settings}.items():
        found += ["--set", f"{name}={value}"]
    return [*found, "--cache", place / "cache"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vlm")
    write_model(folder / "model", "qwen2_5_vl")
    write_release(folder / "release", questions=8, answers=3)
    return folder


def kill_at(process, step, how):
    """Send a signal once the training is so far, as its lines of progress say."""
    for line in process.stderr:
        if line.startswith("loss ") and int(line.split()[-1]) >= step:
            process.send_signal(how)
            break
    process.communicate(timeout=120)
    return process.returncode


def of_run(folder):
    """Return the processes that work in a run's folder."""
    return [one for one in psutil.process_iter(["cmdline"]) if str(folder.resolve()) in (one.info["cmdline"] or ())]


@pytest.mark.slow
def test_a_release_becomes_a_judge_that_judges_elsewhere_whatever_stops_it(place, tmp_path):
    out, errors = judge(*order(place, tmp_path / "whole"), "--json")
    events = [json.loads(line) for line in errors.splitlines()]
    assert [one["step"] for one in events if "step" in one][:2] == ["Looking at pictures", "Training"]
    assert {one["curve"] for one in events if "curve" in one} == {"loss"}
    report = json.loads(out)
    assert report["judge"] == "j"
    assert "expected:joint" in report["metrics"]["final"]["readouts"]
    for how, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        cut = tmp_path / f"cut-{how}"
        assert kill_at(start(*order(place, cut)), 3, how) == status
        assert not (cut / "model" / trainer.MODEL).exists()
        judge(*order(place, cut), "--resume")
        names = ("model/model.safetensors", "predictions.jsonl", "metrics.json", "calibration.json")
        for name in names:
            assert (cut / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
        assert Run(cut).curve() == Run(tmp_path / "whole").curve()
        assert not Run(cut).stages.exists()
    # Neither the model that it began as nor its folder's name is needed any more.
    elsewhere = tmp_path / "elsewhere"
    cut.rename(elsewhere)
    (place / "model").rename(place / "away")
    try:
        judge("predict", elsewhere, place / "release" / "test.jsonl", "--out", tmp_path / "p.jsonl")
    finally:
        (place / "away").rename(place / "model")
    assert (tmp_path / "p.jsonl").read_bytes() == (elsewhere / "predictions.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": "Qwen/Not-Here-7B"}, "hf download Qwen/Not-Here-7B"),
        ({"model": ""}, "give --set model=FOLDER"),
        ({"devices": 3}, "take a multiple of 24"),
        ({"picture_tokens": 0}, "the least is 1"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_remedy_before_anything_is_begun(place, tmp_path, changed, words):
    _, errors = judge(*order(place, tmp_path / "new", **changed), status=1)
    assert words in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "new").exists()


def test_the_processes_are_started_by_accelerate(tmp_path, place):
    run = begun(tmp_path / "run", place / "model", **SIDE_BY_SIDE)
    words = launcher.build_command(run, VlmOptions(devices=2))
    assert words[1:3] == ["-m", "accelerate.commands.launch"]
    assert words[words.index("--num_processes") + 1] == "2"
    assert words[-2:] == ["judge.backends.vlm.worker", str(run.folder.resolve())]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl"])
def test_two_processes_learn_the_same_with_copies_and_laid_out(tmp_path, family):
    write_model(tmp_path / "model", family)
    samples = some_samples(tmp_path / "release")
    # So that a process has a turn without a picture while the other has one.
    assert any(not one.sample.has_image for one in samples)
    curves = {}
    ways = {"copies": {}} | ({"laid-out": {"sharded": True, "checkpointing": True}} if family == "qwen2_5_vl" else {})
    for name, more in ways.items():
        run = begun(tmp_path / name, tmp_path / "model", **SIDE_BY_SIDE | more)
        trained(run, samples, tmp_path / "release")
        curves[name] = run.curve()["loss"]
        assert not of_run(run.folder)
    run = begun(tmp_path / "one", tmp_path / "model", **SIDE_BY_SIDE | {"devices": 1})
    trained(run, samples, tmp_path / "release")
    curves["one"] = run.curve()["loss"]
    assert [step for step, _ in curves["copies"]] == [1, 2, 3, 4]
    for step, loss in curves.get("laid-out", ()):
        assert dict(curves["copies"])[step] == pytest.approx(loss, rel=0.02)
    # The first step's samples are the same, however many share them.
    assert curves["one"][0][1] == pytest.approx(curves["copies"][0][1], rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("sharded", ["false", "true"])
def test_processes_side_by_side_end_with_the_one_that_started_them_and_go_on(place, tmp_path, sharded):
    how = SIDE_BY_SIDE | {"epochs": EPOCHS, "sharded": sharded}
    judge(*order(place, tmp_path / "whole", **how))
    cut = tmp_path / "cut"
    assert kill_at(start(*order(place, cut, **how)), 3, signal.SIGKILL) == -signal.SIGKILL
    until = time.monotonic() + 60
    while of_run(cut) and time.monotonic() < until:
        time.sleep(0.1)
    assert not of_run(cut)
    assert trainer.last_checkpoint(cut / "stages" / trainer.CHECKPOINTS, 2)
    assert not (cut / "model" / trainer.MODEL).exists()
    judge(*order(place, cut, **how), "--resume")
    one, other = ((tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "cut"))
    assert one == other


@pytest.mark.slow
def test_what_goes_wrong_in_a_process_is_told(place, tmp_path):
    samples = some_samples(tmp_path / "release")
    for one in samples:
        one.final, one.histogram = {}, {}
    run = begun(tmp_path / "run", place / "model", **SIDE_BY_SIDE)
    with pytest.raises(BackendError, match="No sample of the training part has a score"):
        trained(run, samples, tmp_path / "release")
