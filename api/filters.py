"""Narrowing lists."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from annotation.models import Sample

SAME = {
    "state": "state",
    "generator": "generator",
    "domain": "domain",
    "category": "category",
    "question": "question__key",
}


def samples_filtered(rows: QuerySet[Sample], query: Mapping[str, Any]) -> QuerySet[Sample]:
    """Keep the samples that a checked query asks for."""
    rows = rows.filter(**{field: query[name] for name, field in SAME.items() if name in query})
    if "scored" in query:
        rows = rows.filter(scores_in__gte=int(query["scored"]))
    if query.get("search"):
        rows = rows.filter(external_id__startswith=query["search"])
    return rows
