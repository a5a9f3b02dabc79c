"""ZIP files are imported with their pictures; unsafe ones are rejected early."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from annotation.core.errors import BadInput
from annotation.imports import temporary_folders, uploads
from annotation.imports.formats import zip as archive
from annotation.models import Sample
from tests.factories import make_member, make_study, make_user

from .importing import import_sample_file, line_counts, make_picture, rejected_lines, sample_line
from .zip_files import (
    DEVICE,
    LINK,
    PIPE,
    declare_members,
    declare_size,
    rename_members,
    set_flag,
    write_overlapping,
    write_special,
    write_zip,
)

pytestmark = pytest.mark.django_db
LINES = json.dumps(sample_line("a", image="images/a.png")).encode() + b"\n"


@pytest.fixture
def study():
    return make_study()


def list_unpacked(settings) -> list[Path]:
    """What lies in the folder that imports unpack into."""
    root = Path(settings.DATA_DIR) / temporary_folders.FOLDER
    return [path for path in root.rglob("*") if path.name != ".lock"] if root.exists() else []


@pytest.mark.parametrize("top", ["", "birds/", "birds/of/prey/"])
def test_lines_and_pictures_come_in_at_whatever_depth_and_nothing_stays_unpacked(study, tmp_path, settings, top):
    members = {f"{top}samples.jsonl": LINES, f"{top}images/a.png": make_picture(), f"{top}images/": b""}
    assert line_counts(import_sample_file(study, write_zip(tmp_path / "a.zip", members))) == (1, 0, 0, 0)
    assert Sample.objects.get().pictures.get().source_name == "images/a.png"
    assert list_unpacked(settings) == []


def test_pictures_may_be_named_from_the_top_of_the_zip(study, tmp_path):
    path = write_zip(tmp_path / "a.zip", {"lines/samples.jsonl": LINES, "images/a.png": make_picture()})
    assert line_counts(import_sample_file(study, path)) == (1, 0, 0, 0)


def test_what_file_managers_leave_is_ignored_and_said(study, tmp_path):
    members = {"samples.jsonl": LINES, "images/a.png": make_picture(), "README.md": b"Birds."}
    members |= {"__MACOSX/images/._a.png": b"x", ".DS_Store": b"x", "images/Thumbs.db": b"x"}
    report = import_sample_file(study, write_zip(tmp_path / "a.zip", members))
    assert line_counts(report) == (1, 0, 0, 0)
    (note,) = report.notes
    assert "4 files" in note
    assert "README.md" in note


def test_a_faulty_line_in_a_zip_is_refused_by_its_number(study, tmp_path):
    path = write_zip(tmp_path / "a.zip", {"samples.jsonl": LINES + b"{broken\n", "images/a.png": make_picture()})
    assert rejected_lines(import_sample_file(study, path)) == [(2, "")]


def test_a_zip_may_hold_any_kind_of_lines(study, tmp_path):
    write_zip(tmp_path / "a.zip", {"x/samples.csv": b"id,question,answer\na,Why?,So.\n"})
    write_zip(tmp_path / "b.zip", {"tasks.json": b'[{"id": 7, "data": {"prompt": "Why?", "response": "So."}}]'})
    assert line_counts(import_sample_file(study, tmp_path / "a.zip")) == (1, 0, 0, 0)
    assert line_counts(import_sample_file(study, tmp_path / "b.zip")) == (1, 0, 0, 0)
    assert set(Sample.objects.values_list("external_id", flat=True)) == {"a", "7"}


def attack(kind: str, path: Path) -> Path:
    """Write one of the ZIP files that must not be unpacked."""
    lines = {"samples.jsonl": LINES}
    if kind == "link":
        return write_special(path, "a.png", LINK, b"/etc/passwd")
    if kind == "link to a folder":
        return write_special(path, "images.png", LINK, b"/etc")
    if kind == "device":
        return write_special(path, "a.png", DEVICE)
    if kind == "pipe":
        return write_special(path, "a.png", PIPE)
    if kind == "encrypted":
        return set_flag(write_zip(path, lines), 0x1)
    if kind == "strongly encrypted":
        return set_flag(write_zip(path, lines), 0x41)
    if kind == "overlapping":
        return write_overlapping(path, 2_000)
    if kind == "bomb":
        return write_zip(path, {"a.jsonl": b"\0" * 60_000_000})
    if kind == "declares too much":
        return declare_size(write_zip(path, lines), 2_100_000_000)
    if kind == "too large a picture":
        return write_zip(path, lines | {"a.png": os.urandom(20_000_001)})
    if kind == "many members":
        return declare_members(write_zip(path, lines), 2, 300_000_000)
    if kind == "program":
        return write_zip(path, lines | {"run.exe": b"MZ"})
    if kind == "zip in a zip":
        return write_zip(path, lines | {"more.zip": b"PK"})
    if kind == "svg":
        return write_zip(path, lines | {"a.svg": b"<svg onload='x'/>"})
    if kind == "twice":
        return rename_members(write_zip(path, lines | {"samplez.jsonl": b"{}"}), b"samplez", b"samples")
    if kind == "twice but for case":
        return write_zip(path, {"a.png": b"x", "A.png": b"x"})
    if kind == "file and folder":
        return write_zip(path, {"a.png": b"x", "a.png/b.png": b"x"})
    if kind == "cut short":
        write_zip(path, lines)
        path.write_bytes(path.read_bytes()[:-10])
        return path
    name = {
        "up": "../a.png",
        "up inside": "x/../../a.png",
        "absolute": "/tmp/a.png",  # noqa: S108
        "drive": "C:a.png",
        "backslash": "..\\a.png",
        "control character": "a\n.png",
        "long": "a" * 300 + ".png",
        "NUL": "a\0.png",
    }[kind]
    if kind == "NUL":
        return rename_members(write_zip(path, {"a_.png": b"x"}), b"a_.png", b"a\0.png")
    return write_zip(path, lines | {name: b"x"})


ATTACKS = {
    "up": "leads outside",
    "up inside": "leads outside",
    "absolute": "leads outside",
    "drive": "leads outside",
    "backslash": "no plain path",
    "control character": "no plain path",
    "NUL": "no plain path",
    "long": "too long",
    "link": "is a link",
    "link to a folder": "is a link",
    "device": "no plain file",
    "pipe": "no plain file",
    "encrypted": "encrypted",
    "strongly encrypted": "encrypted",
    "overlapping": "overlaps",
    "bomb": "bombs",
    "declares too much": "more than",
    "too large a picture": "more than",
    "many members": "members",
    "program": "run.exe",
    "zip in a zip": "more.zip",
    "svg": "a.svg",
    "twice": "twice",
    "twice but for case": "twice",
    "file and folder": "file and a folder",
    "cut short": "cut short",
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("kind", "words"), ATTACKS.items())
def test_what_is_not_safe_is_refused_before_anything_is_unpacked(study, tmp_path, settings, monkeypatch, kind, words):
    path = attack(kind, tmp_path / "a.zip")
    monkeypatch.setattr(archive, "unpack_archive", lambda *arguments: pytest.fail("it was unpacked"))
    with pytest.raises(BadInput, match=words) as refusal:
        import_sample_file(study, path)
    assert "file" in refusal.value.fields
    assert list_unpacked(settings) == []


@pytest.mark.parametrize("kind", ["up", "link", "overlapping", "bomb", "program", "cut short"])
def test_an_upload_that_is_not_safe_is_not_even_stored(study, tmp_path, settings, kind):
    make_member(study, "ada", "admin")
    content = attack(kind, tmp_path / "a.zip").read_bytes()
    for name in ("a.zip", "a.jsonl"):
        if kind == "cut short" and name == "a.jsonl":
            continue
        with pytest.raises(BadInput) as refusal:
            uploads.store_upload(by=make_user("ada"), study=study, upload=ContentFile(content, name=name))
        assert "file" in refusal.value.fields
    assert not (Path(settings.MEDIA_ROOT) / "jobs").exists()


def test_a_member_that_holds_more_than_it_declares_is_refused_while_it_is_unpacked(study, tmp_path, settings):
    path = declare_size(write_zip(tmp_path / "a.zip", {"samples.jsonl": LINES * 100}), 50)
    with pytest.raises(BadInput, match=r"damaged|declares"):
        import_sample_file(study, path)
    assert list_unpacked(settings) == []
    assert not Sample.objects.exists()


def test_a_member_that_holds_less_than_it_declares_is_refused(study, tmp_path):
    path = declare_size(write_zip(tmp_path / "a.zip", {"samples.jsonl": LINES}), len(LINES) + 5)
    with pytest.raises(BadInput, match="declares"):
        import_sample_file(study, path)


def test_what_all_members_would_unpack_to_is_bounded(study, tmp_path, settings):
    settings.IMPORT_MAX_BYTES = 1_000
    path = write_zip(tmp_path / "a.zip", {f"{n}.png": os.urandom(900) for n in range(6)})
    with pytest.raises(BadInput, match="more than 5,000"):
        import_sample_file(study, path)


def test_a_zip_with_two_files_of_lines_names_both(study, tmp_path, settings):
    path = write_zip(tmp_path / "a.zip", {"samples.jsonl": LINES, "more/other.csv": b"id\n"})
    with pytest.raises(BadInput, match=r"samples\.jsonl") as refusal:
        import_sample_file(study, path)
    assert "other.csv" in refusal.value.message
    assert list_unpacked(settings) == []


def test_a_zip_without_lines_says_so(study, tmp_path):
    with pytest.raises(BadInput, match="nothing to import"):
        import_sample_file(study, write_zip(tmp_path / "a.zip", {"README.md": b"x"}))


@pytest.mark.parametrize("swept", [False, True])
def test_what_a_killed_import_had_unpacked_is_gone_when_the_next_begins_or_the_sweep_comes(settings, swept):
    # By itself, as loading the whole package takes seconds.
    script = (
        "import importlib.util, sys, time, django.conf\n"
        "django.conf.settings.configure(DATA_DIR=sys.argv[1])\n"
        "spec = importlib.util.spec_from_file_location('workplace', sys.argv[2])\n"
        "workplace = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(workplace)\n"
        "with workplace.temporary_folder() as folder:\n"
        "    (folder / 'a.png').write_bytes(b'x'); print(folder, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(settings.DATA_DIR), temporary_folders.__file__]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    with temporary_folders.temporary_folder():
        assert (left / "a.png").exists(), "it is in use"
    process.send_signal(signal.SIGKILL)
    process.wait()
    if swept:
        uploads.delete_old_uploads()
        assert not left.exists()
    with temporary_folders.temporary_folder() as folder:
        assert not left.exists()
        assert list(folder.iterdir()) == []
