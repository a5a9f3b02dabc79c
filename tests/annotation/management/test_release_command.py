"""manage.py release and reserve_pool, as a person calls them."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotation.models import Release, ReservedPool, Study
from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import parse_sample
from tests.annotation.releases.release_rows import GOOD, make_agreed_sample, set_final_scores
from tests.factories import make_member, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2)
    ann = make_member(study, "ann")
    for number in range(10):
        make_agreed_sample(study, f"s{number}", generator=f"made-by-{number % 2}", domain="nature", scores={ann: GOOD})
    return study


def release(*arguments: Any) -> str:
    printed = io.StringIO()
    call_command("release", "birds", *map(str, arguments), stdout=printed, stderr=io.StringIO())
    return printed.getvalue()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_is_a_folder_with_its_parts_pictures_rubric_card_and_manifest(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "new" / "v1"
    told = json.loads(release("--name", "v1", "--format", "jsonl", "--out", out, "--json"))
    assert told["name"] == "v1"
    assert told["train"] == {"samples": 8, "questions": 8}
    assert told["test"] == {"samples": 2, "questions": 2}
    assert told["met"]["test_samples"] == {"wanted": 2, "got": 2, "exact": True, "why": ""}
    found = content(out)
    pictures = {name for name in found if name.startswith("images/")}
    assert set(found) - pictures == {"train.jsonl", "test.jsonl", "rubric.toml", "README.md", "manifest.json"}
    assert len(pictures) == 1
    assert set(told["files"]) == set(found) - {"manifest.json"}
    assert parse_rubric(found["rubric.toml"]).key == "answer"
    call_command("verify", str(out), stdout=io.StringIO())


def test_a_line_is_a_sample_line_with_what_was_agreed(study: Study, tmp_path: Path) -> None:
    release("--name", "v1", "--out", tmp_path / "v1")
    everything = {line["id"]: line for part in ("train", "test") for line in lines(tmp_path / "v1" / f"{part}.jsonl")}
    assert set(everything) == {f"s{number}" for number in range(10)}
    line = everything["s3"]
    assert line["final"] == GOOD
    assert line["histogram"]["TCC"] == [0, 0, 0, 0, 1, 0]
    assert line["mean"] == GOOD
    assert (line["annotators"], line["label_origin"], line["rubric"]) == (1, "blind", "answer@1")
    assert "generator" not in line
    own = ("part", "calibration", "final", "histogram", "mean", "outcome", "label_origin", "annotators", "rubric")
    record = parse_sample({name: value for name, value in line.items() if name not in own})
    assert record.id == "s3"
    assert (tmp_path / "v1" / record.images[0].path).read_bytes()


def test_files_made_again_are_the_same_bytes_whatever_has_happened_since(study: Study, tmp_path: Path) -> None:
    formats = [word for name in ("jsonl", "parquet", "datasets", "scores") for word in ("--format", name)]
    release("--name", "v1", "--out", tmp_path / "first", *formats)
    for sample in study.samples.all():
        set_final_scores(sample, {**GOOD, "IQ": 0}, version=2)
    study.title = "Another title"
    study.save()
    release("--again", "1", "--out", tmp_path / "again", *formats)
    assert content(tmp_path / "first") == content(tmp_path / "again")
    assert Release.objects.count() == 1


def test_the_generator_is_told_where_it_is_asked_for_and_nowhere_else(study: Study, tmp_path: Path) -> None:
    formats = [
        word
        for name in (
            "jsonl",
            "parquet",
            "datasets",
            "conversations",
            "llamafactory",
            "intersyn",
            "label-studio",
            "scores",
        )
        for word in ("--format", name)
    ]
    release("--name", "v1", "--out", tmp_path / "without", *formats)
    release("--again", "1", "--out", tmp_path / "with", "--with-generator", *formats)
    assert not any(b"made-by-" in data for data in content(tmp_path / "without").values())
    assert any(b"made-by-1" in data for data in content(tmp_path / "with").values())


def test_no_annotator_is_named_in_any_file(study: Study, tmp_path: Path) -> None:
    release("--name", "v1", "--out", tmp_path / "v1", "--format", "scores", "--format", "jsonl", "--format", "parquet")
    everything = b"".join(content(tmp_path / "v1").values())
    for member in study.members.all():
        assert member.name.encode() not in everything
        assert member.public_id.encode() not in everything


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--test-count", "10"), "test"),
        (("--test-share", "1.5"), "test_share: A number between 0 and 1"),
        (("--calibration-share", "-1"), "calibration_share"),
    ],
)
def test_what_cannot_be_made_leaves_neither_release_nor_folder(
    study: Study, tmp_path: Path, arguments: Iterable[str], told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        release("--name", "v1", "--out", tmp_path / "v1", *arguments)
    assert not Release.objects.exists()
    assert not (tmp_path / "v1").exists()


def test_a_folder_that_holds_something_is_refused_before_anything_is_frozen(study: Study, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="not empty"):
        release("--name", "v1", "--out", tmp_path / "out")
    assert not Release.objects.exists()
    assert content(tmp_path / "out") == {"mine.txt": b"mine"}


def test_a_rendering_that_fails_leaves_no_folder_and_says_how_to_go_on(study: Study, tmp_path: Path) -> None:
    release("--name", "v1", "--out", tmp_path / "v1")
    picture = study.samples.first().pictures.get().picture
    default_storage.delete(picture.full)
    with pytest.raises(CommandError):
        release("--again", "1", "--out", tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir() and path.name != "media") == ["v1"]


def test_a_number_that_is_not_there_is_refused_with_those_that_are(study: Study, tmp_path: Path) -> None:
    release("--name", "v1", "--out", tmp_path / "v1")
    with pytest.raises(CommandError, match="There are: 1"):
        release("--again", "7", "--out", tmp_path / "again")


def test_people_are_told_what_became_of_it(study: Study, tmp_path: Path) -> None:
    told = release("--name", "v1", "--out", tmp_path / "v1", "--test-count", "3")
    assert "Release 1 of birds, v1: 10 samples." in told
    assert "test: 3 samples of 3 questions" in told
    assert "verify" in told


def test_a_pool_is_reserved_by_the_command(study: Study) -> None:
    printed = io.StringIO()
    call_command("reserve_pool", "birds", "--share", "0.5", stdout=printed)
    assert ReservedPool.objects.get().share == 0.5
    assert "of 10 questions" in printed.getvalue()
    with pytest.raises(CommandError, match="cannot be drawn anew"):
        call_command("reserve_pool", "birds", "--share", "0.4")
