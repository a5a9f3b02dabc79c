"""``python -m judge`` from the outside: train, predict, evaluate; killed and continued; what cannot be done and why."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

import pytest

from judge import __main__ as command
from judge.formats.prediction_line import parse_prediction_line
from judge.formats.rubric import parse_rubric
from judge.runs import Run

from . import in_process
from .release_folders import TOML, write_release

# Vectors that another version left in somebody's cache are not this one's business.
CACHE = tempfile.TemporaryDirectory(prefix="judge-cache-")
ENVIRONMENT = os.environ | {"XDG_CACHE_HOME": CACHE.name}
ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--preset", "quick")


def start(*arguments, **how):
    """Start the command with the cache of nobody else."""
    return subprocess.Popen(
        [sys.executable, "-m", "judge", *map(str, arguments)],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def judge(*arguments, status=0):
    return in_process.judge(*arguments, status=status, XDG_CACHE_HOME=CACHE.name)


def data(*arguments, status=0):
    out, _ = judge(*arguments, "--json", status=status)
    assert out.count("\n") == 1
    return json.loads(out)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A release, and a judge that was trained on it."""
    folder = tmp_path_factory.mktemp("judged")
    write_release(folder / "release", calibration=4)
    report = data("train", folder / "release", *QUICK, "--out", folder / "run", "--cache", folder / "cache")
    (folder / "report.json").write_text(json.dumps(report))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A release, how to train on it for a while, and a training that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole")
    write_release(folder / "release", questions=24)
    order = ["train", folder / "release", *QUICK, "--name", "j", "--set", "trees=400"]
    out, _ = start_to_end(*order, "--cache", folder / "cache", "--out", folder / "run")
    assert "j in " in out
    return folder, order


def start_to_end(*arguments):
    process = start(*arguments)
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return out, errors


def predicted(path):
    rubric = parse_rubric(TOML)
    return [parse_prediction_line(raw, rubric) for raw in path.read_bytes().splitlines()]


def test_a_trained_judge_beats_the_constant_and_says_what_it_learned_from(place):
    report = json.loads((place / "report.json").read_text())
    # Twelve kept samples are too few.
    assert report["data"]["calibration_source"] == "release and out of fold"
    assert report["data"]["calibrate"] == {"samples": 12, "questions": 4}
    assert report["data"]["out_of_fold"] == report["data"]["learn"]
    assert report["data"]["learn"] == {"samples": 78, "questions": 26}
    assert report["data"]["test"] == {"samples": 30, "questions": 10}
    for dimension in report["metrics"]["final"]["dimensions"]:
        known = {one["baseline"]: one["rmse"] for one in dimension["baselines"]}
        assert dimension["asked"]["rmse"] < 0.75 * known["constant"], dimension["key"]
        assert set(known) == {"constant", "generator", "features"}
        assert dimension["ceiling"]["ratings"] > 60


def test_a_run_folder_holds_all_that_can_be_asked_of_it(place):
    run = Run(place / "run")
    assert run.state == "done"
    assert run.config.name.startswith("embedded-quick-")
    assert len(run.config.release_sha256) == 64
    assert len(run.config.prompt_sha) == 64
    assert run.config.code_version.startswith("1.0+")
    assert "scikit-learn" in run.config.libraries
    assert set(run.calibrations()) == {"TCC", "IQ"}
    assert not run.stages.exists()
    suffixes = {path.suffix for path in run.folder.rglob("*") if path.is_file() and path.name != ".lock"}
    assert suffixes == {".json", ".jsonl", ".toml", ".skops"}


