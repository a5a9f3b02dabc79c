"""Parses request bodies, up to a size limit."""

from typing import IO, Any, cast

from django.conf import settings
from django.http import HttpRequest
from rest_framework.parsers import BaseParser

from .errors import TooLarge
from .strict_json import read_object


class StrictJSONParser(BaseParser):
    """Parses a JSON object strictly; see `strict_json`."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Return the object of a body within the size limit."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        refuse_larger_than(limit, parser_context["request"])
        body = cast(IO[bytes], stream).read(limit + 1)
        if len(body) > limit:
            raise TooLarge(limit)
        return read_object(body)


def refuse_larger_than(limit: int, request: HttpRequest) -> None:
    """Raise before reading where the announced length exceeds the limit."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > limit:
        raise TooLarge(limit)
