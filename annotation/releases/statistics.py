"""Computes the statistics of a release: contents, agreement, and how well each aim was met.

Loads numpy, so import it only where work is done.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition
from annotation.models import Protocol, Sample, Study
from annotation.statistics import undefined_reasons
from annotation.statistics.krippendorff_alpha import (
    Measurement,
    RatingPatterns,
    bootstrap_intervals,
    compute_alpha,
    pair_shares,
)

from .parts import ReleaseParts
from .record import FrozenRecord

LEVEL: Measurement = "ordinal"
PROTOCOL_FIELDS = (
    "version",
    "preset",
    "annotators_per_sample",
    "tolerance",
    "tie_rule",
    "decide",
    "cross_review",
    "review_share",
    "review_threshold",
    "suggestions",
    "blind_share",
    "work_order",
)


@dataclass(slots=True)
class ReleaseCounts:
    """Counts over the records as they are written; memory stays bounded."""

    rubric: RubricDefinition
    patterns: dict[str, Counter[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(Counter))
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    label_origins: Counter[str] = field(default_factory=Counter)
    released: Counter[str] = field(default_factory=Counter)
    overridden: Counter[str] = field(default_factory=Counter)
    annotators: set[str] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)
    parts: dict[str, str] = field(default_factory=dict)
    in_both: set[str] = field(default_factory=set)
    """Questions with samples in both parts, of which there must be none."""

    def add(self, record: FrozenRecord) -> None:
        """Count one record."""
        for key, histogram in record["histogram"].items():
            self.patterns[key][tuple(histogram)] += 1
        for key, outcome in record["outcome"].items():
            self.outcomes[key][outcome] += 1
        if self.parts.setdefault(record["question_id"], record["part"]) != record["part"]:
            self.in_both.add(record["question_id"])
        self.label_origins[record["label_origin"]] += 1
        self.released[record["generator"]] += 1
        if "overridden" in record["outcome"].values():
            self.overridden[record["generator"]] += 1
        self.annotators.update(rating["annotator"] for rating in record["ratings"])
        self.pictures.update(picture["sha256"] for picture in record["pictures"])


def build_release_statistics(
    counts: ReleaseCounts,
    parts: ReleaseParts,
    *,
    study: Study,
    states: Iterable[tuple[str, str, int]],
    protocol: Protocol,
    requested: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the statistics that the page, API and card of a release show."""
    return {
        "study": study.slug,
        # The title of that moment: files created later must be the same.
        "title": study.title,
        **parts.count_parts(),
        "annotators": len(counts.annotators),
        "pictures": len(counts.pictures),
        "met": {"grouped": {"questions": len(counts.parts), "in_both": len(counts.in_both)}, **parts.aims_met()},
        "generators": _generator_rows(counts, states),
        "outcomes": {
            dimension.key: dict(counts.outcomes[dimension.key].most_common()) for dimension in counts.rubric.dimensions
        },
        "label_origins": dict(counts.label_origins.most_common()),
        "agreement": {
            "level": LEVEL,
            "rows": [_agreement_row(dimension, counts) for dimension in counts.rubric.dimensions],
        },
        "protocol": _protocol_rules(protocol),
        "requested": dict(requested),
    }


def _protocol_rules(protocol: Protocol) -> dict[str, Any]:
    """Return the rules of the protocol; None for a rule without effect."""
    rules = {name: getattr(protocol, name) for name in PROTOCOL_FIELDS}
    if protocol.suggestions == Protocol.Suggestions.NONE:
        rules["blind_share"] = None
    return rules


def _generator_rows(counts: ReleaseCounts, states: Iterable[tuple[str, str, int]]) -> list[dict[str, Any]]:
    samples: Counter[str] = Counter()
    open_samples: Counter[str] = Counter()
    for generator, state, count in states:
        if state == Sample.State.WITHDRAWN:
            continue
        samples[generator] += count
        if state != Sample.State.AGREED:
            open_samples[generator] += count
    return [
        {
            "generator": generator,
            "samples": samples[generator],
            "released": counts.released[generator],
            "open": open_samples[generator],
            "overridden": counts.overridden[generator],
        }
        for generator in sorted(samples)
    ]


def _agreement_row(dimension: DimensionDefinition, counts: ReleaseCounts) -> dict[str, Any]:
    """Return the agreement on one dimension, from independent ratings alone."""
    rated = sorted((histogram, n) for histogram, n in counts.patterns[dimension.key].items() if sum(histogram))
    paired = [(histogram, n) for histogram, n in rated if sum(histogram) > 1]
    values = np.array([level.value for level in dimension.levels], dtype=np.float64)
    patterns = RatingPatterns(
        counts=np.array([histogram for histogram, _ in paired], dtype=np.int64).reshape(-1, len(values)),
        samples=np.array([n for _, n in paired], dtype=np.int64),
        values=values,
    )
    reason = _undefined_reason(patterns, rated=bool(rated), annotators=len(counts.annotators))
    shares = pair_shares(patterns)
    interval = bootstrap_intervals(patterns, () if reason else (LEVEL,)).alpha.get(LEVEL)
    return {
        "dimension": dimension.key,
        "name": dimension.name,
        "alpha": None if reason else compute_alpha(patterns, LEVEL),
        "undefined": reason,
        "samples": sum(n for _, n in rated),
        "ratings": sum(sum(histogram) * n for histogram, n in rated),
        "exact": shares.exact,
        "within_one": shares.within_one,
        "mad": shares.mad,
        "interval": None if interval is None else list(interval),
    }


def _undefined_reason(patterns: RatingPatterns, *, rated: bool, annotators: int) -> str | None:
    if not rated:
        return undefined_reasons.NO_RATINGS
    if annotators == 1:
        return undefined_reasons.ONE_ANNOTATOR
    if not patterns.total:
        return undefined_reasons.NO_PAIRS
    if patterns.different_values < 2:
        return undefined_reasons.ONE_VALUE
    return undefined_reasons.ONE_SAMPLE if patterns.total < 2 else None