def test_predictions_are_complete_calibrated_and_follow_the_rules(place):
    found = {one.id: one for one in predicted(place / "run" / "predictions.jsonl")}
    lines = [json.loads(line) for line in (place / "release" / "test.jsonl").read_text().splitlines()]
    assert list(found) == [line["id"] for line in lines]
    for line in lines:
        one = found[line["id"]]
        if line["answer"] is None:
            assert (one.dimensions["TCC"].rounded, one.dimensions["TCC"].rule) == (0, "no_text")
        else:
            low, high = one.dimensions["TCC"].interval
            assert 0 <= low <= one.dimensions["TCC"].expected <= high <= 5
            assert one.dimensions["TCC"].ensemble_sd is not None
        assert ("IQ" in one.dimensions) == (line["image"] is not None)
        if line["answer"] is None and line["image"] is None:
            assert (one.status, one.cluster) == ("rule", None)
        else:
            assert one.status == "ok"
            assert one.cluster is not None


def test_what_it_learned_from_is_judged_by_models_that_had_not_seen_the_question(place, tmp_path):
    """And so it flatters nobody: the finished judge knows its training samples better than those do."""
    unseen = {one.id: one for one in predicted(place / "run" / "unseen.jsonl")}
    lines = [json.loads(line) for line in (place / "release" / "train.jsonl").read_text().splitlines()]
    learned = [line for line in lines if not line["calibration"]]
    assert list(unseen) == [line["id"] for line in learned]
    judge("predict", place / "run", place / "release" / "train.jsonl", "--out", tmp_path / "p.jsonl")
    seen = {one.id: one for one in predicted(tmp_path / "p.jsonl")}
    gaps = {"seen": [], "unseen": []}
    for line in learned:
        one, known = unseen[line["id"]], seen[line["id"]]
        assert (one.status, one.cluster, list(one.dimensions)) == (known.status, known.cluster, list(known.dimensions))
        for key, said in one.dimensions.items():
            if said.rule:
                assert said == known.dimensions[key]
                continue
            assert said.interval[0] <= said.expected <= said.interval[1]
            assert said.ensemble_sd is None
            gaps["unseen"].append((said.expected - line["final"][key]) ** 2)
            gaps["seen"].append((known.dimensions[key].expected - line["final"][key]) ** 2)
    assert len(gaps["seen"]) > 100
    assert sum(gaps["unseen"]) > 1.3 * sum(gaps["seen"])


def test_the_run_alone_is_enough_to_judge_elsewhere(place, tmp_path):
    moved = tmp_path / "elsewhere"
    (place / "run").rename(moved)
    try:
        report = data("predict", moved, place / "release" / "test.jsonl", "--out", tmp_path / "p.jsonl")
    finally:
        moved.rename(place / "run")
    assert report["predictions"] == 30
    assert (tmp_path / "p.jsonl").read_bytes() == (place / "run" / "predictions.jsonl").read_bytes()


def test_evaluating_says_of_a_file_what_training_said(place):
    report = json.loads((place / "report.json").read_text())
    for target in ("final", "mean"):
        card = data("evaluate", place / "run" / "predictions.jsonl", place / "release", "--target", target)
        del card["refused"], card["errors"]
        assert card == report["metrics"][target]
    out, _ = judge("evaluate", place / "run" / "predictions.jsonl", place / "release", "--no-features")
    assert "TCC  Text" in out
    assert "generator mean" in out
    assert "features by hand" not in out


def test_lines_that_cannot_be_read_are_refused_by_number_and_the_others_are_judged(place, tmp_path):
    (tmp_path / "images").symlink_to(place / "release" / "images")
    lines = (place / "release" / "test.jsonl").read_text().splitlines()[:3]
    (tmp_path / "s.jsonl").write_text("\n".join([lines[0], "{", lines[1], lines[0], '{"id": "z"}', lines[2]]) + "\n")
    report = data("predict", place / "run", tmp_path / "s.jsonl", "--out", tmp_path / "p.jsonl", status=3)
    assert (report["predictions"], report["refused"]) == (3, 3)
    assert "backend_error" not in report["statuses"]
    assert [error["line"] for error in report["errors"]] == [2, 4, 5]
    assert [one.id for one in predicted(tmp_path / "p.jsonl")] == [json.loads(line)["id"] for line in lines]


