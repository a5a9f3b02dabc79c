"""Narrowing lists."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from annotation.models import Sample
from annotation.samples.filtering import filter_samples

AS_THEY_ARE = ("state", "generator", "domain", "category", "question", "disputed", "outcome", "search")


def samples_filtered(rows: QuerySet[Sample], query: Mapping[str, Any]) -> QuerySet[Sample]:
    """Keep the samples that a checked query asks for."""
    wanted = {name: query[name] for name in AS_THEY_ARE if name in query}
    return filter_samples(rows, scored=int(query.get("scored", 0)), spread=float(query.get("spread", 0)), **wanted)
