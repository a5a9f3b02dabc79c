"""Long lists, a page at a time.

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
    """What a paged address takes."""

    limit = serializers.RegexField(
        r"^[0-9]{1,9}\Z", required=False, help_text=f"rows per page, up to {MAX_LIMIT} ({DEFAULT_LIMIT} if not given)"
    )
    cursor = Text(required=False, max_length=2000, help_text="where the page begins, from `next` or `previous`")


def page(
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
    limit = _limit(query)
    backwards, after = _start(query, order, name)
    if name and after is not None:
        after = _named(among() if among is not None else rows, order, name, after)
    directions = [_turned(name) for name in order] if backwards else list(order)
    if after is not None:
        rows = rows.filter(_past(directions, after))
    taken = list(rows.order_by(*directions)[: limit + 1])
    more = len(taken) > limit
    taken = taken[:limit]
    if backwards:
        taken.reverse()
    has_next, has_previous = (bool(taken), more) if backwards else (more, after is not None and bool(taken))
    return {
        "next": _link(request, order, name, taken[-1], backwards=False) if has_next else None,
        "previous": _link(request, order, name, taken[0], backwards=True) if has_previous else None,
        "results": show(taken),
    }


def _limit(query: Mapping[str, Any]) -> int:
    limit = int(query.get("limit", DEFAULT_LIMIT))
    if not 1 <= limit <= MAX_LIMIT:
        raise BadInput(f"limit: from 1 to {MAX_LIMIT}.", fields={"limit": f"From 1 to {MAX_LIMIT}."})
    return limit


def _start(query: Mapping[str, Any], order: Sequence[str], name: str) -> tuple[bool, list[Any] | None]:
    if "cursor" not in query:
        return False, None
    try:
        # Signed, so that its values are of the types that were put in.
        signed_order, backwards, values = signing.loads(query["cursor"], salt=SALT)
    except signing.BadSignature:
        signed_order, backwards, values = None, False, []
    if signed_order != _kept(order, name):
        raise _another_list()
    return backwards, [datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value for value in values]


def _kept(order: Sequence[str], name: str) -> list[str]:
    """Return what a cursor holds of a row, beside saying in which order."""
    return [*order, f"by {name}"] if name else list(order)


def _named(rows: QuerySet[Any], order: Sequence[str], name: str, after: list[Any]) -> list[Any]:
    """Return the values of the row that a cursor names."""
    fields = [field.lstrip("-") for field in order]
    found = rows.filter(**{name: after[0]}).values_list(*fields).first()
    if found is None:
        raise _another_list()
    return list(found)


def _another_list() -> BadInput:
    return BadInput(
        "This cursor belongs to another list.", fields={"cursor": "Take it from `next` or `previous` of this list."}
    )


def _link(request: Request, order: Sequence[str], name: str, row: Model, *, backwards: bool) -> str:
    values = [getattr(row, field.lstrip("-")) for field in ([name] if name else order)]
    plain = [{"at": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    cursor = signing.dumps([_kept(order, name), backwards, plain], salt=SALT)
    query = {**request.query_params.dict(), "cursor": cursor}
    return f"{request.path}?{urlencode(query)}"


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _past(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the rows after ``values`` in ``order``: (a > x) or (a = x and b > y)."""
    past, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        past |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return past