def test_a_picture_that_is_not_there_is_a_status_and_no_number(place, tmp_path):
    line = {"id": "x", "question": "Why?", "answer": "So.", "image": "gone.png"}
    (tmp_path / "s.jsonl").write_text(json.dumps(line) + "\n")
    report = data("predict", place / "run", tmp_path / "s.jsonl", "--out", tmp_path / "p.jsonl")
    assert report["statuses"] == {"backend_error": 1}
    found = predicted(tmp_path / "p.jsonl")[0]
    assert found.dimensions == {}
    assert "gone.png" in found.message


STEPS = ("Comparing models", "Training members", "Judging")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "steps"),
    # To be asked to end by a program is the same as an interrupt, from where it is heard on.
    [(signal.SIGKILL, STEPS), (signal.SIGINT, STEPS), (signal.SIGTERM, STEPS[1:2])],
)
def test_a_training_that_is_stopped_goes_on_to_the_same_result(whole, tmp_path, how, steps):
    folder, order = whole
    order = [*order, "--cache", tmp_path / "cache", "--out", tmp_path / "cut"]
    stopped = 0
    resume = []
    for step in steps:
        process = start(*order, *resume)
        resume = ["--resume"]
        for line in process.stderr:
            if line.startswith(step):
                time.sleep(0.2)
                process.send_signal(how)
                break
        process.communicate(timeout=120)
        stopped += process.returncode != 0
        if how != signal.SIGKILL and process.returncode:
            assert process.returncode == 130
    assert stopped >= min(2, len(steps))
    judge(*order, "--resume")
    for name in ("predictions.jsonl", "unseen.jsonl", "metrics.json", "calibration.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (folder / "run" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("verb", "arguments", "goes_on"),
    [
        ("train", ["release", "--out", "run"], True),
        ("predict", ["run", "samples.jsonl", "--out", "p.jsonl"], True),
        ("evaluate", ["p.jsonl", "release"], False),
        ("relearn", ["samples.jsonl", "--rubric", "rubric.toml"], False),
    ],
)
def test_who_stops_it_is_told_of_resuming_only_where_it_can_be(verb, arguments, goes_on, monkeypatch, capsys):
    def stopped(parsed):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, f"_{verb}", stopped)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    assert command.main([verb, *arguments]) == 130
    told = capsys.readouterr().err
    assert told.startswith("Stopped.")
    assert ("--resume" in told) is goes_on
    if goes_on:
        command._build_parser().parse_args([verb, *arguments, "--resume"])


