"""Files leave the house: what they are on their way, and what it means to have taken final scores away."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import default_storage

from annotation.core import permissions
from annotation.models import Study, User
from annotation.scoring.exposures import record_exposure_to_all

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way to somebody."""

    name: str
    content_type: str
    pieces: Iterator[bytes]
    bytes: int | None = None


def authorize_export(by: User, study: Study) -> None:
    """Let somebody take final scores of a study away; who could score there is no longer independent afterwards.

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
