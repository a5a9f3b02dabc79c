"""The folder of a release, its archive, and the check that both are whole."""

import hashlib
import io
import json
import os
import shutil

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from annotation.core.errors import WorkflowError
from annotation.releases import output_folder as writing
from annotation.releases.file_names import is_safe_path
from annotation.releases.output_folder import OutputFolder
from annotation.releases.verifying import verify_release
from annotation.releases.zip import open_archive_member, pack_folder

from .frozen_records import make_record, make_turn, render_records, store_picture

UNSAFE = [
    "",
    ".",
    "..",
    "/a",
    "a/../b",
    "a//b",
    "a/",
    "../a",
    "a\\b",
    "c:a",
    ".hidden",
    "a\n",
    "a b",
    "ä",
    "nul.txt",
    "a.",
]


class Remote(Storage):
    """A storage whose files have no path, as one elsewhere."""

    def _open(self, name, mode):
        return ContentFile(f"the picture {name}".encode())


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def released(folder, *formats):
    records = [
        make_record("a", make_turn("One.", 0), pictures=[store_picture("red")]),
        make_record("b", make_turn("Two.", 0), pictures=[store_picture("blue")], part="test"),
    ]
    return render_records(folder, records, *(formats or ("jsonl", "parquet")))


# --- writing --------------------------------------------------------------------------------------


def test_what_is_written_is_counted_and_hashed(tmp_path):
    output = OutputFolder(tmp_path / "out")
    with output.create("deep/a.txt") as file:
        file.write(b"one ")
        file.write(b"x" * 3_000_000)
    place = tmp_path / "out" / "deep" / "a.txt"
    assert output.files == [{"path": "deep/a.txt", "bytes": 3_000_004, "sha256": sha256(place)}]


def test_a_file_that_is_still_open_is_not_passed_off_as_written(tmp_path):
    output = OutputFolder(tmp_path)
    output.create("a.txt")
    with pytest.raises(ValueError, match=r"a\.txt"):
        _ = output.files


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="no safe name"):
        OutputFolder(tmp_path / "out").create(name)


def test_a_name_is_taken_once(tmp_path):
    output = OutputFolder(tmp_path)
    output.write("a.txt", "one")
    with pytest.raises(ValueError, match="already"):
        output.create("a.txt")


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(WorkflowError, match="not empty"):
        OutputFolder(tmp_path)


@given(st.text(max_size=20))
def test_a_safe_name_never_leads_out_of_its_folder(name):
    if is_safe_path(name):
        assert name.isascii()
        assert os.path.normpath(name) == name
        assert not name.startswith(("/", "."))


@pytest.mark.parametrize("by_the_system", [True, False])
def test_a_picture_is_copied_once_and_hashed_as_it_is_stored(tmp_path, monkeypatch, by_the_system):
    if not by_the_system:
        monkeypatch.delattr(os, "copy_file_range")
    picture = store_picture("red", (300, 200))
    output = OutputFolder(tmp_path / "out")
    assert output.copy_picture(picture) == output.copy_picture(picture) == picture["name"]
    copy = tmp_path / "out" / picture["name"]
    with default_storage.open(picture["storage"]) as stored:
        assert copy.read_bytes() == stored.read()
    assert output.files == [{"path": picture["name"], "bytes": copy.stat().st_size, "sha256": sha256(copy)}]
    assert output.pictures == 1


def test_a_picture_is_copied_where_the_system_cannot_copy_between_two_places(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError("between devices")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    picture = store_picture("red", (300, 200))
    output = OutputFolder(tmp_path / "out")
    output.copy_picture(picture)
    assert sha256(tmp_path / "out" / picture["name"]) == output.files[0]["sha256"]


def test_a_picture_is_copied_from_a_storage_that_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "default_storage", Remote())
    picture = {**store_picture(), "storage": "far/a.png"}
    output = OutputFolder(tmp_path / "out")
    output.copy_picture(picture)
    assert (tmp_path / "out" / picture["name"]).read_bytes() == b"the picture far/a.png"
    assert output.files[0]["bytes"] == 21


def test_a_picture_that_is_gone_is_named(tmp_path):
    picture = store_picture()
    default_storage.delete(picture["storage"])
    with pytest.raises(WorkflowError, match="is gone"):
        OutputFolder(tmp_path / "out").copy_picture(picture)


def test_a_picture_cannot_be_called_as_it_likes(tmp_path):
    with pytest.raises(ValueError, match="no safe name"):
        OutputFolder(tmp_path / "out").copy_picture({**store_picture(), "name": "images/../../a.png"})


# --- the archive ----------------------------------------------------------------------------------


