"""Judges that learn with encoders: they see what features cannot, and go with their own encoder alone."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from judge.backends.embedded.encoders import encoder as encoder_module
from judge.backends.interface import BackendError
from judge.context import JudgeContext
from judge.formats.picture_folder import PictureFolder
from judge.formats.sample_file import SampleLines
from judge.options import OptionError
from judge.predicting import predict
from judge.runs import Run, RunError
from judge.training import TrainingSpec, train
from tests.judge import release_folders
from tests.judge.release_folders import TOML

from .tiny_encoders import BAD, GOOD, image_encoder, joint_encoder, text_encoder

ROOT = Path(__file__).resolve().parents[3]


def write_release(folder, *, questions=48):
    """Write a release in which one word of four with the same letters says what people scored; no pictures."""
    chance = random.Random(4)
    folder.mkdir()
    (folder / "rubric.toml").write_text(TOML)
    lines = {"train": [], "test": []}
    for number in range(questions):
        part = "test" if number % 4 == 0 else "train"
        for answer in range(3):
            word = chance.choice(GOOD + BAD)
            score = min(5, max(0, (5 if word in GOOD else 1) - chance.randrange(2)))
            histogram = {"TCC": [3 * (level == score) for level in range(6)], "IQ": [0, 0, 0]}
            line = {
                "id": f"q{number}-{answer}",
                "question_id": f"q{number}",
                "question": "what stood by the bridge ?",
                "answer": f"the {word} stood by {chance.choice(('a red', 'a blue', 'the red'))} bridge"
                if answer
                else None,
                "image": None,
                "part": part,
                "final": {"TCC": score if answer else 0, "IQ": None},
                "histogram": histogram if answer else {"TCC": [0] * 6, "IQ": [0, 0, 0]},
                "mean": {"TCC": score if answer else None, "IQ": None},
                "label_origin": "blind",
            }
            lines[part].append(json.dumps(line))
    for part, some in lines.items():
        (folder / f"{part}.jsonl").write_text("".join(line + "\n" for line in some))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A release, an encoder of its words, and a judge that learned with it."""
    folder = tmp_path_factory.mktemp("encoded")
    write_release(folder / "release")
    text_encoder(folder / "encoder")
    learn(folder, "run")
    return folder


def learn(place, out, *, encoder="encoder", resume=False, progress=None, cache="cache"):
    settings = {"text_encoder": str(place / encoder)} if encoder else {}
    order = TrainingSpec(
        place / "release", place / out, "embedded", "quick", settings, "j", resume=resume, cache=place / cache
    )
    return train(order, progress)


def judge(place, run, out, **places):
    context = JudgeContext(PictureFolder(place / "release"), None, path_overrides=places)
    predict(Run(run), SampleLines(place / "release" / "test.jsonl"), out, context)
    return out.read_bytes()


def rmse(run):
    return next(one for one in run.metrics()["final"]["dimensions"] if one["key"] == "TCC")["asked"]["rmse"]


def test_an_encoder_sees_what_no_feature_does_and_the_choice_is_written_down(place):
    blind = learn(place, "without", encoder="")
    run = Run(place / "run")
    assert rmse(run) < 0.5 * rmse(blind)
    chosen = json.loads((run.model / "model.json").read_text())["dimensions"]["TCC"]
    assert chosen["best"].endswith("-encoded")
    assert set(chosen["rmse"]) == {
        *("constant", "ridge", "kernel", "trees"),
        *("ridge-encoded", "kernel-encoded", "trees-encoded"),
    }
    assert (
        min(chosen["rmse"][kind] for kind in ("constant", "ridge", "kernel", "trees"))
        > 2 * chosen["rmse"]["trees-encoded"]
    )
    assert sum(chosen["weights"][kind] for kind in chosen["weights"] if kind.endswith("-encoded")) > 0.8
    assert not (blind.model / "encoders.json").exists()
    assert set(json.loads((blind.model / "model.json").read_text())["dimensions"]["TCC"]["rmse"]) == {
        *("constant", "ridge", "kernel", "trees")
    }


def test_the_run_remembers_its_encoder_and_holds_no_pickle(place):
    remembered = json.loads((place / "run" / "model" / "encoders.json").read_text())
    assert remembered["text"]["model_type"] == "bert"
    assert len(remembered["text"]["sha256"]) == 64
    suffixes = {path.suffix for path in (place / "run").rglob("*") if path.is_file() and path.name != ".lock"}
    assert suffixes == {".json", ".jsonl", ".toml", ".skops"}


def test_it_judges_elsewhere_with_its_encoder_in_another_place_and_with_no_other(place, tmp_path):
    moved = shutil.move(place / "encoder", tmp_path / "moved")
    try:
        with pytest.raises(BackendError, match=r"encoder is not there.*--set text_encoder=DIR"):
            judge(place, place / "run", tmp_path / "p.jsonl")
        found = judge(place, place / "run", tmp_path / "p.jsonl", text_encoder=str(moved))
        assert found == (place / "run" / "predictions.jsonl").read_bytes()
        other = text_encoder(tmp_path / "other", seed=2)
        with pytest.raises(BackendError, match="holds another model"):
            judge(place, place / "run", tmp_path / "q.jsonl", text_encoder=str(other))
        with pytest.raises(BackendError, match="learned with a text_encoder"):
            judge(place, place / "run", tmp_path / "q.jsonl", text_encoder="")
        with pytest.raises(OptionError, match=r"trees cannot be set.*image_encoder, joint_encoder, text_encoder"):
            judge(place, place / "run", tmp_path / "q.jsonl", trees=3)
        with pytest.raises(OptionError, match="text_encoder is 3"):
            judge(place, place / "run", tmp_path / "q.jsonl", text_encoder=3)
        assert not (tmp_path / "q.jsonl").exists()
    finally:
        shutil.move(moved, place / "encoder")


