"""A release's folder as a judge reads it."""

import json

import pytest

from judge.formats.json_line import RecordError
from judge.formats.release_line import ReleaseFolder, parse_labelled
from judge.formats.rubric import rubric_from_data

TOML = """
key = "one"
title = "One"
[[dimensions]]
key = "TCC"
name = "Text"
needs = ["text"]
levels = [1, 2, 3]
"""
RUBRIC = rubric_from_data(
    {
        "key": "one",
        "title": "One",
        "dimensions": [{"key": "TCC", "name": "Text", "needs": ["text"], "levels": [1, 2, 3]}],
    }
)
LINE = {
    "id": "a",
    "question": "Why?",
    "answer": "So.",
    "generator": "g",
    "part": "train",
    "calibration": True,
    "final": {"TCC": 2},
    "histogram": {"TCC": [0, 2, 1]},
    "mean": {"TCC": 2.333333},
    "outcome": {"TCC": "discussed"},
    "label_origin": "blind",
    "annotators": 3,
    "rubric": "one@1",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rubric.toml").write_text(TOML)
    (tmp_path / "train.jsonl").write_text(json.dumps(LINE) + "\n\n" + json.dumps(LINE | {"id": "b"}) + "\n")
    (tmp_path / "test.jsonl").write_text(json.dumps(LINE | {"id": "c", "part": "test"}) + "\n")
    return tmp_path


def test_the_labels_of_both_parts_are_read_in_order(folder):
    release = ReleaseFolder(folder)
    first, second = release.samples("train")
    assert (first.sample.id, second.sample.id) == ("a", "b")
    assert (first.final, first.histogram, first.mean) == ({"TCC": 2}, {"TCC": [0, 2, 1]}, {"TCC": 2.333333})
    assert (first.calibration, first.label_origin, first.sample.generator) == (True, "blind", "g")
    assert [one.part for one in release.samples("test")] == ["test"]


def test_what_does_not_apply_is_left_out():
    labelled = parse_labelled(LINE | {"final": {"TCC": None}, "histogram": None, "mean": {}}, RUBRIC)
    assert (labelled.final, labelled.histogram, labelled.mean) == ({}, {}, {})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"part": "dev"}, "part"),
        ({"final": {"TCC": 4}}, "final.TCC"),
        ({"final": {"TCC": True}}, "final.TCC"),
        ({"final": {"X": 1}}, "final.X"),
        ({"final": 3}, "final"),
        ({"histogram": {"TCC": [1, 2]}}, "histogram.TCC"),
        ({"histogram": {"TCC": [1, -2, 0]}}, "histogram.TCC"),
        ({"mean": {"TCC": 3.5}}, "mean.TCC"),
        ({"anser": "x"}, "anser"),
    ],
)
def test_a_fault_names_its_field(changes, field):
    with pytest.raises(RecordError) as refusal:
        parse_labelled(LINE | changes, RUBRIC)
    assert refusal.value.field == field


def test_a_fault_in_a_file_names_file_and_line(folder):
    with (folder / "test.jsonl").open("a") as file:
        file.write(json.dumps(LINE | {"part": "x"}) + "\n")
    with pytest.raises(RecordError, match=r"test\.jsonl:2: part"):
        list(ReleaseFolder(folder).samples("test"))


def test_a_folder_that_is_no_release_says_what_is_missing(folder):
    (folder / "test.jsonl").unlink()
    with pytest.raises(FileNotFoundError, match=r"no test\.jsonl; name the folder of a release in the format jsonl"):
        ReleaseFolder(folder)


def test_the_checksum_follows_the_labels_and_the_manifest_where_there_is_one(folder):
    before = ReleaseFolder(folder).checksum()
    assert ReleaseFolder(folder).checksum() == before
    (folder / "test.jsonl").write_text(json.dumps(LINE | {"part": "test", "final": {"TCC": 1}}) + "\n")
    assert ReleaseFolder(folder).checksum() != before
    (folder / "manifest.json").write_text('{"release": {"name": "R2"}}')
    assert ReleaseFolder(folder).name() == "R2"
    once = ReleaseFolder(folder).checksum()
    (folder / "manifest.json").write_text('{"release": {"name": "R3"}}')
    assert ReleaseFolder(folder).checksum() != once


def test_a_release_without_a_manifest_goes_by_its_folder(folder):
    assert ReleaseFolder(folder).name() == folder.name
