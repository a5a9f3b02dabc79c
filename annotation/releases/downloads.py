"""Serves the files of releases to those who may read a study's results.

Who downloads them is no longer independent in the study.
"""

import logging
from collections.abc import Iterator
from pathlib import PurePosixPath

from django.core.files.storage import default_storage

from annotation.core.errors import NotFound
from annotation.exports.downloads import CHUNK, Download, authorize_export, read_stored_file
from annotation.models import Release, Rendition, User

from .zip import open_archive_member

log = logging.getLogger(__name__)

TYPES = {
    ".zip": "application/zip",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".toml": "application/toml",
    ".xml": "application/xml",
    ".parquet": "application/vnd.apache.parquet",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
}


def download_archive(*, by: User, rendition: Rendition) -> Download:
    """Return all files of a rendition as one ZIP file.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results; or the archive is gone from storage.
    """
    release = rendition.release
    authorize_export(by, release.study)
    if not default_storage.exists(rendition.archive):
        raise _missing_archive(rendition.archive)
    name = f"{release.study.slug}-release-{release.number}.zip"
    return Download(name, TYPES[".zip"], read_stored_file(rendition.archive), rendition.bytes)


def download_file(*, by: User, release: Release, path: str) -> Download:
    """Return one file by its path, from the newest rendition that has it.

    Raises:
        NotFound: no rendition has such a file, or the user may not know of it.
        NotAllowed: the user may not read the study's results.
    """
    authorize_export(by, release.study)
    for rendition in release.renditions.order_by("-at", "-pk"):
        file_sizes = {str(entry["path"]): int(entry["bytes"]) for entry in rendition.files}
        if path in file_sizes or path == "manifest.json" or (rendition.pictures and path.startswith("images/")):
            chunks = _read_member(rendition.archive, path)
            first_chunk = next(chunks, None)
            if first_chunk is None and path not in file_sizes:
                continue
            content_type = TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
            return Download(
                PurePosixPath(path).name, content_type, _chain_chunks(first_chunk, chunks), file_sizes.get(path)
            )
    raise NotFound("There is no such file in this release. The release's page lists them.")


def _read_member(archive: str, path: str) -> Iterator[bytes]:
    try:
        with default_storage.open(archive) as file, open_archive_member(file, path) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except KeyError:
        return
    except FileNotFoundError:
        raise _missing_archive(archive) from None


def _chain_chunks(first_chunk: bytes | None, others: Iterator[bytes]) -> Iterator[bytes]:
    if first_chunk is not None:
        yield first_chunk
    yield from others


def _missing_archive(name: str) -> NotFound:
    log.error("An archive of a release is gone from storage: %s", name)
    return NotFound("The archive of these files is gone from storage. Make the files again.", code="archive_gone")