def test_texts_pictures_and_both_go_together_where_sides_are_missing(tmp_path):
    makers = {"text": text_encoder, "image": image_encoder, "joint": joint_encoder}
    settings = {f"{role}_encoder": str(make(tmp_path / role)) for role, make in makers.items()} | {"components": 5}
    release = release_folders.write_release(tmp_path / "release")
    run = train(TrainingSpec(release, tmp_path / "run", "embedded", "quick", settings))
    about = json.loads((run.model / "model.json").read_text())["encoded"]
    # To these encoders all questions are the same unknown words.
    assert about["components"] == dict.fromkeys(("text-answer", "image-pictures", "joint-answer", "joint-pictures"), 5)
    lines = [json.loads(line) for line in (run.folder / "predictions.jsonl").read_text().splitlines()]
    assert {line["status"] for line in lines} <= {"ok", "rule"}
    assert {tuple(line["dimensions"]) for line in lines} == {("TCC", "IQ"), ("TCC",)}
    # What features tell of length and sharpness is not lost among the columns of random encoders.
    for dimension in run.metrics()["final"]["dimensions"]:
        known = {one["baseline"]: one["rmse"] for one in dimension["baselines"]}
        assert dimension["asked"]["rmse"] < 0.85 * known["constant"], dimension["key"]


def test_a_second_training_asks_the_encoder_nothing(place, monkeypatch):
    def refuse(*_):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(encoder_module, "Encoder", refuse)
    learn(place, "again")
    assert rmse(Run(place / "again")) == rmse(Run(place / "run"))


def test_a_training_does_not_begin_without_its_encoder(place, tmp_path):
    with pytest.raises(BackendError, match="hf download"):
        learn(place, "new", encoder="gone")
    assert not (place / "new").exists()


class Cut:
    """Hears how it goes, and ends it at a step."""

    def __init__(self, step, count=0):
        self.at, self.count, self.steps = step, count, []

    def step(self, activity, total=None):
        self.steps.append(activity)
        if activity == self.at and not self.count:
            raise KeyboardInterrupt

    def done(self, count):
        if self.steps[-1] == self.at and count >= self.count:
            raise KeyboardInterrupt

    def curve(self, series, x, y): ...
    def note(self, text): ...


def test_a_training_that_is_cut_short_goes_on_to_the_same_result_and_not_with_another_encoder(place, monkeypatch):
    monkeypatch.setattr("judge.backends.embedded.encoders.cached_encoding.CHUNK_SIZE", 16)
    for number, cut in enumerate((Cut("Encoding samples", 32), Cut("Training members"), Cut("Judging", 20))):
        with pytest.raises(KeyboardInterrupt):
            learn(place, "cut", cache="cut-cache", resume=number > 0, progress=cut)
        assert Run(place / "cut").state != "done"
    kept = shutil.copytree(place / "encoder", place / "kept")
    text_encoder(place / "encoder", seed=3)
    try:
        with pytest.raises(BackendError, match="holds another model"):
            learn(place, "cut", resume=True)
    finally:
        shutil.rmtree(place / "encoder")
        kept.rename(place / "encoder")
    with pytest.raises(RunError, match="options"):
        learn(place, "cut", encoder="", resume=True)
    learn(place, "cut", cache="cut-cache", resume=True)
    for name in ("predictions.jsonl", "metrics.json", "calibration.json", "model/model.json"):
        assert (place / "cut" / name).read_bytes() == (place / "run" / name).read_bytes(), name


@pytest.mark.slow
def test_a_training_that_is_killed_while_it_encodes_goes_on_to_the_same_result(place, tmp_path):
    encoder = f"text_encoder={place / 'encoder'}"
    order = [
        "train",
        place / "release",
        "--preset",
        "quick",
        "--set",
        encoder,
        "--name",
        "j",
        "--out",
        tmp_path / "run",
    ]
    command = [sys.executable, "-m", "judge", *map(str, order), "--cache", str(tmp_path / "cache"), "--resume"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("Encoding samples"):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    whole = (place / "run" / "predictions.jsonl").read_bytes()
    assert (tmp_path / "run" / "predictions.jsonl").read_bytes() == whole
    shutil.copytree(place / "encoder", tmp_path / "copy")
    order = [
        "predict",
        tmp_path / "run",
        place / "release" / "test.jsonl",
        "--set",
        f"text_encoder={tmp_path / 'copy'}",
    ]
    command = [sys.executable, "-m", "judge", *map(str, order), "--out", str(tmp_path / "p.jsonl"), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120, text=True)
    assert (tmp_path / "p.jsonl").read_bytes() == whole
    assert all(json.loads(line) for line in done.stderr.splitlines())
