"""``python -m judge relearn``: asked line by line, it answers by models that had not seen the question."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from judge.context import JudgeContext
from judge.formats.picture_folder import PictureFolder
from judge.formats.rubric import parse_rubric
from judge.formats.sample_file import SampleLines
from judge.incremental_session import FEWEST, answer_lines, start_session

from .release_folders import TOML, write_release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    """Samples whose text is as long as their score is high; every tenth has no text, and every tenth no picture."""
    return write_release(tmp_path_factory.mktemp("relearning") / "release", questions=24, test_share=0)


@pytest.fixture(scope="module")
def lines(release) -> list[dict]:
    return [json.loads(line) for line in (release / "train.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def measured(release):
    return start_session(
        SampleLines(release / "train.jsonl"), parse_rubric(TOML), JudgeContext(PictureFolder(release)), seed=1
    )


def ratings(lines, key="TCC"):
    return {line["id"]: line["histogram"][key] for line in lines if sum(line["histogram"].get(key) or [])}


def test_it_is_ready_once_and_answers_each_line(measured, lines):
    asked = [
        json.dumps({"dimension": "TCC", "known": ratings(lines)}),
        "",
        json.dumps({"dimension": "IQ", "known": {}}),
    ]
    ready, first, second = (json.loads(line) for line in answer_lines(asked, measured))
    assert ready["samples"] == len(lines)
    assert (first["dimension"], first["samples"]) == ("TCC", len(ratings(lines)))
    said = next(iter(first["predictions"].values()))
    assert set(said) == {"p", "expected", "ensemble_sd", "p_dispute", "cluster"}
    assert sum(said["p"]) == pytest.approx(1, abs=1e-4)
    assert said["expected"] == pytest.approx(sum(level * p for level, p in enumerate(said["p"])), abs=1e-4)
    assert said["ensemble_sd"] > 0
    # Nothing is known of pictures yet.
    assert second == {"dimension": "IQ", "samples": 0, "predictions": {}}


def test_what_it_expects_of_unseen_questions_is_near_to_what_people_say(measured, lines):
    found = measured.answer_request({"dimension": "TCC", "known": ratings(lines)})["predictions"]
    human = {line["id"]: line["mean"]["TCC"] for line in lines if line["id"] in ratings(lines)}
    off = np.array([found[name]["expected"] - value for name, value in human.items()])
    assert np.sqrt((off**2).mean()) < 0.6 * np.std(list(human.values()))


def test_a_side_that_is_missing_is_left_to_the_rule(measured, lines):
    found = measured.answer_request({"dimension": "TCC", "known": ratings(lines)})["predictions"]
    assert {line["id"] for line in lines if line["answer"]} == set(found)


def test_labels_of_a_question_do_not_reach_what_is_said_of_its_own_samples(measured, lines):
    """Turn the labels of one question round: its own predictions stay, as only models without it speak of them."""
    known = ratings(lines)
    own = {line["id"] for line in lines if line["question_id"] == "q3"} & set(known)
    turned = known | {name: known[name][::-1] for name in own}
    first, second = (
        measured.answer_request({"dimension": "TCC", "known": labels})["predictions"] for labels in (known, turned)
    )
    assert own
    assert all(first[name] == second[name] for name in own)
    assert any(first[name] != second[name] for name in set(known) - own)


def test_with_too_few_labels_nothing_is_said(measured, lines):
    few = dict(list(ratings(lines).items())[: FEWEST - 1])
    assert measured.answer_request({"dimension": "TCC", "known": few})["predictions"] == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"dimension": "FL", "known": {}}', "no dimension"),
        ('{"dimension": "TCC"}', "must be an object"),
        ('{"dimension": "TCC", "known": {"q0-0": [1, 2]}}', "6 counts"),
        ('{"dimension": "TCC", "known": {"q0-0": [0, 0, 0, 0, 0, 0]}}', "6 counts"),
        ("[]", "an object"),
        ("no JSON", "Expecting"),
    ],
)
def test_a_line_that_cannot_be_answered_says_why_and_the_next_is_answered(measured, line, said):
    _, refused, answered = (json.loads(one) for one in answer_lines([line, '{"dimension":"TCC","known":{}}'], measured))
    assert said in refused["error"]
    assert answered["predictions"] == {}


def test_as_a_program_it_ends_where_its_input_ends(release, tmp_path):
    asked = "".join(_requests(release))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "judge", "relearn", str(release / "train.jsonl")),
            *("--rubric", str(release / "rubric.toml"), "--cache", str(tmp_path), "--json"),
        ],
        cwd=ROOT,
        input=asked,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    ready, answer = (json.loads(line) for line in done.stdout.splitlines())
    assert ready["samples"] == 72
    assert answer["predictions"]
    assert '"step": "Measuring samples"' in done.stderr


def _requests(release) -> Iterator[str]:
    lines = [json.loads(line) for line in (release / "train.jsonl").read_text().splitlines()]
    yield json.dumps({"dimension": "TCC", "known": ratings(lines)}) + "\n"
