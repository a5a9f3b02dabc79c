"""Tests failed, stalled and killed attempts: the file that a row names stays whole."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError, transaction

from annotation.models import Release, Rendition, Study
from annotation.releases import creating, creating_renditions, stored_files
from annotation.releases.creating import create_release
from annotation.releases.creating_renditions import create_rendition
from annotation.releases.request import ReleaseRequest, RenditionRequest
from tests.factories import make_study

from .release_rows import make_agreed_sample, read_frozen_records

pytestmark = pytest.mark.django_db
NAME, OF_FILES = "bcdfghjkmnpq", "rstvwxzbcdfg"
FOLDER = f"releases/{NAME}"


@pytest.fixture
def study() -> Study:
    study = make_study(k=2)
    for external_id in ("a", "b"):
        make_agreed_sample(study, external_id)
    return study


class LeaseLost(Exception):
    """An attempt is told that another one has taken its job over."""


def freeze(study: Study, claim: Callable[[Release], None] = lambda release: None) -> Release:
    return create_release(
        by=None, study=study, request=ReleaseRequest(name="v1", test_count=1), public_id=NAME, claim=claim
    )


def render(release: Release, claim: Callable[[], None] = lambda: None) -> Rendition:
    return create_rendition(
        by=None, release=release, options=RenditionRequest(formats=("jsonl",)), public_id=OF_FILES, claim=claim
    )


def stored() -> list[str]:
    """Return what lies in the folder of the release, by full name."""
    return sorted(f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1])


def is_whole(release: Release) -> bool:
    content = default_storage.open(release.frozen).read()
    return hashlib.sha256(content).hexdigest() == release.frozen_sha256 and set(read_frozen_records(release)) == {
        "a",
        "b",
    }


def archive_is_whole(rendition: Rendition) -> bool:
    return hashlib.sha256(default_storage.open(rendition.archive).read()).hexdigest() == rendition.sha256


def lost(*_: Any) -> None:
    raise LeaseLost


def test_what_a_killed_attempt_left_is_gone_once_another_is_done(study: Study) -> None:
    default_storage.save(f"{FOLDER}/frozen-half.jsonl", ContentFile(b"half a line"))
    release = freeze(study)
    assert is_whole(release)
    default_storage.save(f"{FOLDER}/{OF_FILES}-half.zip", ContentFile(b"half an archive"))
    default_storage.save(f"{FOLDER}/another-one.zip", ContentFile(b"of another rendition"))
    rendition = render(release)
    assert archive_is_whole(rendition)
    assert stored() == sorted([release.frozen, rendition.archive, f"{FOLDER}/another-one.zip"])


def test_what_others_left_goes_too_where_the_one_that_was_done_died_before_it_could_see_to_that(study: Study) -> None:
    release = freeze(study)
    rendition = render(release)
    default_storage.save(f"{FOLDER}/{OF_FILES}-half.zip", ContentFile(b"half an archive"))
    default_storage.save(f"{FOLDER}/frozen-half.jsonl", ContentFile(b"half a line"))
    assert render(release) == rendition
    stored_files.delete_other_attempts(release.frozen)
    assert stored() == sorted([release.frozen, rendition.archive])


def test_a_file_from_when_attempts_shared_a_name_has_no_others(study: Study) -> None:
    for name in ("frozen.jsonl", "frozen-one.jsonl"):
        default_storage.save(f"{FOLDER}/{name}", ContentFile(b"a line"))
    stored_files.delete_other_attempts(f"{FOLDER}/frozen.jsonl")
    assert len(stored()) == 2


def test_a_release_whose_commit_went_unacknowledged_keeps_its_file(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = creating._store_release

    def unheard(*parts: Any) -> Any:
        original(*parts)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(creating, "_store_release", unheard)
    with pytest.raises(OperationalError):
        freeze(study)
    release = Release.objects.get()
    assert is_whole(release)
    assert archive_is_whole(render(release))


def test_files_whose_commit_went_unacknowledged_stay(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    release = freeze(study)
    original = creating_renditions.write_transaction

    class Unheard:
        def __enter__(self) -> None:
            self.real = original()
            self.real.__enter__()

        def __exit__(self, *error: Any) -> None:
            self.real.__exit__(*error)
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(creating_renditions, "write_transaction", Unheard)
    with pytest.raises(OperationalError):
        render(release)
    rendition = Rendition.objects.get()
    assert archive_is_whole(rendition)
    assert render(release) == rendition


@pytest.mark.parametrize("stalls", ["before it stores", "after it has stored"])
def test_an_attempt_that_stalled_touches_nothing_of_the_one_that_took_over(
    study: Study, monkeypatch: pytest.MonkeyPatch, stalls: str
) -> None:
    original = creating.store_file

    def stalled(path: Path, name: str) -> str:
        monkeypatch.setattr(creating, "store_file", original)
        own = original(path, name) if stalls == "after it has stored" else ""
        freeze(study)
        return own or original(path, name)

    monkeypatch.setattr(creating, "store_file", stalled)
    with pytest.raises(IntegrityError, match="public_id"):
        freeze(study, claim=lost)
    release = Release.objects.get()
    assert is_whole(release)
    assert stored() == [release.frozen]


def test_a_rendering_that_stalled_touches_nothing_of_the_one_that_took_over(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = freeze(study)
    original = creating_renditions._render_release

    def stalled(*parts: Any) -> Any:
        monkeypatch.setattr(creating_renditions, "_render_release", original)
        render(release)
        return original(*parts)

    monkeypatch.setattr(creating_renditions, "_render_release", stalled)
    with pytest.raises(IntegrityError, match="public_id"):
        render(release, claim=lost)
    rendition = Rendition.objects.get()
    assert archive_is_whole(rendition)
    assert stored() == sorted([release.frozen, rendition.archive])


def test_an_attempt_that_fails_leaves_no_file(study: Study) -> None:
    with pytest.raises(LeaseLost):
        freeze(study, claim=lost)
    assert stored() == []
    release = freeze(study)
    with pytest.raises(LeaseLost):
        render(release, claim=lost)
    assert stored() == [release.frozen]


def test_a_file_of_which_nobody_can_tell_stays(study: Study) -> None:
    name = default_storage.save(f"{FOLDER}/frozen-one.jsonl", ContentFile(b"a line"))
    rows = Release.objects.filter(frozen=name)
    with transaction.atomic():
        # As after an error: no query is answered any more.
        transaction.set_rollback(True)
        stored_files.delete_unless_referenced(name, rows)
        assert default_storage.exists(name)
    stored_files.delete_unless_referenced(name, rows)
    assert not default_storage.exists(name)
