"""Downloads, and the permission and exposure that come with exported final scores."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import default_storage

from annotation.core import permissions
from annotation.models import Study, User
from annotation.scoring.exposures import record_exposure_to_all

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download, in pieces."""

    name: str
    content_type: str
    pieces: Iterator[bytes]
    bytes: int | None = None


def authorize_export(by: User, study: Study) -> None:
    """Check that the user may export final scores, and record their exposure to all samples.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
    """
    place = permissions.require_results(by, study)
    if place is not None and permissions.may_score(place):
        record_exposure_to_all(member=place)


def read_stored_file(name: str) -> Iterator[bytes]:
    """Yield a stored file piece by piece."""
    with default_storage.open(name) as file:
        while chunk := file.read(CHUNK):
            yield chunk
