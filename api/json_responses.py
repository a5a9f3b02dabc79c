"""Builds JSON responses, and formats times and numbers in them."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse


def respond_json(data: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return ``data`` as a JSON response that caches do not store."""
    response = HttpResponse(to_json(data), status=status, content_type="application/json", headers=headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def empty_response() -> HttpResponse:
    """Return an empty response (204), for deletions and unchanged discussions."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def to_json(data: Any) -> bytes:
    """Return compact JSON, or raise for NaN, which JSON does not have."""
    return json.dumps(
        data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_serialize_value
    ).encode()


def format_time(value: datetime | None) -> str | None:
    """Return a time in UTC as ISO 8601."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def simplify_number(value: float | None) -> float | int | None:
    """Return 4.0 as 4: most levels are whole numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _serialize_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, (date, UUID)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
