"""The figures of a release: what is in it, how far its annotators agreed, and how well each aim was met.

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
    """Counts over the records as they are written; memory does not grow with their number."""

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
        for key, counts in record["histogram"].items():
            self.patterns[key][tuple(counts)] += 1
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
    tally: ReleaseCounts,
    parts: ReleaseParts,
    *,
    study: Study,
    states: Iterable[tuple[str, str, int]],
    protocol: Protocol,
    requested: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the page, the API and the card of a release say of it."""
    return {
        "study": study.slug,
        # As it was called then: files made of the release later must be the same.
        "title": study.title,
        **parts.count_parts(),
        "annotators": len(tally.annotators),
        "pictures": len(tally.pictures),
        "met": {"grouped": {"questions": len(tally.parts), "in_both": len(tally.in_both)}, **parts.aims_met()},
        "generators": _generators(tally, states),
        "outcomes": {one.key: dict(tally.outcomes[one.key].most_common()) for one in tally.rubric.dimensions},
        "label_origins": dict(tally.label_origins.most_common()),
        "agreement": {
            "level": LEVEL,
            "rows": [_agreement(one, tally) for one in tally.rubric.dimensions],
        },
        "protocol": _rules(protocol),
        "requested": dict(requested),
    }


def _rules(protocol: Protocol) -> dict[str, Any]:
    """Return the rules that say how the values came about; None where another one leaves a rule without effect."""
    found = {name: getattr(protocol, name) for name in PROTOCOL_FIELDS}
    if protocol.suggestions == Protocol.Suggestions.NONE:
        found["blind_share"] = None
    return found


def _generators(tally: ReleaseCounts, states: Iterable[tuple[str, str, int]]) -> list[dict[str, Any]]:
    samples: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    for generator, state, count in states:
        if state == Sample.State.WITHDRAWN:
            continue
        samples[generator] += count
        if state != Sample.State.AGREED:
            still_open[generator] += count
    return [
        {
            "generator": generator,
            "samples": samples[generator],
            "released": tally.released[generator],
            "open": still_open[generator],
            "overridden": tally.overridden[generator],
        }
        for generator in sorted(samples)
    ]


def _agreement(dimension: DimensionDefinition, tally: ReleaseCounts) -> dict[str, Any]:
    """Return the agreement on one dimension before anything was discussed, from how samples were rated alone."""
    rated = sorted((counts, n) for counts, n in tally.patterns[dimension.key].items() if sum(counts))
    paired = [(counts, n) for counts, n in rated if sum(counts) > 1]
    values = np.array([level.value for level in dimension.levels], dtype=np.float64)
    patterns = RatingPatterns(
        counts=np.array([counts for counts, _ in paired], dtype=np.int64).reshape(-1, len(values)),
        samples=np.array([n for _, n in paired], dtype=np.int64),
        values=values,
    )
    reason = _why_not(patterns, rated=bool(rated), annotators=len(tally.annotators))
    found = pair_shares(patterns)
    interval = bootstrap_intervals(patterns, () if reason else (LEVEL,)).alpha.get(LEVEL)
    return {
        "dimension": dimension.key,
        "name": dimension.name,
        "alpha": None if reason else compute_alpha(patterns, LEVEL),
        "undefined": reason,
        "samples": sum(n for _, n in rated),
        "ratings": sum(sum(counts) * n for counts, n in rated),
        "exact": found.exact,
        "within_one": found.within_one,
        "mad": found.mad,
        "interval": None if interval is None else list(interval),
    }


def _why_not(patterns: RatingPatterns, *, rated: bool, annotators: int) -> str | None:
    if not rated:
        return undefined_reasons.NO_RATINGS
    if annotators == 1:
        return undefined_reasons.ONE_ANNOTATOR
    if not patterns.total:
        return undefined_reasons.NO_PAIRS
    if patterns.different_values < 2:
        return undefined_reasons.ONE_VALUE
    return undefined_reasons.ONE_SAMPLE if patterns.total < 2 else None
