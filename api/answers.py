"""How an answer is written as JSON."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse


def respond_json(data: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return ``data`` as a JSON response that nobody keeps."""
    response = HttpResponse(to_json(data), status=status, content_type="application/json", headers=headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def empty_answer() -> HttpResponse:
    """Return the empty answer to a deletion, or to who asks for news when there are none."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def to_json(data: Any) -> bytes:
    """Write compact JSON. NaN would be no JSON, so it is an error."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain).encode()


def format_time(value: datetime | None) -> str | None:
    """Write a time in UTC."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def simplify_number(value: float | None) -> float | int | None:
    """Write 4.0 as 4: levels are numbers, and most are whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, (date, UUID)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
