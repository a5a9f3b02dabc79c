"""The view that serves pictures under opaque ids."""

import logging
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Literal

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from annotation.core.errors import NotFound
from annotation.core.visibility import pictures_visible_to
from api.schema import describe

from .base import View, user_of

log = logging.getLogger(__name__)

TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
}
SIZE_FIELDS = {"web": "picture__web", "full": "picture__full"}
CHUNK = 1 << 16
# The bytes behind an address never change; only the browser of who may see them keeps them.
CACHE_CONTROL = "private, max-age=31536000, immutable"


class PictureView(View):
    """One picture of a sample."""

    @describe("Show a picture", answer=OpenApiTypes.BINARY, content_type="image/*")
    def get(self, request: Request, picture: str, size: Literal["web", "full"]) -> HttpResponseBase:
        """For who was assigned to its sample, and for admins and researchers. Both copies are without metadata."""
        names = pictures_visible_to(user_of(request)).filter(public_id=picture)
        name = names.values_list(SIZE_FIELDS[size], flat=True).first()
        if name is None:
            raise NotFound("There is no such picture, or it is not yours to see.")
        try:
            file = default_storage.open(name)
            length = file.size
        except FileNotFoundError:
            log.error("A stored picture is gone: %s", name)
            raise NotFound("The file of this picture is gone.", code="picture_missing") from None
        content_type = TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")
        headers = {"Content-Length": str(length), "Cache-Control": CACHE_CONTROL, "X-Content-Type-Options": "nosniff"}
        return StreamingHttpResponse(_read_chunks(file), content_type=content_type, headers=headers)


def _read_chunks(file: File) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
