"""Splits long lists into pages by cursor.

A page begins after the last row of the one before, not at an offset: the last page costs what the first one does, and
rows that come or go meanwhile neither repeat nor hide others.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from annotation.core.errors import BadInput

from .serializers.fields import StrictSerializer, Text

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
SALT = "api.cursor"


class PageQuery(StrictSerializer):
    """Query parameters of a paginated list."""

    limit = serializers.RegexField(
        r"^[0-9]{1,9}\Z", required=False, help_text=f"rows per page, up to {MAX_LIMIT} ({DEFAULT_LIMIT} if not given)"
    )
    cursor = Text(required=False, max_length=2000, help_text="where the page begins, from `next` or `previous`")


def paginate(
    request: Request,
    rows: QuerySet[Any],
    query: Mapping[str, Any],
    *,
    order: Sequence[str],
    show: Callable[[Sequence[Any]], Any],
    name: str = "",
    among: Callable[[], QuerySet[Any]] | None = None,
) -> dict[str, Any]:
    """Return one page of ``rows`` in ``order``, whose last field must be unique.

    A cursor is signed, not secret: it holds what the list is ordered by. Where readers must not know that, ``name``
    is the unique field by which cursors name a row in its place; it is looked up ``among`` all rows that they may
    know of, as it may have left the list meanwhile.
    """
    limit = _read_limit(query)
    backwards, after = _read_cursor(query, order, name)
    if name and after is not None:
        after = _read_named_row(among() if among is not None else rows, order, name, after)
    directions = [_reverse_direction(name) for name in order] if backwards else list(order)
    if after is not None:
        rows = rows.filter(_filter_rows_after(directions, after))
    page_rows = list(rows.order_by(*directions)[: limit + 1])
    has_more = len(page_rows) > limit
    page_rows = page_rows[:limit]
    if backwards:
        page_rows.reverse()
    has_next, has_previous = (
        (bool(page_rows), has_more) if backwards else (has_more, after is not None and bool(page_rows))
    )
    return {
        "next": _build_page_link(request, order, name, page_rows[-1], backwards=False) if has_next else None,
        "previous": _build_page_link(request, order, name, page_rows[0], backwards=True) if has_previous else None,
        "results": show(page_rows),
    }


def _read_limit(query: Mapping[str, Any]) -> int:
    limit = int(query.get("limit", DEFAULT_LIMIT))
    if not 1 <= limit <= MAX_LIMIT:
        raise BadInput(f"limit: from 1 to {MAX_LIMIT}.", fields={"limit": f"From 1 to {MAX_LIMIT}."})
    return limit


def _read_cursor(query: Mapping[str, Any], order: Sequence[str], name: str) -> tuple[bool, list[Any] | None]:
    if "cursor" not in query:
        return False, None
    try:
        # Signed, so that its values are of the types that were put in.
        signed_order, backwards, values = signing.loads(query["cursor"], salt=SALT)
    except signing.BadSignature:
        signed_order, backwards, values = None, False, []
    if signed_order != _cursor_order(order, name):
        raise _foreign_cursor_error()
    return backwards, [datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value for value in values]


def _cursor_order(order: Sequence[str], name: str) -> list[str]:
    """Return the order that a cursor states, with the naming field if there is one."""
    return [*order, f"by {name}"] if name else list(order)


def _read_named_row(rows: QuerySet[Any], order: Sequence[str], name: str, after: list[Any]) -> list[Any]:
    """Return the ordered values of the row that a cursor names."""
    fields = [field.lstrip("-") for field in order]
    values = rows.filter(**{name: after[0]}).values_list(*fields).first()
    if values is None:
        raise _foreign_cursor_error()
    return list(values)


def _foreign_cursor_error() -> BadInput:
    return BadInput(
        "This cursor belongs to another list.", fields={"cursor": "Take it from `next` or `previous` of this list."}
    )


def _build_page_link(request: Request, order: Sequence[str], name: str, row: Model, *, backwards: bool) -> str:
    values = [getattr(row, field.lstrip("-")) for field in ([name] if name else order)]
    plain = [{"at": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    cursor = signing.dumps([_cursor_order(order, name), backwards, plain], salt=SALT)
    query = {**request.query_params.dict(), "cursor": cursor}
    return f"{request.path}?{urlencode(query)}"


def _reverse_direction(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _filter_rows_after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the condition for rows after ``values`` in ``order``.

    For two fields: (a > x) or (a = x and b > y).
    """
    past, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        past |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return past