def test_predicting_that_was_killed_goes_on_where_it_stopped(place, tmp_path):
    whole = tmp_path / "p.jsonl"
    samples = place / "release" / "test.jsonl"
    judge("predict", place / "run", samples, "--out", whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    part = tmp_path / "q.jsonl.part"
    part.write_bytes(b"".join(lines[:7]) + lines[7][:40])
    _, errors = judge("predict", place / "run", samples, "--out", tmp_path / "q.jsonl", status=1)
    assert "--resume" in errors
    report = data("predict", place / "run", samples, "--out", tmp_path / "q.jsonl", "--resume")
    assert report["continued_from"] == 7
    assert (tmp_path / "q.jsonl").read_bytes() == whole.read_bytes()
    assert not part.exists()


def test_a_part_of_something_else_is_not_gone_on_with(place, tmp_path):
    part = tmp_path / "q.jsonl.part"
    part.write_bytes((place / "run" / "predictions.jsonl").read_bytes().splitlines(keepends=True)[3])
    samples = place / "release" / "test.jsonl"
    _, errors = judge("predict", place / "run", samples, "--out", tmp_path / "q.jsonl", "--resume", status=1)
    assert "belongs" in errors
    assert part.stat().st_size


def test_a_run_is_not_continued_with_other_words(place):
    again = ["train", place / "release", "--preset", "quick", "--out", place / "run"]
    _, errors = judge(*again, status=1)
    assert "--resume" in errors
    _, errors = judge(*again, "--resume", "--seed", 7, status=1)
    assert "begun with seed 42, which is now 7" in errors
    _, errors = judge(*again, "--resume", "--set", "trees=41", status=1)
    assert "options" in errors


def test_a_run_that_another_version_named_is_continued_under_its_name(place, tmp_path):
    shutil.copytree(place / "run", tmp_path / "run")
    config = json.loads((tmp_path / "run" / "run.json").read_text())
    config |= {"name": "embedded-quick-0ther", "code_version": "0.9+other"}
    (tmp_path / "run" / "run.json").write_text(json.dumps(config))
    again = ["train", place / "release", *QUICK, "--out", tmp_path / "run", "--resume"]
    assert data(*again)["judge"] == "embedded-quick-0ther"
    _, errors = judge(*again, "--name", "mine", status=1)
    assert "begun with name 'embedded-quick-0ther', which is now 'mine'" in errors


def test_a_run_that_somebody_is_at_work_in_is_left_alone(place, tmp_path):
    with Run(place / "run").lock():
        _, errors = judge(
            "train", place / "release", *QUICK, "--out", place / "run", "--resume", "--name", "", status=1
        )
    assert "Another process" in errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "{release}", "--preset", "nosuch", "--out", "{new}"], "quick, standard"),
        (["train", "{release}", "--set", "tres=3", "--out", "{new}"], "tres is no option"),
        (["train", "{release}", "--set", "trees=many", "--out", "{new}"], "must be a whole number"),
        (["train", "{release}", "--set", "folds=1", "--out", "{new}"], "the least is 2"),
        (["train", "{release}", "--seed", "2147483648", "--out", "{new}"], "from 0 to 2,147,483,647"),
        (["train", "{release}", "--seed", "-1", "--out", "{new}"], "from 0 to 2,147,483,647"),
        (["train", "{release}", "--set", "trees", "--out", "{new}"], "name=value"),
        (["train", "{new}", "--out", "{new}"], "no rubric.toml"),
        (["train", "{release}", "--out", "{release}"], "not empty and holds no run"),
        (["predict", "{release}", "{release}/test.jsonl", "--out", "{new}"], "is no run"),
        (["predict", "{run}", "{new}", "--out", "{new}"], "No such file"),
        (["evaluate", "{new}", "{release}"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_remedy(place, tmp_path, arguments, words):
    names = {"release": place / "release", "run": place / "run", "new": tmp_path / "new"}
    _, errors = judge(*(one.format(**names) for one in arguments), status=1)
    assert words in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "new").exists()


def test_progress_for_a_program_is_lines_of_json(place, tmp_path):
    order = ["train", place / "release", *QUICK, "--out", tmp_path / "r", "--cache", place / "cache", "--json"]
    out, errors = judge(*order)
    events = [json.loads(line) for line in errors.splitlines()]
    steps = [event["step"] for event in events if "step" in event]
    assert steps[0] == "Measuring samples"
    assert steps[-1] == "Holding it to people's scores"
    assert any("done" in event for event in events)
    assert json.loads(out)["judge"]


def test_the_line_that_was_written_over_is_ended_where_the_work_fails(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)

    def fail():
        with command._progress(Namespace(json=False)) as progress:
            progress.step("Measuring samples", 10)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert shown.getvalue().endswith("0 of 10\n")


def test_nothing_of_django_and_no_heavy_library_is_needed_to_evaluate(place):
    code = (
        "import sys; from judge.__main__ import main; "
        f"main(['evaluate', {str(place / 'run' / 'predictions.jsonl')!r}, {str(place / 'release')!r}, '--json']); "
        "print([name for name in ('django', 'sklearn', 'torch', 'pandas') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