def test_a_folder_packed_twice_is_the_same_file_and_holds_all_of_it(tmp_path):
    released(tmp_path / "out")
    first = pack_folder(tmp_path / "out", tmp_path / "first.zip")
    for path in (tmp_path / "out").rglob("*"):
        os.utime(path, (1, 1))
    second = pack_folder(tmp_path / "out", tmp_path / "second.zip")
    assert first == second
    assert (first.bytes, first.sha256) == ((tmp_path / "first.zip").stat().st_size, sha256(tmp_path / "second.zip"))
    shutil.unpack_archive(tmp_path / "first.zip", tmp_path / "unpacked")
    assert verify_release(tmp_path / "unpacked").is_intact


def test_one_file_is_read_out_of_an_archive(tmp_path):
    released(tmp_path / "out")
    pack_folder(tmp_path / "out", tmp_path / "out.zip")
    with (tmp_path / "out.zip").open("rb") as archive:
        with open_archive_member(archive, "train.jsonl") as stream:
            assert json.loads(stream.read())["id"] == "a"
        with pytest.raises(KeyError), open_archive_member(archive, "nothing.jsonl"):
            pass


# --- verifying ------------------------------------------------------------------------------------


def test_a_release_as_it_was_written_is_verified(tmp_path):
    files = released(tmp_path / "out").files
    verdict = verify_release(tmp_path / "out")
    assert (verdict.problems, verdict.files) == ([], len(files))
    assert {"README.md", "rubric.toml", "train.jsonl", "test.jsonl", "train.parquet"} <= {one["path"] for one in files}


def change_in_place(folder):
    path = folder / "train.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"TCC": 4', b'"TCC": 5', 1))


def longer(folder):
    with (folder / "README.md").open("a") as file:
        file.write("More.")


def manifest_with(**changes):
    def change(folder):
        path = folder / "manifest.json"
        data = json.loads(path.read_text())
        data["files"][0].update(changes)
        path.write_text(json.dumps(data))

    return change


def linked(folder):
    path = folder / "train.jsonl"
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize(
    ("harm", "path", "what"),
    [
        (change_in_place, "train.jsonl", "has changed: its SHA-256"),
        (longer, "README.md", "has changed: "),
        (lambda folder: (folder / "test.jsonl").unlink(), "test.jsonl", "is missing"),
        (lambda folder: (folder / "images" / "new.png").write_bytes(b"x"), "images/new.png", "is not in the manifest"),
        (linked, "train.jsonl", "is a link"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json", "is missing"),
        (lambda folder: (folder / "manifest.json").write_text('{"files": ['), "manifest.json", "is garbled"),
        (lambda folder: (folder / "manifest.json").write_text('{"files": []}'), "manifest.json", "lists no files"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff"), "manifest.json", "is garbled"),
        (manifest_with(bytes="1"), "manifest.json", "entry 1"),
        (manifest_with(path="../outside"), '"../outside"', "is an unsafe name"),
        (manifest_with(path="/etc/passwd"), '"/etc/passwd"', "is an unsafe name"),
        (manifest_with(path="test.jsonl"), "test.jsonl", "is listed twice"),
    ],
)
def test_whatever_is_wrong_with_a_release_is_named_with_its_remedy(tmp_path, harm, path, what):
    folder = tmp_path / "out"
    released(folder)
    harm(folder)
    verdict = verify_release(folder)
    assert not verdict.is_intact
    found = [problem for problem in verdict.problems if problem.path == path]
    assert any(what in problem.what and problem.remedy for problem in found), verdict.problems


def test_a_file_outside_of_the_folder_is_not_even_looked_at(tmp_path):
    folder = tmp_path / "out"
    released(folder)
    outside = tmp_path / "outside"
    outside.write_bytes(b"x")
    manifest_with(path="../outside", bytes=1, sha256=sha256(outside))(folder)
    assert any(problem.path == '"../outside"' for problem in verify_release(folder).problems)


def test_the_command_says_that_all_is_well(tmp_path):
    released(tmp_path / "out")
    said = io.StringIO()
    call_command("verify", str(tmp_path / "out"), stdout=said)
    assert "files are as the manifest says" in said.getvalue()


def test_the_command_leaves_with_one_and_names_each_problem(tmp_path):
    folder = tmp_path / "out"
    released(folder)
    longer(folder)
    (folder / "test.jsonl").unlink()
    said = io.StringIO()
    with pytest.raises(CommandError, match="2 problems") as left:
        call_command("verify", str(folder), stdout=said)
    assert left.value.returncode == 1
    lines = said.getvalue().splitlines()
    assert [line.split(":")[0] for line in lines] == ["README.md", "test.jsonl"]
    assert all(line.endswith("Fetch the release again.") for line in lines)


def test_the_command_prints_one_object_for_programs(tmp_path):
    folder = tmp_path / "out"
    released(folder)
    (folder / "test.jsonl").unlink()
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify", str(folder), "--json", stdout=said)
    data = json.loads(said.getvalue())
    assert (data["verified"], [problem["path"] for problem in data["problems"]]) == (False, ["test.jsonl"])


def test_a_place_that_is_no_folder_is_no_release(tmp_path):
    with pytest.raises(CommandError):
        call_command("verify", str(tmp_path / "nowhere"), stdout=io.StringIO())
