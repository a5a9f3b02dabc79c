"""Filters lists of samples by query parameters."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from annotation.models import Sample
from annotation.samples.filtering import filter_samples

TEXT_FILTERS = ("state", "generator", "domain", "category", "question", "disputed", "outcome", "search")


def filter_samples_by_query(rows: QuerySet[Sample], query: Mapping[str, Any]) -> QuerySet[Sample]:
    """Return the samples that match a validated query."""
    filters = {name: query[name] for name in TEXT_FILTERS if name in query}
    return filter_samples(rows, scored=int(query.get("scored", 0)), spread=float(query.get("spread", 0)), **filters)
