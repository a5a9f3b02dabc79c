"""Checks and stores the pictures of a chunk of lines.

Each content is stored once, its files before its row.
"""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotation.core.transactions import write_transaction
from annotation.models import Picture

from .picture_decoding import SUFFIX, PictureCopy, PictureRefused, check_picture, make_copies, make_thumbnail
from .picture_folders import PictureFolders

THREADS = 2


@dataclass(frozen=True, slots=True)
class PictureDigests:
    """The digest of each picture of a chunk, or why it is rejected."""

    sha256: dict[str, str]
    refused: dict[str, str]


class PictureImporter:
    """Imports the pictures of one file.

    Decoding runs in threads, which never touch the database.
    """

    def __init__(self, folders: Iterable[Path], *, dry_run: bool, pool: ThreadPoolExecutor) -> None:
        self._folders = PictureFolders(folders)
        self._dry_run = dry_run
        self._pool = pool

    def import_pictures(self, names: Iterable[str]) -> PictureDigests:
        """Check and store the named pictures.

        Those already stored are only compared by content.
        """
        digests = PictureDigests({}, {})
        paths: dict[str, Path] = {}
        for name, location in zip(
            names := list(dict.fromkeys(names)), self._pool.map(self._locate, names), strict=True
        ):
            if isinstance(location, PictureRefused):
                digests.refused[name] = str(location)
            else:
                paths[name], digests.sha256[name] = location
        path_of = {digests.sha256[name]: path for name, path in paths.items()}
        stored = find_complete_pictures(path_of)
        new = [sha256 for sha256 in path_of if sha256 not in stored]
        results = self._pool.map(self._store, new, [path_of[sha256] for sha256 in new])
        rejections: dict[str, str] = {}
        rows = []
        for sha256, result in zip(new, results, strict=True):
            if isinstance(result, PictureRefused):
                rejections[sha256] = str(result)
            elif result is not None:
                rows.append(result)
        _store_rows(rows)
        for name, sha256 in list(digests.sha256.items()):
            if sha256 in rejections:
                digests.refused[name] = rejections[sha256]
                del digests.sha256[name]
        return digests

    def make_thumbnail(self, name: str) -> PictureCopy | None:
        """Return a thumbnail of an imported picture; None if its file has gone."""
        try:
            return make_thumbnail(self._folders.read(self._folders.locate(name)))
        except PictureRefused:
            return None

    def _locate(self, name: str) -> tuple[Path, str] | PictureRefused:
        try:
            path = self._folders.locate(name)
            return path, self._folders.digest(path)
        except PictureRefused as refused:
            return refused

    def _store(self, sha256: str, path: Path) -> Picture | PictureRefused | None:
        try:
            data = self._folders.read(path)
            if hashlib.sha256(data).hexdigest() != sha256:
                return PictureRefused("changed while it was read; import it again.")
            if self._dry_run:
                check_picture(data)
                return None
            return _store_picture(sha256, data)
        except PictureRefused as refused:
            return refused


@contextmanager
def picture_importer(folders: Iterable[Path], *, dry_run: bool) -> Iterator[PictureImporter]:
    """Open an importer for the pictures under ``folders``."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="pictures") as pool:
        yield PictureImporter(folders, dry_run=dry_run, pool=pool)


def find_complete_pictures(digests: Iterable[str]) -> dict[str, int]:
    """Return the stored pictures, primary key by digest, whose files are all there."""
    rows = Picture.objects.filter(sha256__in=list(digests))
    return {row.sha256: row.pk for row in rows if all(default_storage.exists(name) for name in _file_names(row))}


def _file_names(row: Picture) -> set[str]:
    return {str(row.original), str(row.full), str(row.web)}


def _store_picture(sha256: str, data: bytes) -> Picture:
    copies = make_copies(data)
    folder = f"pictures/{sha256[:2]}/{sha256}"
    original = _store_file(f"{folder}/original.{SUFFIX[copies.format]}", data)
    full = _store_file(f"{folder}/full.{SUFFIX[copies.full.format]}", copies.full.data)
    web = full
    if copies.web is not copies.full:
        web = _store_file(f"{folder}/web.{SUFFIX[copies.web.format]}", copies.web.data)
    return Picture(
        sha256=sha256,
        format=copies.format,
        bytes=len(data),
        width=copies.full.width,
        height=copies.full.height,
        original=original,
        full=full,
        web=web,
        web_width=copies.web.width,
        web_height=copies.web.height,
    )


def _store_file(name: str, data: bytes) -> str:
    """Store a file under its name.

    One left half-written by an import that was killed is replaced.
    """
    if default_storage.exists(name):
        if default_storage.size(name) == len(data):
            return name
        default_storage.delete(name)
    return default_storage.save(name, ContentFile(data))


def _store_rows(rows: list[Picture]) -> None:
    if not rows:
        return
    fields = [field.name for field in Picture._meta.fields if field.name not in ("id", "sha256")]
    with write_transaction():
        Picture.objects.bulk_create(rows, update_conflicts=True, unique_fields=["sha256"], update_fields=fields)
