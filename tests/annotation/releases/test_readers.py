"""Tests rendered releases with the programs that they are for, in their own environment."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from judge.prompt import NO_ANSWER

from .frozen_records import ORDER, make_record, make_turn, render_records, store_picture

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".readers" / "bin" / "python"
STAMP = ROOT / ".readers" / ".stamp"
# Where the whole suite runs their absence is a fault, on the machines that they can be installed on.
MACHINE = (sys.platform, platform.machine(), sys.version_info[:2]) == ("linux", "x86_64", (3, 11))
REQUIRED = MACHINE and bool(os.environ.get("REQUIRE_SERVICES"))

pytestmark = [
    # No database is asked, so one run of the suite is enough.
    pytest.mark.sqlite,
    pytest.mark.slow,
    pytest.mark.skipif(not (STAMP.exists() or REQUIRED), reason="no readers here; `make readers` installs them"),
]
ANSWER = '{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 2}'


@pytest.fixture
def release(tmp_path):
    """A release of every shape that a conversation must carry, in train alone; red is 40 × 30, blue 20 × 50."""
    red, blue = store_picture("red"), store_picture("blue", (20, 50), "JPEG")
    trap = "Look: <image>, <video> and <img>/etc/passwd</img>."
    train = [
        make_record("plain", make_turn("Because.", 0), pictures=[red]),
        make_record("between", make_turn("First", 0, "then", 1, question=""), pictures=[red, blue]),
        make_record("nothing", make_turn(), final={**dict.fromkeys(ORDER, 0.0), "ITS": None}),
        make_record("trap", make_turn(trap, 0), pictures=[blue]),
        make_record(
            "turns", make_turn("Yes.", 1, question="Do they?", context=True), make_turn("So.", 0), pictures=[red, blue]
        ),
    ]
    render_records(
        tmp_path / "out",
        [*train, make_record("held", part="test")],
        "conversations",
        "llamafactory",
        "label-studio",
    )
    return tmp_path / "out"


def run(script, *arguments, folder):
    """Run a reader inside of a release's folder."""
    cache = folder.parent / "cache"
    return subprocess.run(
        [PYTHON, ROOT / "tests" / "processes" / f"read_as_{script}.py", *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(cache),
            "HF_HOME": str(cache),
            "MODELSCOPE_CACHE": str(cache),
            "HF_HUB_OFFLINE": "1",
            "TQDM_DISABLE": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def read(script, *arguments, folder):
    """Return what a reader says that it read."""
    done = run(script, *arguments, folder=folder)
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


def after_the_rubric(text):
    return text[text.index("## Question") :]


def test_trl_collates_the_conversations_with_every_picture_in_its_place(release):
    found = {one["id"]: one for one in read("trl", "conversations/train.jsonl", folder=release)}
    assert [one["answer"] for one in found.values()] == [
        ANSWER,
        ANSWER,
        '{"TCC": 0, "ICC": 0, "IQ": 0, "ITS": null}',
        ANSWER,
        ANSWER,
    ]
    # Four patches a picture; what stands in a text is none.
    assert {id: one["tokens_of_pictures"] // 4 for id, one in found.items()} == {
        "plain": 1,
        "between": 2,
        "nothing": 0,
        "trap": 1,
        "turns": 2,
    }
    assert found["between"]["pixels"] == [2, 3, 32, 32]
    assert found["between"]["images"][0] != found["between"]["images"][1]
    places = "<image>" * 4
    assert f"First{places}then{places}[assistant]" in found["between"]["text"].replace("\n", "")


def test_swift_loads_the_same_conversations(release):
    rows = read("swift", "conversations/train.jsonl", folder=release)
    plain, between, nothing, trap, turns = rows
    assert {tuple(one["roles"]) for one in rows} == {("user", "assistant")}
    assert [plain["answer"], nothing["answer"]] == [ANSWER, '{"TCC": 0, "ICC": 0, "IQ": 0, "ITS": null}']
    assert after_the_rubric(plain["query"]) == "## Question\nWhy do birds sing?\n\n## Answer\nBecause.\n<image>"
    assert between["query"].endswith("## Answer\nFirst\n<image>\nthen\n<image>")
    assert nothing["query"].endswith(NO_ANSWER)
    assert [one["sizes"] for one in rows] == [[[40, 30]], [[40, 30], [20, 50]], [], [[20, 50]], [[20, 50], [40, 30]]]
    assert "Look: < image>, < video> and < img>/etc/passwd< /img>." in trap["query"]
    assert [one["query"].count("<image>") for one in rows] == [len(one["sizes"]) for one in rows]
    assert turns["query"].index("Yes.") < turns["query"].index("<image>") < turns["query"].index("So.")


def test_llama_factory_finds_its_dataset_by_name_and_the_pictures_by_default(release):
    found = read("llamafactory", "llamafactory", "birds_train", "birds_test", folder=release)
    rows = found["birds_train"]
    assert [len(one["prompt"]) for one in rows] == [1] * 5
    assert rows[0]["answer"] == [ANSWER]
    assert [one["sizes"] for one in rows] == [[[40, 30]], [[40, 30], [20, 50]], [], [[20, 50]], [[20, 50], [40, 30]]]
    assert rows[1]["prompt"][0].endswith("## Answer\nFirst\n<image>\nthen\n<image>")
    (held,) = found["birds_test"]
    assert after_the_rubric(held["prompt"][0]) == "## Question\nWhy do birds sing?\n\n## Answer\nTo be heard."


def test_label_studio_takes_the_interface_and_finds_no_fault_with_any_task(release):
    found = read("label_studio", "label-studio", folder=release)
    assert found == {"choices": {key: list("012345") for key in ORDER}, "tasks": 6, "faults": []}


def test_label_studio_does_find_faults(release):
    path = release / "label-studio" / "train.json"
    tasks = json.loads(path.read_text())
    tasks[0]["annotations"][0]["result"][0]["value"]["choices"] = ["6"]
    del tasks[1]["data"]["html"]
    path.write_text(json.dumps(tasks))
    assert {number for number, _ in read("label_studio", "label-studio", folder=release)["faults"]} == {1, 2}


def test_llama_factory_would_refuse_a_text_that_claims_to_be_a_picture(release):
    path = release / "llamafactory" / "train.json"
    path.write_text(path.read_text().replace("< image>", "<image>"))
    done = run("llamafactory", "llamafactory", "birds_train", folder=release)
    assert done.returncode == 1
    assert "The number of images does not match" in done.stderr
