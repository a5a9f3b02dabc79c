"""What is wrong with a backup, with its name or with the place is found before anything is written."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from annotation.backups import check_backup, restore_backup, write_backup
from annotation.backups import writing as backup_writing
from annotation.backups.media_files import is_safe_path, list_media_files
from annotation.backups.tables import LEFT_OUT, applied_migrations, known_migrations, tables_at
from annotation.core.errors import BadInput, WorkflowError, WrongState
from annotation.models import Study, User
from tests.factories import make_sample, make_study

pytestmark = pytest.mark.django_db

Members = dict[str, bytes]


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of a study with a picture; the place is then as empty as a new one."""
    make_sample(make_study(), pictures=["red"])
    write_backup(path=tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def unpacked(path: Path) -> Members:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def packed(path: Path, members: Members, *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        for info in more:
            archive.addfile(info)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def with_manifest(members: Members, change: Callable[[dict[str, Any]], None]) -> Members:
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    return members | {"manifest.json": json.dumps(manifest).encode()}


def refusal(path: Path) -> str:
    """Return why a backup is refused, by the check and by the restore alike; nothing changes."""
    before = (User.objects.count(), Study.objects.count(), list_media_files())
    with pytest.raises(BadInput) as refused:
        check_backup(path=path)
    with pytest.raises(BadInput):
        restore_backup(path=path)
    assert (User.objects.count(), Study.objects.count(), list_media_files()) == before
    return refused.value.message


def test_a_whole_backup_passes_in_whatever_order_its_files_are(backup: Path, tmp_path: Path) -> None:
    manifest = check_backup(path=backup)
    assert manifest.tables["annotation_study"].rows == 1
    assert len(manifest.media) == 3
    assert check_backup(path=packed(tmp_path / "again.tar", dict(sorted(unpacked(backup).items())))) == manifest


def test_every_table_is_either_kept_or_left_out_by_name(backup: Path) -> None:
    kept = set(check_backup(path=backup).tables)
    left_out = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in LEFT_OUT
    }
    existing = set(connection.introspection.table_names())
    assert not kept & left_out
    assert existing - kept - left_out == {"django_migrations"}
    assert {"annotation_user", "annotation_rating", "annotation_job"} <= kept


def test_what_is_kept_is_read_from_the_migrations_and_is_what_the_database_has() -> None:
    assert applied_migrations(connection) == known_migrations()
    with connection.cursor() as cursor:
        for table in tables_at(known_migrations()):
            described = connection.introspection.get_table_description(cursor, table.name)
            assert {column.name for column in table.columns} == {column.name for column in described}


@pytest.mark.parametrize("name", ["backup.tar", "backup.tar.gz"])
def test_a_file_that_was_cut_off_anywhere_is_refused(name: str, tmp_path: Path) -> None:
    make_sample(make_study(), pictures=["red"])
    whole = write_backup(path=tmp_path / name).path.read_bytes()
    # A tar ends in zeros, which nobody misses.
    end = len(whole.rstrip(b"\0")) - 1
    for length in [0, 1, 100, 511, 512, 513, *range(2000, end, end // 12), end]:
        (tmp_path / name).write_bytes(whole[:length])
        message = refusal(tmp_path / name)
        assert "damaged" in message, (length, message)


def test_a_changed_byte_is_found_wherever_it_is(backup: Path) -> None:
    whole = backup.read_bytes()
    with tarfile.open(backup) as archive:
        places = [member.offset_data + member.size // 2 for member in archive if member.size]
        places += [member.offset + 3 for member in archive]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1
        backup.write_bytes(changed)
        assert refusal(backup)


def test_a_changed_byte_of_a_packed_backup_is_found(backup: Path, tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(backup.read_bytes()))
    for place in range(20, len(whole) - 8, len(whole) // 10):
        changed = whole.copy()
        changed[place] ^= 16
        (tmp_path / "changed.tar.gz").write_bytes(changed)
        assert refusal(tmp_path / "changed.tar.gz")


@pytest.mark.parametrize(
    "name", ["../ann.png", "/etc/ann.png", "a/../../ann.png", "a//ann.png", "./ann.png", "a\\ann.png", "C:/ann.png"]
)
def test_a_name_that_leads_out_of_the_media_is_refused(backup: Path, tmp_path: Path, name: str) -> None:
    members = unpacked(backup)

    def add(manifest: dict[str, Any]) -> None:
        sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        manifest["media"][name] = {"bytes": 0, "sha256": sha256}

    made = packed(tmp_path / "tricky.tar", with_manifest(members, add) | {f"media/{name}": b""})
    assert "leads outside" in refusal(made)


@given(st.text(max_size=20))
def test_a_safe_name_stays_inside_of_any_folder(name: str) -> None:
    inside = Path("/media/of/ours")
    if is_safe_path(name):
        assert (inside / name).resolve().is_relative_to(inside)
        assert (inside / name).resolve() != inside


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_links_and_other_things_than_files_are_refused(backup: Path, tmp_path: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("media/pictures")
    link.type, link.linkname = kind, "/etc"
    assert "no file" in refusal(packed(tmp_path / "linked.tar", unpacked(backup), link))


def test_more_and_fewer_files_than_the_manifest_names_are_refused(backup: Path, tmp_path: Path) -> None:
    members = unpacked(backup)
    assert "also holds 'media/more.png'" in refusal(packed(tmp_path / "more.tar", {"media/more.png": b"", **members}))
    fewer = {name: data for name, data in members.items() if name != "tables/annotation_rating.jsonl"}
    assert "lacks 'tables/annotation_rating.jsonl'" in refusal(packed(tmp_path / "fewer.tar", fewer))
    twice = tarfile.TarInfo("tables/annotation_rating.jsonl")
    assert "twice" in refusal(packed(tmp_path / "twice.tar", members, twice))


def test_a_newer_backup_is_refused_with_the_version_that_can_read_it(backup: Path, tmp_path: Path) -> None:
    members = unpacked(backup)

    def newer_format(manifest: dict[str, Any]) -> None:
        manifest.update(format=2, product="9.1.0")

    def newer_tables(manifest: dict[str, Any]) -> None:
        manifest["product"] = "9.2.0"
        manifest["migrations"]["annotation"].append("0099_telepathy")

    message = refusal(packed(tmp_path / "format.tar", with_manifest(members, newer_format)))
    assert "Update the platform to version 9.1.0" in message
    message = refusal(packed(tmp_path / "tables.tar", with_manifest(members, newer_tables)))
    assert "9.2.0" in message
    assert "0099_telepathy" in message


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": 1, "tables": 3}', b"\xff"])
def test_a_manifest_that_is_none_is_refused(backup: Path, tmp_path: Path, text: bytes) -> None:
    assert "manifest" in refusal(packed(tmp_path / "odd.tar", unpacked(backup) | {"manifest.json": text}))


def test_columns_of_another_version_are_refused(backup: Path, tmp_path: Path) -> None:
    def rename(manifest: dict[str, Any]) -> None:
        manifest["tables"]["annotation_user"]["columns"][0][0] = "id; DROP TABLE annotation_user"

    made = packed(tmp_path / "columns.tar", with_manifest(unpacked(backup), rename))
    assert "columns of annotation_user" in refusal(made)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.tar").write_text("Buy bird seed. " * 1000)
    assert "no backup" in refusal(tmp_path / "notes.tar")


def test_a_place_in_use_is_refused_and_left_as_it_is(backup: Path) -> None:
    files = list_media_files()
    with pytest.raises(WrongState, match="there are rows in annotation_"):
        restore_backup(path=backup)
    assert Study.objects.count() == 1
    assert list_media_files() == files


def test_media_that_are_there_are_refused_and_left_as_they_are(backup: Path) -> None:
    for table in tables_at(known_migrations()):
        with connection.cursor() as cursor:
            cursor.execute(f'DELETE FROM "{table.name}"')  # noqa: S608
    files = list_media_files()
    with pytest.raises(WrongState, match="The media are not empty: there are 3 files"):
        restore_backup(path=backup)
    assert list_media_files() == files


def test_a_backup_is_not_overwritten_unless_asked_and_never_half_written(backup: Path, monkeypatch: Any) -> None:
    before = backup.read_bytes()
    with pytest.raises(BadInput, match="--force"):
        write_backup(path=backup)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(backup_writing, "_add_table", fail)
        with pytest.raises(OSError, match="No space"):
            write_backup(path=backup, overwrite=True)
    assert backup.read_bytes() == before
    assert [path.name for path in backup.parent.glob("*.part")] == []
    make_study("robins")
    write_backup(path=backup, overwrite=True)
    assert check_backup(path=backup).tables["annotation_study"].rows == 2
    assert backup.stat().st_mode & 0o077 == 0, "others may read names and hashes"


@pytest.mark.parametrize("name", ["backup.zip", "backup", "missing/backup.tar", "media/backup.tar"])
def test_unfit_names_are_refused(name: str, tmp_path: Path) -> None:
    default_storage.save("robin.png", ContentFile(b"robin"))
    with pytest.raises(BadInput):
        write_backup(path=tmp_path / name)


def test_files_that_vanish_while_they_are_copied_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    default_storage.save("robin.png", ContentFile(b"robin"))
    names = list_media_files()
    monkeypatch.setattr(backup_writing, "list_media_files", lambda: [*names, "jobs/gone.jsonl"])
    report = write_backup(path=tmp_path / "backup.tar")
    assert report.manifest.vanished == ["jobs/gone.jsonl"]
    assert list(check_backup(path=tmp_path / "backup.tar").media) == ["robin.png"]


def test_two_backups_into_one_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"

    def second(*_: object) -> None:
        with pytest.raises(WorkflowError, match="Another backup"):
            write_backup(path=path)

    make_study()
    write_backup(path=path, progress=second)
    assert check_backup(path=path)
